-- Finds the databases of tests that were killed before they could drop them.
--
-- Returns one row per database: datname.
-- Reads pg_database whole; a server has tens of them.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT d.datname::text AS datname
  FROM pg_database AS d
 WHERE d.datname ~ '^ff_test_[0-9a-f]{32}$'
   -- A UUID of version 7 starts with the milliseconds of its making, in 48 bits.
   AND ('x' || substr(d.datname, 9, 12))::bit(48)::bigint
       < extract(epoch FROM statement_timestamp() - interval '1 hour') * 1000
   AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datid = d.oid)
