-- Ends suspended executions as expired and removes their suspensions and waitpoints, without any check.
--
-- $1 smallint  partition_key
-- $2 text[]    executions
WITH clock AS MATERIALIZED (
    SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint AS now_ms
),
core AS (
    UPDATE ff_exec_core
       SET lifecycle_phase = 'terminal', ownership_state = 'unowned', eligibility_state = 'not_applicable',
           public_state = 'expired', attempt_state = 'attempt_terminal', blocking_reason = NULL, terminal_at_ms = now_ms,
           raw_fields = raw_fields || jsonb_build_object(
               'last_failure_message', 'suspension_timeout', 'failure_reason', 'suspension_timeout:expire',
               'last_mutation_at', now_ms::text)
      FROM clock
     WHERE partition_key = $1 AND execution_id = ANY ($2::text[]::uuid[])
    RETURNING execution_id, flow_id, raw_fields
),
attempt AS (
    UPDATE ff_attempt
       SET lease_expires_at_ms = NULL, terminal_at_ms = now_ms, outcome = 'expired'
      FROM clock
     WHERE partition_key = $1 AND execution_id = ANY ($2::text[]::uuid[]) AND attempt_index = 0
),
suspension AS (
    DELETE FROM ff_suspension_current WHERE partition_key = $1 AND execution_id = ANY ($2::text[]::uuid[])
),
waitpoint AS (
    DELETE FROM ff_waitpoint_pending WHERE partition_key = $1 AND execution_id = ANY ($2::text[]::uuid[])
)
INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, namespace, instance_tag, occurred_at_ms)
SELECT $1, execution_id, flow_id, 'expired', raw_fields ->> 'namespace', raw_fields -> 'tags' ->> 'cairn.instance_id', now_ms
  FROM core CROSS JOIN clock
