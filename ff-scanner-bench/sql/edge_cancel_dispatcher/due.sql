-- Writes flagged and queued groups of five running siblings each, spread over the partitions.
--
-- $1 bigint  how many siblings
-- $2 bigint  when the first is due, milliseconds since the epoch
-- $3 bigint  how long after that the last is due, milliseconds
-- $4 text    what they are called together
WITH due AS MATERIALIZED (
    SELECT (n % 256)::smallint AS partition_key, gen_random_uuid() AS flow_id, gen_random_uuid() AS child,
           $2::bigint + $3::bigint * n * 5 / $1 AS due_at_ms
      FROM generate_series(1, $1::bigint / 5) AS n
),
sibling AS MATERIALIZED (
    SELECT due.*, gen_random_uuid() AS execution_id FROM due CROSS JOIN generate_series(1, 5)
),
core AS (
    INSERT INTO ff_exec_core (
           partition_key, execution_id, flow_id, lane_id, lifecycle_phase, ownership_state, eligibility_state,
           public_state, attempt_state, created_at_ms, policy, raw_fields)
    SELECT partition_key, execution_id, flow_id, $4::text, 'active', 'leased', 'not_applicable', 'running',
           'running_attempt', due_at_ms - 60000, '{}'::jsonb,
           jsonb_build_object('due_at_ms', due_at_ms)
               || '{"namespace": "tenant", "tags": {"cairn.instance_id": "blue"}}'
      FROM sibling
),
attempt AS (
    INSERT INTO ff_attempt (
           partition_key, execution_id, attempt_index, worker_id, worker_instance_id, lease_epoch, lease_expires_at_ms,
           started_at_ms)
    SELECT partition_key, execution_id, 0, 'worker', 'worker-1', 1, due_at_ms + 86400000, due_at_ms FROM sibling
),
edge_group AS (
    INSERT INTO ff_edge_group (
           partition_key, flow_id, downstream_eid, policy, success_count, running_count, cancel_siblings_pending_flag,
           cancel_siblings_pending_members)
    SELECT partition_key, flow_id, child, '{"kind": "any_of", "fired": "satisfied"}', 1, 5, true,
           array_agg(execution_id::text)
      FROM sibling
     GROUP BY partition_key, flow_id, child
)
INSERT INTO ff_pending_cancel_groups (partition_key, flow_id, downstream_eid, enqueued_at_ms)
SELECT partition_key, flow_id, child, due_at_ms FROM due
