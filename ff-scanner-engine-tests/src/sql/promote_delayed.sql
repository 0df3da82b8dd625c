-- Lets a retry that is delayed begin. No call of the engine does that for one that `fail_execution` has delayed.
--
-- $1 smallint  partition_key
-- $2 uuid      execution_id
UPDATE ff_exec_core
   SET eligibility_state = 'eligible_now', public_state = 'waiting', blocking_reason = NULL
 WHERE partition_key = $1 AND execution_id = $2 AND eligibility_state = 'not_eligible_until_time'
