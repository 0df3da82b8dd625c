-- Writes running executions whose lease has lapsed, spread over the partitions.
--
-- $1 bigint  how many
-- $2 bigint  when the first is due, milliseconds since the epoch
-- $3 bigint  how long after that the last is due, milliseconds
-- $4 text    what they are called together
WITH due AS MATERIALIZED (
    SELECT (n % 256)::smallint AS partition_key, gen_random_uuid() AS execution_id,
           $2::bigint + $3::bigint * n / $1 AS due_at_ms
      FROM generate_series(1, $1::bigint) AS n
),
core AS (
    INSERT INTO ff_exec_core (
           partition_key, execution_id, lane_id, lifecycle_phase, ownership_state, eligibility_state, public_state,
           attempt_state, created_at_ms, policy, raw_fields)
    SELECT partition_key, execution_id, $4::text, 'active', 'leased', 'not_applicable', 'running', 'running_attempt',
           due_at_ms - 60000, '{"timeout_policy": {"attempt_timeout_ms": 3600000}}',
           jsonb_build_object('due_at_ms', due_at_ms)
               || '{"namespace": "tenant", "tags": {"cairn.instance_id": "blue"}}'
      FROM due
)
INSERT INTO ff_attempt (
       partition_key, execution_id, attempt_index, worker_id, worker_instance_id, lease_epoch, lease_expires_at_ms,
       started_at_ms)
SELECT partition_key, execution_id, 0, 'worker', 'worker-1', 1, due_at_ms, due_at_ms - 30000 FROM due
