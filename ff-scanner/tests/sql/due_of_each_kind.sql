-- Writes due executions of each of three kinds, spread over the partitions: lapsed, overdue, suspended too long.
--
-- $1 bigint   how many of each kind
-- $2 integer  number of partitions
-- $3 bigint   the time, milliseconds since the epoch
WITH wanted AS MATERIALIZED (
    SELECT kind, (n % $2::integer)::smallint AS partition_key, gen_random_uuid() AS execution_id
      FROM unnest(ARRAY['lapsed', 'overdue', 'suspended']) AS kind CROSS JOIN generate_series(1, $1::bigint) AS n
),
core AS (
    INSERT INTO ff_exec_core (
           partition_key, execution_id, lane_id, lifecycle_phase, ownership_state, eligibility_state, public_state,
           attempt_state, created_at_ms, policy, raw_fields)
    SELECT partition_key, execution_id, kind,
           CASE kind WHEN 'suspended' THEN 'suspended' ELSE 'active' END,
           CASE kind WHEN 'suspended' THEN 'released' ELSE 'leased' END,
           'not_applicable',
           CASE kind WHEN 'suspended' THEN 'suspended' ELSE 'running' END,
           CASE kind WHEN 'suspended' THEN 'attempt_interrupted' ELSE 'running_attempt' END,
           $3::bigint - 120000,
           '{"timeout_policy": {"attempt_timeout_ms": 30000}}'::jsonb,
           '{"namespace": "tenant", "tags": {"cairn.instance_id": "blue"}}'::jsonb
      FROM wanted
),
attempt AS (
    INSERT INTO ff_attempt (
           partition_key, execution_id, attempt_index, worker_instance_id, lease_epoch, lease_expires_at_ms,
           started_at_ms)
    SELECT partition_key, execution_id, 0, 'worker-1', 1,
           CASE kind WHEN 'lapsed' THEN $3::bigint - 10 WHEN 'overdue' THEN $3::bigint + 3600000 END,
           CASE kind WHEN 'overdue' THEN $3::bigint - 60000 ELSE $3::bigint END
      FROM wanted
)
INSERT INTO ff_suspension_current (
       partition_key, execution_id, suspension_id, suspended_at_ms, timeout_at_ms, condition, timeout_behavior)
SELECT partition_key, execution_id, gen_random_uuid(), $3::bigint - 60000, $3::bigint - 10, '{}', 'expire'
  FROM wanted
 WHERE kind = 'suspended'
