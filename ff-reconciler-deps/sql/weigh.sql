-- Locks edges of one partition that are to be resolved, and counts all edges of their groups.
--
-- $1 smallint  partition_key
-- $2 text[]    ctid of each edge; the caller holds its group, or there is none
--
-- Returns, for each of them that is locked now, place (in $2, from 1), edge_ctid, resolved (it is already), passes_data, and
-- how many edges of its group are unapplied, unresolved, satisfied, failed and skipped. What is not among them is held by
-- somebody, or has been changed since it was found there.
-- Reads by ctid of ff_edge and by ff_edge_downstream_idx (partition_key, flow_id, downstream_eid).
-- Locks ff_edge, in the order of its key and SKIP LOCKED: the engine applies an edge by locking it before its group, so
-- waiting here, with the group in hand, would be a deadlock.
-- Idempotent: it writes nothing.
WITH edge AS MATERIALIZED (
    SELECT wanted.place, edge.ctid AS edge_ctid, edge.flow_id, edge.downstream_eid,
           COALESCE(edge.policy ->> 'edge_state', '') IN ('satisfied', 'impossible') AS resolved,
           COALESCE(edge.policy ->> 'data_passing_ref', '') <> '' AS passes_data
      FROM unnest($2::text[]::tid[]) WITH ORDINALITY AS wanted (edge_ctid, place)
      JOIN ff_edge AS edge ON edge.partition_key = $1 AND edge.ctid = wanted.edge_ctid
     WHERE edge.policy -> 'applied_at_ms' IS DISTINCT FROM 'null'::jsonb
     ORDER BY edge.flow_id, edge.edge_id
       FOR UPDATE OF edge SKIP LOCKED
),
-- The statement is a later one than that which locked the groups, so its snapshot has all that their last holder did.
tally AS MATERIALIZED (
    SELECT any_edge.flow_id, any_edge.downstream_eid,
           count(*) FILTER (WHERE state IS NULL AND any_edge.policy -> 'applied_at_ms' = 'null') AS unapplied,
           count(*) FILTER (WHERE state IS NULL AND any_edge.policy -> 'applied_at_ms' IS DISTINCT FROM 'null') AS open,
           count(*) FILTER (WHERE state = 'satisfied') AS satisfied,
           count(*) FILTER (WHERE state = 'impossible' AND resolved_as IS DISTINCT FROM 'skipped') AS failed,
           count(*) FILTER (WHERE state = 'impossible' AND resolved_as = 'skipped') AS skipped
      FROM (SELECT DISTINCT flow_id, downstream_eid FROM edge) AS edge_group
      JOIN ff_edge AS any_edge
        ON any_edge.partition_key = $1
       AND any_edge.flow_id = edge_group.flow_id
       AND any_edge.downstream_eid = edge_group.downstream_eid
     CROSS JOIN LATERAL (
           SELECT CASE WHEN any_edge.policy ->> 'edge_state' IN ('satisfied', 'impossible')
                       THEN any_edge.policy ->> 'edge_state' END AS state,
                  any_edge.policy ->> 'resolved_as' AS resolved_as) AS mark
     GROUP BY any_edge.flow_id, any_edge.downstream_eid
)
SELECT edge.place, edge.edge_ctid::text, edge.resolved, edge.passes_data,
       tally.unapplied, tally.open, tally.satisfied, tally.failed, tally.skipped
  FROM edge
  -- Each has its counterpart, but the planner takes them for a row each: FULL keeps it from comparing all with all.
  FULL JOIN tally USING (flow_id, downstream_eid)
