-- Writes the policy of a seeded budget, which has been breached.
--
-- $1 smallint partition_key, $2 text budget_id, $3 jsonb policy_json, $4 bigint next_reset_at_ms,
-- $5 bigint the time, milliseconds since the epoch
INSERT INTO ff_budget_policy (
       partition_key, budget_id, policy_json, created_at_ms, updated_at_ms, scope_type, scope_id, enforcement_mode,
       breach_count, soft_breach_count, last_breach_at_ms, last_breach_dim, next_reset_at_ms)
VALUES ($1, $2, $3, $5::bigint - 120000, $5 - 60000, 'lane', 'default', 'strict', 2, 1, $5 - 60000, 'tokens', $4)
