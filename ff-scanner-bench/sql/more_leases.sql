-- Writes executions that run under a live lease and have a time-out which is far away.
--
-- $1 bigint  how many
-- $2 bigint  the time, milliseconds since the epoch
WITH made AS MATERIALIZED (
    SELECT (n % 256)::smallint AS partition_key, gen_random_uuid() AS execution_id FROM generate_series(1, $1::bigint) AS n
),
core AS (
    INSERT INTO ff_exec_core (
           partition_key, execution_id, lane_id, lifecycle_phase, ownership_state, eligibility_state, public_state,
           attempt_state, created_at_ms, policy, raw_fields)
    SELECT partition_key, execution_id, 'default', 'active', 'leased', 'not_applicable', 'running', 'running_attempt',
           $2::bigint - 60000, '{"timeout_policy": {"attempt_timeout_ms": 86400000}}', '{"namespace": "tenant"}'
      FROM made
)
INSERT INTO ff_attempt (
       partition_key, execution_id, attempt_index, worker_instance_id, lease_epoch, lease_expires_at_ms, started_at_ms)
SELECT partition_key, execution_id, 0, 'worker-1', 1, $2::bigint + 86400000, $2::bigint - 1000 FROM made
