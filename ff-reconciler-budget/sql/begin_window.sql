-- Begins the new window with nothing spent, and schedules the one after it on the grid that the first one set.
--
-- $1 smallint  partition_key
-- $2 text[]    budget_id of each; their policies are locked and their ledgers cleared
-- $3 bigint    the time that the lock returned, milliseconds since the epoch
--
-- Returns nothing.
-- Reads by the primary keys of ff_budget_usage and ff_budget_policy.
-- Locks ff_budget_usage, in no particular order: whoever else locks it holds the policy or an entry of the ledger, so there
-- is nobody left.
-- Idempotent: the next window lies ahead, so the budget is not due again.
WITH usage AS (
    UPDATE ff_budget_usage
       SET current_value = 0, last_reset_at_ms = $3::bigint, updated_at_ms = $3
     WHERE partition_key = $1 AND budget_id = ANY ($2::text[])
)
UPDATE ff_budget_policy AS policy
   SET next_reset_at_ms = (
           SELECT CASE WHEN interval_ms > 0 THEN LEAST(
                      policy.next_reset_at_ms
                      + (div($3::bigint - policy.next_reset_at_ms::numeric, interval_ms) + 1) * interval_ms,
                      9223372036854775807)::bigint END
             FROM (
                  -- As long as a bigint at most, and a numeric: so no sum of it overflows, however long somebody made it.
                  SELECT LEAST((policy.policy_json ->> 'reset_interval_ms')::numeric, 9223372036854775807) AS interval_ms
                  -- So that it is read from the policy once, and not wherever it is used.
                  OFFSET 0) AS schedule),
       last_breach_at_ms = NULL,
       last_breach_dim = NULL,
       updated_at_ms = $3
 WHERE policy.partition_key = $1 AND policy.budget_id = ANY ($2)
