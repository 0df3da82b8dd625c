-- Writes an edge group and its place in the queue of groups whose siblings are to be cancelled.
--
-- $1 smallint partition_key, $2 uuid flow_id, $3 uuid downstream_eid, $4 jsonb policy, $5 boolean whether it is flagged,
-- $6 text[] members, $7 boolean whether there is a group, $8 bigint enqueued_at_ms (NULL: it is not queued)
WITH queued AS (
    INSERT INTO ff_pending_cancel_groups (partition_key, flow_id, downstream_eid, enqueued_at_ms)
    SELECT $1, $2, $3, $8 WHERE $8::bigint IS NOT NULL
)
INSERT INTO ff_edge_group (
       partition_key, flow_id, downstream_eid, policy, running_count, cancel_siblings_pending_flag,
       cancel_siblings_pending_members)
SELECT $1, $2, $3, $4, cardinality($6::text[]), $5, $6 WHERE $7::boolean
