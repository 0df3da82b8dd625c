-- Ends attempts and their executions as expired, without any check.
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
               'last_failure_message', 'attempt_timeout', 'failure_reason', 'attempt_timeout',
               'last_mutation_at', now_ms::text)
      FROM clock
     WHERE partition_key = $1 AND execution_id = ANY ($2::text[]::uuid[])
    RETURNING execution_id, flow_id, raw_fields
),
attempt AS (
    UPDATE ff_attempt
       SET lease_expires_at_ms = NULL, lease_epoch = lease_epoch + 1, worker_id = NULL, worker_instance_id = NULL,
           terminal_at_ms = now_ms, outcome = 'expired'
      FROM clock
     WHERE partition_key = $1 AND execution_id = ANY ($2::text[]::uuid[]) AND attempt_index = 0
),
completion AS (
    INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, namespace, instance_tag, occurred_at_ms)
    SELECT $1, execution_id, flow_id, 'expired', raw_fields ->> 'namespace', raw_fields -> 'tags' ->> 'cairn.instance_id', now_ms
      FROM core CROSS JOIN clock
)
INSERT INTO ff_lease_event (execution_id, event_type, occurred_at_ms, partition_key, namespace, instance_tag)
SELECT execution_id::text, 'expired', now_ms, $1, raw_fields ->> 'namespace', raw_fields -> 'tags' ->> 'cairn.instance_id'
  FROM core CROSS JOIN clock
