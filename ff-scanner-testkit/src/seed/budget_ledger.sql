-- Writes which execution spent it.
--
-- $1 smallint partition_key, $2 text budget_id, $3 text dimensions_key, $4 bigint delta_total,
-- $5 bigint the time, milliseconds since the epoch, $6 uuid execution_id
INSERT INTO ff_budget_usage_by_exec (
       partition_key, budget_id, dimensions_key, delta_total, updated_at_ms, execution_id)
VALUES ($1, $2, $3, $4, $5::bigint - 60000, $6)
