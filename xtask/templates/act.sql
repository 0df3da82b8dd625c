-- Says what it does to the due rows of one partition.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each due row
-- $3 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns execution_id and what was done: done.
-- Reads by the primary key of ff_exec_core.
-- Locks ff_exec_core, up front and SKIP LOCKED: an act that never waits cannot deadlock.
-- Idempotent: say why what was done is not due again.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($3::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms
),
core AS MATERIALIZED (
    SELECT execution_id
      FROM ff_exec_core
     WHERE partition_key = $1
       AND execution_id = ANY ($2::uuid[])
       -- Ask again what the look has asked: the answer may have changed since.
       AND terminal_at_ms > (SELECT now_ms FROM clock)
     ORDER BY execution_id
       FOR UPDATE SKIP LOCKED
)
SELECT execution_id, 'done' FROM core
