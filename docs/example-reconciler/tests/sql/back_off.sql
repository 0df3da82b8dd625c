-- Leaves running executions as a failure does that is to be retried: the time in a field, the deadline of the whole.
--
-- $1 smallint partition_key, $2 uuid[] execution_id, $3 text until when, $4 bigint deadline_at_ms
WITH failed AS (
    UPDATE ff_attempt
       SET outcome = 'failure', lease_expires_at_ms = NULL
     WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
)
UPDATE ff_exec_core
   SET lifecycle_phase = 'runnable', ownership_state = 'unowned', eligibility_state = 'not_eligible_until_time',
       public_state = 'delayed', attempt_state = 'pending_retry_attempt', blocking_reason = 'waiting_for_retry_backoff',
       deadline_at_ms = $4, raw_fields = raw_fields || jsonb_build_object('delay_until', $3::text)
 WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
