-- Counts what each reconciler has left to do, the rows that are not due yet included.
--
-- $1 bigint  the last due time, milliseconds since the epoch: nothing beyond it becomes due in the demo
--
-- Returns reconciler and rows.
-- Reads by ff_attempt_lease_expiry_idx, ff_suspension_current_timeout_idx and ff_completion_event_pending_dispatch_idx, and
-- the plans by their kinds.
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
 UNION ALL
-- What has ended and is not dispatched counts as well: it may be all that is left of a cascade.
SELECT 'dependency', count(*)
  FROM (SELECT FROM ff_completion_event WHERE dispatched_at_ms IS NULL
         UNION ALL
        SELECT
          FROM ff_scanner_demo.plan AS p
          JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
          JOIN ff_scanner_demo.situation AS s ON s.name = k.situation
          JOIN ff_exec_core AS core ON core.partition_key = p.partition_key AND core.execution_id = p.execution_id
         WHERE k.reconciler = 'dependency'
           AND (core.lifecycle_phase, core.eligibility_state) = (s.lifecycle_phase, s.eligibility_state)) AS waiting
 UNION ALL
SELECT 'edge_cancel_dispatcher', count(*)
  FROM ff_scanner_demo.plan AS p
  JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
  JOIN ff_exec_core AS core ON core.partition_key = p.partition_key AND core.execution_id = p.execution_id
 WHERE k.reconciler = 'edge_cancel_dispatcher' AND core.lifecycle_phase <> 'terminal'
 UNION ALL
SELECT 'edge_cancel_reconciler', count(*)
  FROM (SELECT FROM ff_pending_cancel_groups
         UNION ALL
        SELECT FROM ff_edge_group WHERE cancel_siblings_pending_flag) AS asked
 UNION ALL
SELECT 'budget_reset', count(*)
  FROM ff_budget_policy AS policy
  JOIN ff_scanner_demo.budget AS b USING (partition_key, budget_id)
  JOIN ff_scanner_demo.budget_kind AS k ON k.name = b.kind
 WHERE k.windows IS NOT NULL AND policy.next_reset_at_ms = b.due_at_ms
