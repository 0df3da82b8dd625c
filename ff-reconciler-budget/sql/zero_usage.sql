-- Begins the new window with nothing spent.
--
-- $1 smallint  partition_key
-- $2 text[]    budget_id of each; their policies are locked and their ledgers cleared
-- $3 bigint    the time that the lock returned, milliseconds since the epoch
--
-- Returns nothing.
-- Reads by the primary key of ff_budget_usage.
-- Locks ff_budget_usage. Whoever else locks it holds the policy or an entry of the ledger, so there is nobody left.
-- Idempotent: zero stays zero.
UPDATE ff_budget_usage
   SET current_value = 0, last_reset_at_ms = $3::bigint, updated_at_ms = $3
 WHERE partition_key = $1 AND budget_id = ANY ($2::text[])
