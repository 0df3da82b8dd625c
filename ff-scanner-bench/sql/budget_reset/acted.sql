-- Says how late each budget began its window, in milliseconds.
--
-- $1 text  what they are called together
SELECT (usage.last_reset_at_ms - (policy.next_reset_at_ms - 86400000))::double precision
  FROM ff_budget_policy AS policy
  JOIN ff_budget_usage AS usage USING (partition_key, budget_id)
 WHERE policy.budget_id LIKE $1 || '-%' AND usage.dimensions_key = 'tokens' AND usage.last_reset_at_ms IS NOT NULL
