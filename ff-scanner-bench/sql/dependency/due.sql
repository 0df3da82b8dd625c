-- Writes pending completion events of executions that each have one child waiting for them, spread over the partitions.
--
-- $1 bigint  how many
-- $2 bigint  when the first is due, milliseconds since the epoch
-- $3 bigint  how long after that the last is due, milliseconds
-- $4 text    what they are called together
WITH due AS MATERIALIZED (
    SELECT (n % 256)::smallint AS partition_key, gen_random_uuid() AS flow_id, gen_random_uuid() AS upstream,
           gen_random_uuid() AS child, $2::bigint + $3::bigint * n / $1 AS due_at_ms
      FROM generate_series(1, $1::bigint) AS n
),
core AS (
    INSERT INTO ff_exec_core (
           partition_key, execution_id, flow_id, lane_id, lifecycle_phase, ownership_state, eligibility_state,
           public_state, attempt_state, created_at_ms, terminal_at_ms, policy, raw_fields)
    SELECT partition_key, upstream, flow_id, 'upstream', 'terminal', 'unowned', 'not_applicable', 'completed',
           'attempt_terminal', due_at_ms - 60000, due_at_ms, '{}'::jsonb, '{"namespace": "tenant"}'::jsonb
      FROM due
     UNION ALL
    SELECT partition_key, child, flow_id, $4::text, 'runnable', 'unowned', 'blocked_by_dependencies', 'waiting_children',
           'pending', due_at_ms - 60000, NULL, '{}',
           jsonb_build_object('due_at_ms', due_at_ms)
               || '{"namespace": "tenant", "tags": {"cairn.instance_id": "blue"}}'
      FROM due
),
edge AS (
    INSERT INTO ff_edge (partition_key, flow_id, edge_id, upstream_eid, downstream_eid, policy)
    SELECT partition_key, flow_id, gen_random_uuid(), upstream, child,
           '{"edge_state": "applied", "applied_at_ms": 1, "data_passing_ref": ""}'
      FROM due
),
edge_group AS (
    INSERT INTO ff_edge_group (partition_key, flow_id, downstream_eid, policy, running_count)
    SELECT partition_key, flow_id, child, '{"kind": "all_of"}', 1 FROM due
)
INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, occurred_at_ms, committed_at_ms)
SELECT partition_key, upstream, flow_id, 'success', due_at_ms, due_at_ms FROM due
