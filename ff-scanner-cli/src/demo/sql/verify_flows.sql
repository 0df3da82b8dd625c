-- Finds every edge, group, queue entry and event of a flow that did not come out as planned.
--
-- Takes nothing.
-- Returns one row for each shape and table with a difference: kind, relation, rows, an example and its difference.
-- Reads all tables whole.
-- Locks nothing.
-- Idempotent: it only reads.
WITH compared AS (
    SELECT f.shape, 'ff_edge' AS relation, f.flow_id,
           COALESCE(w.edge_state, w.policy ->> 'edge_state') AS wanted, edge.policy ->> 'edge_state' AS found
      FROM ff_scanner_demo.flow AS f
      JOIN ff_scanner_demo.shape_edge AS w USING (shape)
      JOIN ff_scanner_demo.plan AS up ON up.flow_id = f.flow_id AND up.node = w.upstream
      JOIN ff_scanner_demo.plan AS down ON down.flow_id = f.flow_id AND down.node = w.downstream
      LEFT JOIN ff_edge AS edge
        ON edge.partition_key = f.partition_key AND edge.flow_id = f.flow_id
       AND edge.upstream_eid = up.execution_id AND edge.downstream_eid = down.execution_id
     UNION ALL
    SELECT f.shape, 'ff_edge', f.flow_id, COALESCE(w.resolved_as, w.policy ->> 'resolved_as'), edge.policy ->> 'resolved_as'
      FROM ff_scanner_demo.flow AS f
      JOIN ff_scanner_demo.shape_edge AS w USING (shape)
      JOIN ff_scanner_demo.plan AS up ON up.flow_id = f.flow_id AND up.node = w.upstream
      JOIN ff_scanner_demo.plan AS down ON down.flow_id = f.flow_id AND down.node = w.downstream
      LEFT JOIN ff_edge AS edge
        ON edge.partition_key = f.partition_key AND edge.flow_id = f.flow_id
       AND edge.upstream_eid = up.execution_id AND edge.downstream_eid = down.execution_id
     UNION ALL
    SELECT f.shape, 'ff_edge_group', f.flow_id,
           concat_ws('/', w.success_count, w.fail_count, w.skip_count, w.running_count,
                     COALESCE(w.fired, w.policy ->> 'fired'), false, '{}'),
           concat_ws('/', g.success_count, g.fail_count, g.skip_count, g.running_count, g.policy ->> 'fired',
                     g.cancel_siblings_pending_flag, g.cancel_siblings_pending_members)
      FROM ff_scanner_demo.flow AS f
      JOIN ff_scanner_demo.shape_group AS w USING (shape)
      JOIN ff_scanner_demo.plan AS down ON down.flow_id = f.flow_id AND down.node = w.node
      LEFT JOIN ff_edge_group AS g
        ON g.partition_key = f.partition_key AND g.flow_id = f.flow_id AND g.downstream_eid = down.execution_id
     UNION ALL
    SELECT COALESCE(f.shape, 'not planned'), 'ff_pending_cancel_groups', queue.flow_id, 'no entry', 'an entry'
      FROM ff_pending_cancel_groups AS queue
      LEFT JOIN ff_scanner_demo.flow AS f USING (flow_id)
     UNION ALL
    SELECT COALESCE(f.shape, 'of no flow'), 'ff_completion_event', COALESCE(event.flow_id, event.execution_id),
           'dispatched', CASE WHEN event.dispatched_at_ms IS NULL THEN 'pending' ELSE 'dispatched' END
      FROM ff_completion_event AS event
      LEFT JOIN ff_scanner_demo.flow AS f USING (flow_id)
)
SELECT shape AS kind, relation, count(*) AS rows, min(flow_id::text) AS example,
       min(format('%s, not %s', COALESCE(found, 'nothing'), COALESCE(wanted, 'nothing'))) AS difference
  FROM compared
 WHERE found IS DISTINCT FROM wanted
 GROUP BY shape, relation
 ORDER BY shape, relation
