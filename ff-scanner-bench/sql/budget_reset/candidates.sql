-- Finds budgets of one partition whose window is over, oldest first.
--
-- $1 smallint  partition_key
-- $2 bigint    most rows
SELECT budget_id
  FROM ff_budget_policy
 WHERE partition_key = $1 AND next_reset_at_ms <= (extract(epoch FROM statement_timestamp()) * 1000)::bigint
 ORDER BY next_reset_at_ms
 LIMIT $2::bigint
