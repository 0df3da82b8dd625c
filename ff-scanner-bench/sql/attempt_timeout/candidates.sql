-- Finds attempts of one partition that have run longer than their policy allows.
--
-- $1 smallint  partition_key
-- $2 bigint    most rows
SELECT attempt.execution_id::text
  FROM ff_attempt AS attempt
  JOIN ff_exec_core AS core ON core.partition_key = attempt.partition_key AND core.execution_id = attempt.execution_id
 WHERE attempt.partition_key = $1
   AND core.partition_key = $1
   AND attempt.lease_expires_at_ms IS NOT NULL
   AND core.lifecycle_phase = 'active'
   AND attempt.started_at_ms + (core.policy -> 'timeout_policy' ->> 'attempt_timeout_ms')::bigint
       <= (extract(epoch FROM statement_timestamp()) * 1000)::bigint
 LIMIT $2::bigint
