-- Writes budgets whose window is over, with what was spent in two dimensions and by whom, spread over the partitions.
--
-- $1 bigint  how many
-- $2 bigint  when the first is due, milliseconds since the epoch
-- $3 bigint  how long after that the last is due, milliseconds
-- $4 text    what they are called together
WITH due AS MATERIALIZED (
    SELECT (n % 32)::smallint AS partition_key, concat_ws('-', $4::text, gen_random_uuid()) AS budget_id,
           $2::bigint + $3::bigint * n / $1 AS due_at_ms
      FROM generate_series(1, $1::bigint) AS n
),
policy AS (
    INSERT INTO ff_budget_policy (partition_key, budget_id, policy_json, created_at_ms, updated_at_ms, next_reset_at_ms)
    SELECT partition_key, budget_id, '{"hard_limits": {"tokens": 1000}, "reset_interval_ms": 86400000}',
           $2::bigint - 86400000, $2::bigint - 86400000, due_at_ms
      FROM due
),
usage AS (
    INSERT INTO ff_budget_usage (partition_key, budget_id, dimensions_key, current_value, updated_at_ms)
    SELECT partition_key, budget_id, dimension, 700, $2::bigint - 86400000
      FROM due CROSS JOIN unnest(ARRAY['tokens', 'cost']) AS dimension
)
INSERT INTO ff_budget_usage_by_exec (partition_key, budget_id, execution_id, dimensions_key, delta_total, updated_at_ms)
SELECT partition_key, budget_id, gen_random_uuid(), 'tokens', 700, $2::bigint - 86400000 FROM due
