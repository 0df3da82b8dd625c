-- Finds groups of a flow whose counters are not what their edges say, and whatever is left to be done.
--
-- $1 smallint  partition_key
-- $2 uuid      flow_id
SELECT concat_ws(' ', 'group', g.success_count, g.fail_count, g.skip_count, g.running_count, 'edges', e.good, e.bad, e.skipped, e.open)
  FROM ff_edge_group AS g
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE policy ->> 'edge_state' = 'satisfied') AS good,
              count(*) FILTER (WHERE policy ->> 'edge_state' = 'impossible' AND policy ->> 'resolved_as' <> 'skipped') AS bad,
              count(*) FILTER (WHERE policy ->> 'edge_state' = 'impossible' AND policy ->> 'resolved_as' = 'skipped') AS skipped,
              count(*) FILTER (WHERE COALESCE(policy ->> 'edge_state', 'applied') = 'applied') AS open
         FROM ff_edge
        WHERE partition_key = $1 AND flow_id = $2 AND downstream_eid = g.downstream_eid) AS e
 WHERE g.partition_key = $1 AND g.flow_id = $2
   AND (g.success_count, g.fail_count, g.skip_count, g.running_count) IS DISTINCT FROM (e.good, e.bad, e.skipped, e.open)
 UNION ALL
SELECT 'still flagged ' || downstream_eid FROM ff_edge_group
 WHERE partition_key = $1 AND flow_id = $2 AND cancel_siblings_pending_flag
 UNION ALL
SELECT 'still queued ' || downstream_eid FROM ff_pending_cancel_groups WHERE partition_key = $1 AND flow_id = $2
 UNION ALL
SELECT 'still pending ' || event_id FROM ff_completion_event
 WHERE partition_key = $1 AND flow_id = $2 AND dispatched_at_ms IS NULL
 UNION ALL
-- An upstream that everybody was told of, and an edge that does not know.
SELECT 'unresolved ' || edge.edge_id
  FROM ff_edge AS edge
  JOIN ff_completion_event AS event ON event.partition_key = $1 AND event.execution_id = edge.upstream_eid
 WHERE edge.partition_key = $1 AND edge.flow_id = $2 AND COALESCE(edge.policy ->> 'edge_state', 'applied') = 'applied'
