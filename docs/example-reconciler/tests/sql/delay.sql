-- Leaves running executions as a delay does: interrupted, until their deadline.
--
-- $1 smallint partition_key, $2 uuid[] execution_id, $3 bigint until when, milliseconds since the epoch
WITH interrupted AS (
    UPDATE ff_attempt
       SET outcome = 'interrupted', lease_expires_at_ms = NULL
     WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
)
UPDATE ff_exec_core
   SET lifecycle_phase = 'runnable', ownership_state = 'unowned', eligibility_state = 'not_eligible_until_time',
       attempt_state = 'attempt_interrupted', deadline_at_ms = $3
 WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
