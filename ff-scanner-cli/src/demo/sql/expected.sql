-- Counts what each reconciler has to do in all, and when the last of it is due.
--
-- Takes nothing.
-- Returns reconciler, rows, and the last due time in milliseconds since the epoch.
-- Reads the plan whole.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT k.reconciler, count(*), max(p.due_at_ms)
  FROM ff_scanner_demo.plan AS p
  JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
 WHERE k.reconciler IS NOT NULL
 GROUP BY k.reconciler
 ORDER BY k.reconciler
