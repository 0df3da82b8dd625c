-- Creates the suspensions of the planned executions.
--
-- $1 bigint  when the reconcilers are expected to start, milliseconds since the epoch
--
-- Returns nothing.
-- Reads the plan whole.
-- Locks nothing.
-- Idempotent: no; the suspensions would be there already.
INSERT INTO ff_suspension_current
    (partition_key, execution_id, suspension_id, suspended_at_ms, timeout_at_ms, reason_code, condition, timeout_behavior)
SELECT p.partition_key,
       p.execution_id,
       gen_random_uuid(),
       $1::bigint - 900000,
       CASE k.suspension WHEN 'due' THEN p.due_at_ms WHEN 'later' THEN $1::bigint + 3600000 END,
       'waiting_for_approval',
       '{"kind": "signal", "signal_name": "approved"}',
       k.behavior
  FROM ff_scanner_demo.plan AS p
  JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
 WHERE k.suspension IS NOT NULL
