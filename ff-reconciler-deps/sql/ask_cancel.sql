-- Asks for the cancellation of what is still at work for groups of one partition that are decided.
--
-- $1 smallint  partition_key
-- $2 uuid[]    flow_id of each group; the caller holds its row
-- $3 uuid[]    downstream_eid of each
-- $4 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns nothing.
-- Reads by the primary keys of ff_edge_group and ff_exec_core and by ff_edge_downstream_idx (partition_key, flow_id,
-- downstream_eid).
-- Locks nothing more than the caller has.
-- Idempotent: a group that has asked does not ask again.
WITH sibling AS MATERIALIZED (
    SELECT wanted.flow_id, wanted.downstream_eid, array_agg(DISTINCT upstream.execution_id::text) AS members
      FROM unnest($2::uuid[], $3::uuid[]) AS wanted (flow_id, downstream_eid)
      JOIN ff_edge AS edge
        ON edge.partition_key = $1
       AND edge.flow_id = wanted.flow_id
       AND edge.downstream_eid = wanted.downstream_eid
      JOIN ff_exec_core AS upstream
        ON upstream.partition_key = $1 AND upstream.execution_id = edge.upstream_eid
     WHERE COALESCE(edge.policy ->> 'edge_state', '') NOT IN ('satisfied', 'impossible')
       AND upstream.lifecycle_phase NOT IN ('terminal', 'cancelled')
       AND upstream.public_state <> 'skipped'
     GROUP BY wanted.flow_id, wanted.downstream_eid
),
asked AS (
    INSERT INTO ff_pending_cancel_groups (partition_key, flow_id, downstream_eid, enqueued_at_ms)
    SELECT $1, flow_id, downstream_eid,
           COALESCE($4::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
      FROM sibling
        ON CONFLICT DO NOTHING
)
UPDATE ff_edge_group AS edge_group
   SET cancel_siblings_pending_flag = true,
       cancel_siblings_pending_members = CASE
           WHEN edge_group.cancel_siblings_pending_flag THEN edge_group.cancel_siblings_pending_members
           ELSE sibling.members END
  FROM sibling
 WHERE edge_group.partition_key = $1
   AND edge_group.flow_id = sibling.flow_id
   AND edge_group.downstream_eid = sibling.downstream_eid
