-- Creates the executions that are planned, each with its state vector, policy, namespace and tags.
--
-- $1 bigint  when the reconcilers are expected to start, milliseconds since the epoch
--
-- Returns nothing.
-- Reads the plan whole.
-- Locks nothing.
-- Idempotent: no; the executions would be there already.
INSERT INTO ff_exec_core
    (partition_key, execution_id, flow_id, lane_id, attempt_index, lifecycle_phase, ownership_state, eligibility_state,
     public_state, attempt_state, created_at_ms, terminal_at_ms, payload, result, policy, raw_fields, lease_reclaim_count)
SELECT p.partition_key,
       p.execution_id,
       p.flow_id,
       'default',
       k.pointer,
       s.lifecycle_phase,
       s.ownership_state,
       s.eligibility_state,
       s.public_state,
       s.attempt_state,
       $1::bigint - 3600000,
       CASE WHEN s.lifecycle_phase IN ('terminal', 'cancelled') THEN $1::bigint - 1800000 END,
       '\x7b7d',
       CASE s.name WHEN 'completed' THEN '\x726573756c74'::bytea END,
       k.policy,
       jsonb_build_object(
           'namespace', p.namespace,
           'tags', jsonb_build_object('cairn.instance_id', p.instance_tag, 'team', 'demo'),
           'execution_kind', 'operation',
           'creator_identity', 'ff-scanner demo',
           'last_mutation_at', ($1::bigint - 1800000)::text,
           'total_attempt_count', '0')
       || CASE WHEN k.retry_count IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('retry_count', k.retry_count) END,
       k.reclaims
  FROM ff_scanner_demo.plan AS p
  JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
  JOIN ff_scanner_demo.situation AS s ON s.name = k.situation
