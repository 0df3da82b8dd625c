-- Lets the window of a budget be over, as if it had begun that much earlier.
--
-- $1 smallint  partition_key
-- $2 uuid      budget_id
-- $3 bigint    how much earlier, milliseconds
UPDATE ff_budget_policy
   SET next_reset_at_ms = next_reset_at_ms - $3
 WHERE partition_key = $1 AND budget_id = $2::text
