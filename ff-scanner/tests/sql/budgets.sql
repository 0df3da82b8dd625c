-- Writes budgets with usage and ledger, spread over the partitions; the window of one in ten is over.
--
-- $1 bigint   how many
-- $2 integer  number of partitions
-- $3 bigint   the time, milliseconds since the epoch
WITH budget AS MATERIALIZED (
    SELECT (n % $2::integer)::smallint AS partition_key, gen_random_uuid()::text AS budget_id, n / $2 % 10 = 0 AS due
      FROM generate_series(1, $1::bigint) AS n
),
policy AS (
    INSERT INTO ff_budget_policy (partition_key, budget_id, policy_json, created_at_ms, updated_at_ms, next_reset_at_ms)
    SELECT partition_key, budget_id, '{"reset_interval_ms": 86400000}', 0, 0,
           $3::bigint + CASE WHEN due THEN -1000 ELSE 3600000 END
      FROM budget
),
usage AS (
    INSERT INTO ff_budget_usage (partition_key, budget_id, dimensions_key, current_value, updated_at_ms)
    SELECT partition_key, budget_id, 'tokens', 7, 0 FROM budget
)
INSERT INTO ff_budget_usage_by_exec (partition_key, budget_id, execution_id, dimensions_key, delta_total, updated_at_ms)
SELECT partition_key, budget_id, gen_random_uuid(), 'tokens', 7, 0 FROM budget
