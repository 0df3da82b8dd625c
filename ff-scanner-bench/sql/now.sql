-- Reads the server's clock, milliseconds since the epoch.
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
