-- Finds the highest partition key of a budget beyond those that will be visited.
--
-- $1 integer  partitions that are visited: keys below it
--
-- Returns the key, or NULL when every budget is in reach.
-- Reads by the primary key of ff_budget_policy.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT max(partition_key) FROM ff_budget_policy WHERE partition_key >= $1::integer
