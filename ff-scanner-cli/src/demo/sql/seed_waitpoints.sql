-- Creates a waitpoint for each planned execution that is suspended.
--
-- $1 bigint  when the reconcilers are expected to start, milliseconds since the epoch
--
-- Returns nothing.
-- Reads the plan whole.
-- Locks nothing.
-- Idempotent: no; it adds as many again.
INSERT INTO ff_waitpoint_pending
    (partition_key, waitpoint_id, execution_id, token_kid, token, created_at_ms, waitpoint_key, required_signal_names)
SELECT p.partition_key, gen_random_uuid(), p.execution_id, 'demo', 'demo', $1::bigint - 900000, 'approval', '{approved}'
  FROM ff_scanner_demo.plan AS p
  JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
 WHERE k.situation = 'suspended'
