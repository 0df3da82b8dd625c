-- Counts what each reconciler has left to do, the rows that are not due yet included.
--
-- $1 bigint  the last due time, milliseconds since the epoch: nothing beyond it becomes due in the demo
--
-- Returns reconciler and rows.
-- Reads by ff_attempt_lease_expiry_idx and ff_suspension_current_timeout_idx, and the plan by its kinds.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT 'lease_expiry' AS reconciler, count(*) AS rows FROM ff_attempt WHERE lease_expires_at_ms <= $1::bigint
 UNION ALL
SELECT 'suspension_timeout', count(*) FROM ff_suspension_current WHERE timeout_at_ms <= $1::bigint
 UNION ALL
SELECT 'attempt_timeout', count(*)
  FROM ff_scanner_demo.plan AS p
  JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
  JOIN ff_attempt AS a
    ON a.partition_key = p.partition_key AND a.execution_id = p.execution_id AND a.attempt_index = k.attempt
 WHERE k.reconciler = 'attempt_timeout' AND a.lease_expires_at_ms IS NOT NULL
