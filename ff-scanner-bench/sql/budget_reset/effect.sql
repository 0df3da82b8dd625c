-- Starts the next window of budgets, without any check.
--
-- $1 smallint  partition_key
-- $2 text[]    budgets
WITH clock AS MATERIALIZED (
    SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint AS now_ms
),
ledger AS (
    DELETE FROM ff_budget_usage_by_exec WHERE partition_key = $1 AND budget_id = ANY ($2::text[])
),
usage AS (
    UPDATE ff_budget_usage
       SET current_value = 0, last_reset_at_ms = now_ms, updated_at_ms = now_ms
      FROM clock
     WHERE partition_key = $1 AND budget_id = ANY ($2::text[])
)
UPDATE ff_budget_policy
   SET last_breach_at_ms = NULL, last_breach_dim = NULL, updated_at_ms = now_ms,
       next_reset_at_ms = next_reset_at_ms + (policy_json ->> 'reset_interval_ms')::bigint
  FROM clock
 WHERE partition_key = $1 AND budget_id = ANY ($2::text[])
