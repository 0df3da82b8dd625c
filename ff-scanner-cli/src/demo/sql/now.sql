-- Reads the server's clock.
--
-- Takes nothing.
-- Returns milliseconds since the epoch.
-- Reads nothing.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
