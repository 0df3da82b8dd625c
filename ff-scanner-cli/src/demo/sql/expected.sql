-- Counts what each reconciler has to do in all, and when the last of it is due.
--
-- Takes nothing.
-- Returns reconciler, rows, and the last due time in milliseconds since the epoch.
-- Reads the plans whole.
-- Locks nothing.
-- Idempotent: it only reads.
WITH due AS (
    SELECT k.reconciler, p.due_at_ms
      FROM ff_scanner_demo.plan AS p
      JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
     WHERE k.reconciler IS NOT NULL
     UNION ALL
    SELECT 'budget_reset', b.due_at_ms
      FROM ff_scanner_demo.budget AS b
      JOIN ff_scanner_demo.budget_kind AS k ON k.name = b.kind
     WHERE k.windows IS NOT NULL
     UNION ALL
    -- Queue entries and flags that do not agree.
    SELECT 'edge_cancel_reconciler', NULL
      FROM ff_scanner_demo.flow AS f
      JOIN ff_scanner_demo.shape_group AS g USING (shape)
     WHERE g.queued OR g.flagged IS NOT NULL
)
SELECT reconciler, count(*), COALESCE(max(due_at_ms), 0)
  FROM due
 GROUP BY reconciler
 ORDER BY reconciler
