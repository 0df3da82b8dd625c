-- Ends an execution of a seeded flow, with its latest attempt, or with one that is written for it.
--
-- $1 smallint partition_key, $2 uuid execution_id, $3 text outcome,
-- $4 bigint the time, milliseconds since the epoch
WITH attempt AS (
    INSERT INTO ff_attempt (partition_key, execution_id, attempt_index, outcome, terminal_at_ms)
    SELECT $1, $2, COALESCE(max(attempt_index), 0), $3, $4
      FROM ff_attempt
     WHERE partition_key = $1 AND execution_id = $2
        ON CONFLICT (partition_key, execution_id, attempt_index) DO UPDATE
       SET outcome = excluded.outcome,
           terminal_at_ms = excluded.terminal_at_ms,
           worker_id = NULL,
           worker_instance_id = NULL,
           lease_expires_at_ms = NULL
    RETURNING attempt_index
)
UPDATE ff_exec_core AS core
   SET lifecycle_phase = CASE $3 WHEN 'cancelled' THEN 'cancelled' ELSE 'terminal' END,
       ownership_state = 'unowned',
       eligibility_state = 'not_applicable',
       public_state = CASE $3 WHEN 'success' THEN 'completed' ELSE $3 END,
       attempt_state = CASE $3 WHEN 'cancelled' THEN 'cancelled' ELSE 'attempt_terminal' END,
       attempt_index = attempt.attempt_index,
       blocking_reason = NULL,
       terminal_at_ms = $4
  FROM attempt
 WHERE core.partition_key = $1 AND core.execution_id = $2
