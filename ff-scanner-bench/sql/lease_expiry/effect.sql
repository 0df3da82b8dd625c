-- Releases lapsed leases and puts their executions back, without any check.
--
-- $1 smallint  partition_key
-- $2 text[]    executions
WITH clock AS MATERIALIZED (
    SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint AS now_ms
),
core AS (
    UPDATE ff_exec_core
       SET lifecycle_phase = 'runnable', ownership_state = 'unowned', eligibility_state = 'eligible_now',
           public_state = 'waiting', attempt_state = 'pending_retry_attempt', blocking_reason = 'waiting_for_worker',
           lease_reclaim_count = lease_reclaim_count + 1,
           raw_fields = raw_fields || jsonb_build_object('lease_expired_at_ms', now_ms, 'last_mutation_at', now_ms::text)
      FROM clock
     WHERE partition_key = $1 AND execution_id = ANY ($2::text[]::uuid[])
    RETURNING execution_id, raw_fields
),
attempt AS (
    UPDATE ff_attempt
       SET lease_expires_at_ms = NULL, lease_epoch = lease_epoch + 1, worker_id = NULL, worker_instance_id = NULL,
           started_at_ms = NULL, outcome = 'lease_expired_reclaimable'
     WHERE partition_key = $1 AND execution_id = ANY ($2::text[]::uuid[]) AND attempt_index = 0
)
INSERT INTO ff_lease_event (execution_id, event_type, occurred_at_ms, partition_key, namespace, instance_tag)
SELECT execution_id::text, 'expired', now_ms, $1, raw_fields ->> 'namespace', raw_fields -> 'tags' ->> 'cairn.instance_id'
  FROM core CROSS JOIN clock
