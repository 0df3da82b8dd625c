-- Locks an execution and its attempt, for the approach that takes a row at a time.
--
-- $1 smallint  partition_key
-- $2 text[]    one execution
SELECT 1
  FROM ff_exec_core AS core
  JOIN ff_attempt AS attempt USING (partition_key, execution_id)
 WHERE core.partition_key = $1 AND core.execution_id = ANY ($2::text[]::uuid[]) AND core.lifecycle_phase = 'active'
   AND attempt.partition_key = $1 AND attempt.lease_expires_at_ms IS NOT NULL
   FOR UPDATE
