-- Writes flows of two executions of which everything has long been settled.
--
-- $1 bigint  how many
-- $2 bigint  the time, milliseconds since the epoch
WITH made AS MATERIALIZED (
    SELECT (n % 256)::smallint AS partition_key, gen_random_uuid() AS flow_id, gen_random_uuid() AS upstream,
           gen_random_uuid() AS child
      FROM generate_series(1, $1::bigint) AS n
),
edge AS (
    INSERT INTO ff_edge (partition_key, flow_id, edge_id, upstream_eid, downstream_eid, policy)
    SELECT partition_key, flow_id, gen_random_uuid(), upstream, child,
           '{"edge_state": "satisfied", "applied_at_ms": 1, "resolved_as": "success"}'
      FROM made
),
edge_group AS (
    INSERT INTO ff_edge_group (partition_key, flow_id, downstream_eid, policy, success_count)
    SELECT partition_key, flow_id, child, '{"kind": "all_of", "fired": "satisfied"}', 1 FROM made
)
INSERT INTO ff_completion_event (
       partition_key, execution_id, flow_id, outcome, occurred_at_ms, committed_at_ms, dispatched_at_ms)
SELECT partition_key, upstream, flow_id, 'success', $2::bigint - 60000, $2::bigint - 60000, $2::bigint - 50000 FROM made
