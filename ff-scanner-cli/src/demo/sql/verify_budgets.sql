-- Finds every budget whose window did not begin, or began, against the plan.
--
-- Takes nothing.
-- Returns one row for each kind and table with a difference: kind, relation, rows, an example and its difference.
-- Reads all tables whole.
-- Locks nothing.
-- Idempotent: it only reads.
WITH compared AS (
    SELECT b.budget_id, b.kind, 'ff_budget_policy' AS relation,
           concat_ws('/', CASE WHEN k.ends THEN 'none'
                               WHEN k.windows IS NULL THEN b.due_at_ms::text
                               ELSE (b.due_at_ms + k.windows * (k.policy_json ->> 'reset_interval_ms')::bigint)::text END,
                     CASE WHEN k.windows IS NULL THEN 'tokens' ELSE 'none' END, 2) AS wanted,
           concat_ws('/', COALESCE(policy.next_reset_at_ms::text, 'none'), COALESCE(policy.last_breach_dim, 'none'),
                     policy.breach_count) AS found
      FROM ff_scanner_demo.budget AS b
      JOIN ff_scanner_demo.budget_kind AS k ON k.name = b.kind
      LEFT JOIN ff_budget_policy AS policy USING (partition_key, budget_id)
     UNION ALL
    SELECT b.budget_id, b.kind, 'ff_budget_usage',
           CASE WHEN k.windows IS NULL THEN '700,700' ELSE '0,0' END,
           (SELECT string_agg(usage.current_value::text, ',')
              FROM ff_budget_usage AS usage
             WHERE usage.partition_key = b.partition_key AND usage.budget_id = b.budget_id)
      FROM ff_scanner_demo.budget AS b
      JOIN ff_scanner_demo.budget_kind AS k ON k.name = b.kind
     UNION ALL
    SELECT b.budget_id, b.kind, 'ff_budget_usage_by_exec',
           CASE WHEN k.windows IS NULL THEN 700 ELSE 0 END::text,
           (SELECT COALESCE(sum(ledger.delta_total), 0)::text
              FROM ff_budget_usage_by_exec AS ledger
             WHERE ledger.partition_key = b.partition_key AND ledger.budget_id = b.budget_id)
      FROM ff_scanner_demo.budget AS b
      JOIN ff_scanner_demo.budget_kind AS k ON k.name = b.kind
)
SELECT kind, relation, count(*) AS rows, min(budget_id) AS example,
       min(format('%s, not %s', COALESCE(found, 'nothing'), wanted)) AS difference
  FROM compared
 WHERE found IS DISTINCT FROM wanted
 GROUP BY kind, relation
 ORDER BY kind, relation
