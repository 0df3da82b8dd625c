-- Makes a created execution claimable. No call of the engine does that for one without dependencies.
--
-- $1 smallint  partition_key
-- $2 uuid      execution_id
UPDATE ff_exec_core
   SET lifecycle_phase = 'runnable'
 WHERE partition_key = $1 AND execution_id = $2 AND lifecycle_phase = 'submitted'
