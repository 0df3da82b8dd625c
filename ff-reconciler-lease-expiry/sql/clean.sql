-- Clears lapsed leases of one partition whose execution is gone.
--
-- $1 smallint   partition_key
-- $2 uuid[]     execution_id of each lapsed attempt
-- $3 integer[]  attempt_index of each lapsed attempt
-- $4 bigint     the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns execution_id, attempt_index and what was done: cleaned.
-- Reads by the primary keys of ff_exec_core and ff_attempt; what it has locked, by ctid.
-- Locks ff_attempt, SKIP LOCKED: a row that somebody holds is left to the next look.
-- Idempotent: a cleared attempt has no lease, so it is not due again.
WITH orphan AS MATERIALIZED (
    SELECT attempt.ctid AS attempt_ctid
      FROM unnest($2::uuid[], $3::integer[]) AS wanted (execution_id, attempt_index)
      JOIN ff_attempt AS attempt
        ON attempt.partition_key = $1
       AND attempt.execution_id = wanted.execution_id
       AND attempt.attempt_index = wanted.attempt_index
     WHERE attempt.lease_expires_at_ms
           <= COALESCE($4::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
       AND NOT EXISTS (
           SELECT FROM ff_exec_core AS core
            WHERE core.partition_key = $1 AND core.execution_id = attempt.execution_id)
       FOR UPDATE OF attempt SKIP LOCKED
)
UPDATE ff_attempt AS attempt
   SET lease_expires_at_ms = NULL
  FROM orphan
 WHERE attempt.partition_key = $1 AND attempt.ctid = orphan.attempt_ctid
RETURNING attempt.execution_id, attempt.attempt_index, 'cleaned'
