-- Writes executions that have long ended, spread over the partitions: what a look must not pay for.
--
-- $1 bigint   how many
-- $2 integer  number of partitions
-- $3 bigint   the time, milliseconds since the epoch
WITH wanted AS MATERIALIZED (
    SELECT (n % $2::integer)::smallint AS partition_key, gen_random_uuid() AS execution_id
      FROM generate_series(1, $1::bigint) AS n
),
core AS (
    INSERT INTO ff_exec_core (
           partition_key, execution_id, lane_id, lifecycle_phase, ownership_state, eligibility_state, public_state,
           attempt_state, created_at_ms, terminal_at_ms, policy, raw_fields)
    SELECT partition_key, execution_id, 'history', 'terminal', 'unowned', 'not_applicable', 'completed',
           'attempt_terminal', $3::bigint - 86400000, $3::bigint - 3600000,
           '{"timeout_policy": {"attempt_timeout_ms": 30000}}'::jsonb,
           '{"namespace": "tenant", "tags": {"cairn.instance_id": "blue"}}'::jsonb
      FROM wanted
),
suspension AS (
    -- Left behind by executions that were resumed before they ended.
    INSERT INTO ff_suspension_current (partition_key, execution_id, suspension_id, suspended_at_ms, condition)
    SELECT partition_key, execution_id, gen_random_uuid(), $3::bigint - 7200000, '{}'
      FROM wanted
)
INSERT INTO ff_attempt (partition_key, execution_id, attempt_index, lease_epoch, started_at_ms, terminal_at_ms, outcome)
SELECT partition_key, execution_id, 0, 1, $3::bigint - 7200000, $3::bigint - 3600000, 'success'
  FROM wanted
