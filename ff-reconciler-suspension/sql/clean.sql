-- Clears the time-outs of suspensions of one partition whose execution is gone.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each due suspension
-- $3 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns execution_id and what was done: stale.
-- Reads by the primary keys of ff_exec_core and ff_suspension_current; what it has locked, by ctid.
-- Locks ff_suspension_current, SKIP LOCKED: a row that somebody holds is left to the next look.
-- Idempotent: without a time-out it is not due again.
WITH orphan AS MATERIALIZED (
    SELECT suspension.ctid AS suspension_ctid
      FROM ff_suspension_current AS suspension
     WHERE suspension.partition_key = $1
       AND suspension.execution_id = ANY ($2::uuid[])
       AND suspension.timeout_at_ms
           <= COALESCE($3::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
       AND NOT EXISTS (
           SELECT FROM ff_exec_core AS core
            WHERE core.partition_key = $1 AND core.execution_id = suspension.execution_id)
       FOR UPDATE OF suspension SKIP LOCKED
)
UPDATE ff_suspension_current AS suspension
   SET timeout_at_ms = NULL
  FROM orphan
 WHERE suspension.partition_key = $1 AND suspension.ctid = orphan.suspension_ctid
RETURNING suspension.execution_id, 'stale'
