-- Writes executions that nobody has to act on: the first time 1000 that run under a live lease and 1000 that are
-- suspended, and for the rest such as have ended, because it is the history of a deployment that grows.
--
-- $1 bigint  how many
-- $2 bigint  the time, milliseconds since the epoch
WITH made AS MATERIALIZED (
    SELECT (n % 256)::smallint AS partition_key, gen_random_uuid() AS execution_id,
           CASE WHEN n > 2000 OR EXISTS (SELECT FROM ff_suspension_current) THEN 'ended'
                WHEN n <= 1000 THEN 'running'
                ELSE 'suspended' END AS kind
      FROM generate_series(1, $1::bigint) AS n
),
core AS (
    INSERT INTO ff_exec_core (
           partition_key, execution_id, lane_id, lifecycle_phase, ownership_state, eligibility_state, public_state,
           attempt_state, created_at_ms, terminal_at_ms, policy, raw_fields)
    SELECT partition_key, execution_id, 'default',
           CASE kind WHEN 'running' THEN 'active' WHEN 'suspended' THEN 'suspended' ELSE 'terminal' END,
           CASE kind WHEN 'running' THEN 'leased' WHEN 'suspended' THEN 'released' ELSE 'unowned' END,
           'not_applicable',
           CASE kind WHEN 'running' THEN 'running' WHEN 'suspended' THEN 'suspended' ELSE 'completed' END,
           CASE kind WHEN 'running' THEN 'running_attempt' WHEN 'suspended' THEN 'attempt_interrupted' ELSE 'attempt_terminal' END,
           $2::bigint - 3600000, CASE kind WHEN 'ended' THEN $2::bigint - 1800000 END,
           '{"timeout_policy": {"attempt_timeout_ms": 86400000}}',
           '{"namespace": "tenant", "tags": {"cairn.instance_id": "blue"}}'
      FROM made
),
suspension AS (
    INSERT INTO ff_suspension_current (
           partition_key, execution_id, suspension_id, suspended_at_ms, timeout_at_ms, condition, timeout_behavior)
    SELECT partition_key, execution_id, gen_random_uuid(), $2::bigint - 60000, $2::bigint + 86400000, '{}', 'expire'
      FROM made
     WHERE kind = 'suspended'
)
INSERT INTO ff_attempt (
       partition_key, execution_id, attempt_index, worker_instance_id, lease_epoch, lease_expires_at_ms, started_at_ms,
       terminal_at_ms, outcome)
SELECT partition_key, execution_id, 0, CASE kind WHEN 'running' THEN 'worker-1' END, 1,
       CASE kind WHEN 'running' THEN $2::bigint + 86400000 END, $2::bigint - 60000,
       CASE kind WHEN 'ended' THEN $2::bigint - 1800000 END,
       CASE kind WHEN 'suspended' THEN 'attempt_interrupted' WHEN 'ended' THEN 'success' END
  FROM made
