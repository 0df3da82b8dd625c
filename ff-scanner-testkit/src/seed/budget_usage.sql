-- Writes what a seeded budget has spent.
--
-- $1 smallint partition_key, $2 text budget_id, $3 text dimensions_key, $4 bigint current_value,
-- $5 bigint the time, milliseconds since the epoch
INSERT INTO ff_budget_usage (partition_key, budget_id, dimensions_key, current_value, updated_at_ms)
VALUES ($1, $2, $3, $4, $5::bigint - 60000)
