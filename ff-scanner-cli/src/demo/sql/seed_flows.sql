-- Creates the edges, groups, queue entries and pending completion events of the planned flows.
--
-- $1 bigint  when the reconcilers are expected to start, milliseconds since the epoch
--
-- Returns nothing.
-- Reads the plan whole.
-- Locks nothing.
-- Idempotent: no; the edges would be there already.
WITH edge AS (
    INSERT INTO ff_edge (partition_key, flow_id, edge_id, upstream_eid, downstream_eid, policy)
    SELECT f.partition_key, f.flow_id, gen_random_uuid(), up.execution_id, down.execution_id, e.policy
      FROM ff_scanner_demo.flow AS f
      JOIN ff_scanner_demo.shape_edge AS e USING (shape)
      JOIN ff_scanner_demo.plan AS up ON up.flow_id = f.flow_id AND up.node = e.upstream
      JOIN ff_scanner_demo.plan AS down ON down.flow_id = f.flow_id AND down.node = e.downstream
),
edge_group AS (
    INSERT INTO ff_edge_group (
           partition_key, flow_id, downstream_eid, policy, success_count, fail_count, running_count,
           cancel_siblings_pending_flag, cancel_siblings_pending_members)
    SELECT f.partition_key, f.flow_id, down.execution_id, g.policy, counted.success, counted.fail, counted.running,
           g.flagged IS NOT NULL, array_remove(ARRAY[sibling.execution_id::text], NULL)
      FROM ff_scanner_demo.flow AS f
      JOIN ff_scanner_demo.shape_group AS g USING (shape)
      JOIN ff_scanner_demo.plan AS down ON down.flow_id = f.flow_id AND down.node = g.node
      LEFT JOIN ff_scanner_demo.plan AS sibling ON sibling.flow_id = f.flow_id AND sibling.node = g.flagged
     CROSS JOIN LATERAL (
           SELECT count(*) FILTER (WHERE e.policy ->> 'edge_state' = 'satisfied') AS success,
                  count(*) FILTER (WHERE e.policy ->> 'edge_state' = 'impossible') AS fail,
                  count(*) FILTER (WHERE COALESCE(e.policy ->> 'edge_state', 'applied') = 'applied') AS running
             FROM ff_scanner_demo.shape_edge AS e
            WHERE e.shape = g.shape AND e.downstream = g.node) AS counted
),
queue AS (
    INSERT INTO ff_pending_cancel_groups (partition_key, flow_id, downstream_eid, enqueued_at_ms)
    SELECT f.partition_key, f.flow_id, down.execution_id, $1::bigint - 1000
      FROM ff_scanner_demo.flow AS f
      JOIN ff_scanner_demo.shape_group AS g USING (shape)
      JOIN ff_scanner_demo.plan AS down ON down.flow_id = f.flow_id AND down.node = g.node
     WHERE g.queued
)
INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, occurred_at_ms)
SELECT f.partition_key, p.execution_id, f.flow_id, told.outcome, $1::bigint - 1000
  FROM ff_scanner_demo.flow AS f
  JOIN ff_scanner_demo.shape_node AS n USING (shape)
  JOIN ff_scanner_demo.plan AS p ON p.flow_id = f.flow_id AND p.node = n.node
 CROSS JOIN unnest(n.told) AS told (outcome)
