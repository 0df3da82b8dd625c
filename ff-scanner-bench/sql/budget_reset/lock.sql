-- Locks a budget, for the approach that takes a row at a time.
--
-- $1 smallint  partition_key
-- $2 text[]    one budget
SELECT 1 FROM ff_budget_policy WHERE partition_key = $1 AND budget_id = ANY ($2::text[]) FOR UPDATE
