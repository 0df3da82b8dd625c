-- Creates the attempts of the planned executions, the earlier ones included.
--
-- $1 bigint  when the reconcilers are expected to start, milliseconds since the epoch
--
-- Returns nothing.
-- Reads the plan whole.
-- Locks nothing.
-- Idempotent: no; the attempts would be there already.
INSERT INTO ff_attempt
    (partition_key, execution_id, attempt_index, worker_id, worker_instance_id, lease_epoch, lease_expires_at_ms,
     started_at_ms, terminal_at_ms, outcome, policy)
SELECT p.partition_key,
       p.execution_id,
       i,
       CASE WHEN k.suspension IS NULL THEN 'worker-' || p.partition_key % 8 END,
       CASE WHEN k.suspension IS NULL THEN 'worker-' || p.partition_key % 8 || '-a' END,
       1 + (k.suspension IS NOT NULL)::integer,
       CASE WHEN i = k.attempt AND k.lease = 'due' THEN p.due_at_ms
            -- Beyond anything that the demo waits for.
            WHEN i = k.attempt AND k.lease = 'live' THEN $1::bigint + 3600000
            WHEN i < k.attempt AND e.acts_on = 'earlier' THEN p.due_at_ms END,
       CASE WHEN i < k.attempt THEN $1::bigint - 3000000
            WHEN k.reconciler = 'attempt_timeout' THEN p.due_at_ms - 60000
            ELSE COALESCE(p.due_at_ms, $1::bigint) - 30000 END,
       CASE WHEN i < k.attempt OR k.outcome IN ('success', 'failed', 'retry', 'cancelled') THEN $1::bigint - 1800000 END,
       CASE WHEN i < k.attempt THEN k.earlier_outcome ELSE k.outcome END,
       k.attempt_policy
  FROM ff_scanner_demo.plan AS p
  JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
  LEFT JOIN ff_scanner_demo.ending AS e ON e.name = k.ending
 CROSS JOIN generate_series(0, k.attempt) AS i
