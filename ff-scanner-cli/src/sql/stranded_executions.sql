-- Finds the highest partition key beyond those that will be visited.
--
-- $1 integer  partitions that are visited: keys below it
--
-- Returns the key, or NULL when every execution is in reach.
-- Reads by the primary key of ff_exec_core.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT max(partition_key) FROM ff_exec_core WHERE partition_key >= $1::integer
