-- Locks an execution and its suspension, for the approach that takes a row at a time.
--
-- $1 smallint  partition_key
-- $2 text[]    one execution
SELECT 1
  FROM ff_exec_core AS core
  JOIN ff_suspension_current AS suspension USING (partition_key, execution_id)
 WHERE core.partition_key = $1 AND core.execution_id = ANY ($2::text[]::uuid[]) AND core.lifecycle_phase = 'suspended'
   AND suspension.partition_key = $1
   FOR UPDATE
