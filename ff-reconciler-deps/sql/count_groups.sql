-- Writes the counts of groups of one partition, which of them fired, and whose siblings are to be cancelled.
--
-- $1 smallint   partition_key
-- $2 uuid[]     flow_id of each group; the caller holds its row
-- $3 uuid[]     downstream_eid of each
-- $4 integer[]  satisfied edges
-- $5 integer[]  edges whose upstream ended otherwise, but was not skipped
-- $6 integer[]  edges whose upstream was skipped
-- $7 integer[]  applied edges that are unresolved
-- $8 text[]     how it fired: satisfied or impossible; NULL where it did not
-- $9 boolean[]  whether the upstreams that are still at work are to be cancelled
-- $10 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns nothing.
-- Reads by the primary keys of ff_edge_group and ff_exec_core and by ff_edge_downstream_idx (partition_key, flow_id,
-- downstream_eid).
-- Locks nothing more than the caller has.
-- Idempotent: the counts are what the edges say, and a group that has fired does not ask for cancellations again.
WITH counted AS MATERIALIZED (
    SELECT *
      FROM unnest($2::uuid[], $3::uuid[], $4::integer[], $5::integer[], $6::integer[], $7::integer[], $8::text[],
                  $9::boolean[])
           AS counted (flow_id, downstream_eid, satisfied, failed, skipped, running, fired, cancels)
),
sibling AS MATERIALIZED (
    SELECT counted.flow_id, counted.downstream_eid, array_agg(DISTINCT upstream.execution_id::text) AS members
      FROM counted
      JOIN ff_edge AS edge
        ON edge.partition_key = $1
       AND edge.flow_id = counted.flow_id
       AND edge.downstream_eid = counted.downstream_eid
      JOIN ff_exec_core AS upstream
        ON upstream.partition_key = $1 AND upstream.execution_id = edge.upstream_eid
     WHERE counted.cancels
       AND COALESCE(edge.policy ->> 'edge_state', '') NOT IN ('satisfied', 'impossible')
       AND upstream.lifecycle_phase NOT IN ('terminal', 'cancelled')
       AND upstream.public_state <> 'skipped'
     GROUP BY counted.flow_id, counted.downstream_eid
),
asked AS (
    INSERT INTO ff_pending_cancel_groups (partition_key, flow_id, downstream_eid, enqueued_at_ms)
    SELECT $1, flow_id, downstream_eid,
           COALESCE($10::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
      FROM sibling
        ON CONFLICT DO NOTHING
)
UPDATE ff_edge_group AS edge_group
   SET success_count = counted.satisfied,
       fail_count = counted.failed,
       skip_count = counted.skipped,
       running_count = counted.running,
       policy = CASE
           WHEN counted.fired IS NULL THEN edge_group.policy
           ELSE CASE jsonb_typeof(edge_group.policy) WHEN 'object' THEN edge_group.policy ELSE '{}' END
                || jsonb_build_object('fired', counted.fired) END,
       cancel_siblings_pending_flag = edge_group.cancel_siblings_pending_flag OR sibling.members IS NOT NULL,
       cancel_siblings_pending_members = CASE
           WHEN edge_group.cancel_siblings_pending_flag THEN edge_group.cancel_siblings_pending_members
           ELSE COALESCE(sibling.members, edge_group.cancel_siblings_pending_members) END
  FROM counted
  LEFT JOIN sibling USING (flow_id, downstream_eid)
 WHERE edge_group.partition_key = $1
   AND edge_group.flow_id = counted.flow_id
   AND edge_group.downstream_eid = counted.downstream_eid
