-- Writes queue entries of groups that have no flag, spread over the partitions.
--
-- $1 bigint  how many
-- $2 bigint  when the first is due, milliseconds since the epoch
-- $3 bigint  how long after that the last is due, milliseconds
-- $4 text    what they are called together; entries have no room for it
WITH due AS MATERIALIZED (
    SELECT (n % 256)::smallint AS partition_key, gen_random_uuid() AS flow_id, gen_random_uuid() AS child,
           $2::bigint + $3::bigint * n / $1 AS due_at_ms
      FROM generate_series(1, $1::bigint) AS n
     WHERE $4::text IS NOT NULL
),
edge_group AS (
    INSERT INTO ff_edge_group (partition_key, flow_id, downstream_eid, policy, success_count)
    SELECT partition_key, flow_id, child, '{"kind": "any_of", "fired": "satisfied"}', 1 FROM due
)
INSERT INTO ff_pending_cancel_groups (partition_key, flow_id, downstream_eid, enqueued_at_ms)
SELECT partition_key, flow_id, child, due_at_ms FROM due
