-- Creates the planned budgets, with what was spent in this window, and by whom.
--
-- $1 bigint  when the reconcilers are expected to start, milliseconds since the epoch
--
-- Returns nothing.
-- Reads the plan of budgets whole.
-- Locks nothing.
-- Idempotent: no; the budgets would be there already.
WITH policy AS (
    INSERT INTO ff_budget_policy (
           partition_key, budget_id, policy_json, created_at_ms, updated_at_ms, breach_count, last_breach_at_ms,
           last_breach_dim, next_reset_at_ms)
    SELECT b.partition_key, b.budget_id, k.policy_json, $1::bigint - 86400000, $1::bigint - 86400000, 2,
           $1::bigint - 5000, 'tokens', b.due_at_ms
      FROM ff_scanner_demo.budget AS b
      JOIN ff_scanner_demo.budget_kind AS k ON k.name = b.kind
),
usage AS (
    INSERT INTO ff_budget_usage (partition_key, budget_id, dimensions_key, current_value, updated_at_ms)
    SELECT partition_key, budget_id, dimension, 700, $1::bigint - 5000
      FROM ff_scanner_demo.budget CROSS JOIN unnest(ARRAY['tokens', 'cost']) AS dimension
)
INSERT INTO ff_budget_usage_by_exec (partition_key, budget_id, execution_id, dimensions_key, delta_total, updated_at_ms)
SELECT partition_key, budget_id, gen_random_uuid(), 'tokens', 350, $1::bigint - 5000
  FROM ff_scanner_demo.budget CROSS JOIN generate_series(1, 2)
