-- Says which transactions have ended, and what time it is.
--
-- Returns a text, which stays the same only as long as no transaction of the server has written or locked anything and the
-- connection is the same; and now_ms, the time in milliseconds since the epoch.
-- Reads no table.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT pg_backend_pid() || ' ' || txid_current_snapshot()::text,
       (extract(epoch FROM statement_timestamp()) * 1000)::bigint
