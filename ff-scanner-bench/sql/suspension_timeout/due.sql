-- Writes suspended executions that have waited longer than they may, each with a waitpoint, spread over the partitions.
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
    SELECT partition_key, execution_id, $4::text, 'suspended', 'released', 'not_applicable', 'suspended',
           'attempt_interrupted', due_at_ms - 60000, '{}',
           jsonb_build_object('due_at_ms', due_at_ms)
               || '{"namespace": "tenant", "tags": {"cairn.instance_id": "blue"}}'
      FROM due
),
attempt AS (
    INSERT INTO ff_attempt (partition_key, execution_id, attempt_index, lease_epoch, started_at_ms, outcome)
    SELECT partition_key, execution_id, 0, 2, due_at_ms - 30000, 'attempt_interrupted' FROM due
),
waitpoint AS (
    INSERT INTO ff_waitpoint_pending (
           partition_key, waitpoint_id, execution_id, token_kid, token, created_at_ms, waitpoint_key)
    SELECT partition_key, gen_random_uuid(), execution_id, 'kid', 'token', due_at_ms - 30000, 'wp' FROM due
)
INSERT INTO ff_suspension_current (
       partition_key, execution_id, suspension_id, suspended_at_ms, timeout_at_ms, reason_code, condition, timeout_behavior)
SELECT partition_key, execution_id, gen_random_uuid(), due_at_ms - 30000, due_at_ms, 'waiting_for_signal', '{}', 'expire'
  FROM due
