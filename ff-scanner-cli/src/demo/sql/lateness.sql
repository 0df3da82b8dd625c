-- Measures how late each reconciler was, and how fast it worked off what was due from the start.
--
-- $1 bigint  when the reconcilers started, milliseconds since the epoch
--
-- Returns reconciler, rows, rows a second, and lateness as p50 and p99 in milliseconds.
-- Reads the plans and their rows whole. Rows that are only cleaned or tidied are counted and bear no time.
-- Locks nothing.
-- Idempotent: it only reads.
WITH acted AS (
    SELECT k.reconciler, p.due_at_ms, mutation.at_ms
      FROM ff_scanner_demo.plan AS p
      JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
      JOIN ff_scanner_demo.ending AS e ON e.name = k.ending
      LEFT JOIN ff_exec_core AS core
        ON core.partition_key = p.partition_key AND core.execution_id = p.execution_id AND e.situation IS NOT NULL
      LEFT JOIN LATERAL (
           SELECT (core.raw_fields ->> 'last_mutation_at')::bigint AS at_ms
            WHERE (core.raw_fields ->> 'last_mutation_at')::bigint >= $1::bigint) AS mutation ON true
     UNION ALL
    SELECT 'budget_reset', b.due_at_ms, usage.last_reset_at_ms
      FROM ff_scanner_demo.budget AS b
      JOIN ff_scanner_demo.budget_kind AS k ON k.name = b.kind
      LEFT JOIN ff_budget_usage AS usage
        ON usage.partition_key = b.partition_key AND usage.budget_id = b.budget_id AND usage.dimensions_key = 'tokens'
     WHERE k.windows IS NOT NULL
     UNION ALL
    SELECT 'edge_cancel_reconciler', NULL, NULL
      FROM ff_scanner_demo.flow AS f
      JOIN ff_scanner_demo.shape_group AS g USING (shape)
     WHERE g.queued OR g.flagged IS NOT NULL
)
SELECT reconciler,
       count(*) AS rows,
       count(at_ms) FILTER (WHERE due_at_ms <= $1)::double precision * 1000
           / NULLIF(GREATEST(max(at_ms) FILTER (WHERE due_at_ms <= $1) - $1::bigint, 1), 0) AS rows_per_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY at_ms - GREATEST(due_at_ms, $1::bigint)) AS p50,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY at_ms - GREATEST(due_at_ms, $1::bigint)) AS p99
  FROM acted
 GROUP BY reconciler
 ORDER BY reconciler
