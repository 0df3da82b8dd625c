-- Writes budgets whose window goes on until tomorrow.
--
-- $1 bigint  how many
-- $2 bigint  the time, milliseconds since the epoch
WITH made AS MATERIALIZED (
    SELECT (n % 32)::smallint AS partition_key, gen_random_uuid()::text AS budget_id FROM generate_series(1, $1::bigint) AS n
),
policy AS (
    INSERT INTO ff_budget_policy (partition_key, budget_id, policy_json, created_at_ms, updated_at_ms, next_reset_at_ms)
    SELECT partition_key, budget_id, '{"hard_limits": {"tokens": 1000}, "reset_interval_ms": 86400000}',
           $2::bigint - 86400000, $2::bigint - 86400000, $2::bigint + 86400000
      FROM made
)
INSERT INTO ff_budget_usage (partition_key, budget_id, dimensions_key, current_value, updated_at_ms)
SELECT partition_key, budget_id, 'tokens', 700, $2::bigint - 5000 FROM made
