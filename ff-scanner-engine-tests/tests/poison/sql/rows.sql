-- Writes the rows of all subjects, every one of them legal and due.
--
-- $1 bigint  the time, milliseconds since the epoch
WITH member AS MATERIALIZED (
    SELECT kind, partition_key, execution_id, NULL::uuid AS flow_id,
           CASE kind WHEN 'suspended' THEN 'suspended' ELSE 'running' END AS state
      FROM subject
     WHERE kind IN ('lapsed', 'overdue', 'suspended')
     UNION ALL
    SELECT kind, partition_key, execution_id, flow_id, CASE kind WHEN 'told' THEN 'blocked' ELSE 'ready' END
      FROM subject WHERE kind IN ('told', 'flagged', 'stale')
     UNION ALL
    SELECT kind, partition_key, upstream, flow_id, 'over' FROM subject WHERE kind IN ('told', 'flagged', 'stale')
     UNION ALL
    SELECT kind, partition_key, sibling, flow_id, 'running' FROM subject WHERE kind IN ('told', 'flagged', 'stale')
),
core AS (
    INSERT INTO ff_exec_core (
           partition_key, execution_id, flow_id, lane_id, lifecycle_phase, ownership_state, eligibility_state,
           public_state, attempt_state, created_at_ms, terminal_at_ms, policy, raw_fields)
    SELECT partition_key, execution_id, flow_id, kind,
           CASE state WHEN 'over' THEN 'terminal' WHEN 'running' THEN 'active' WHEN 'suspended' THEN 'suspended'
                      ELSE 'runnable' END,
           CASE state WHEN 'running' THEN 'leased' WHEN 'suspended' THEN 'released' ELSE 'unowned' END,
           CASE state WHEN 'blocked' THEN 'blocked_by_dependencies' WHEN 'ready' THEN 'eligible_now'
                      ELSE 'not_applicable' END,
           CASE state WHEN 'over' THEN 'completed' WHEN 'running' THEN 'running' WHEN 'suspended' THEN 'suspended'
                      WHEN 'blocked' THEN 'waiting_children' ELSE 'waiting' END,
           CASE state WHEN 'over' THEN 'attempt_terminal' WHEN 'running' THEN 'running_attempt'
                      WHEN 'suspended' THEN 'attempt_interrupted' ELSE 'pending' END,
           $1::bigint - 86400000, CASE state WHEN 'over' THEN $1::bigint - 60000 END,
           CASE kind WHEN 'overdue' THEN '{"timeout_policy": {"attempt_timeout_ms": 30000}}' ELSE '{}' END::jsonb,
           '{"namespace": "tenant", "tags": {"cairn.instance_id": "blue"}}'
      FROM member
),
attempt AS (
    INSERT INTO ff_attempt (
           partition_key, execution_id, attempt_index, worker_id, worker_instance_id, lease_epoch, lease_expires_at_ms,
           started_at_ms, outcome)
    SELECT partition_key, execution_id, 0, 'worker', 'worker-1', 1,
           CASE WHEN kind = 'lapsed' THEN $1::bigint - 10 WHEN state = 'running' THEN $1::bigint + 3600000 END,
           $1::bigint - 60000, CASE state WHEN 'over' THEN 'success' END
      FROM member
     WHERE state IN ('over', 'running', 'suspended')
),
suspension AS (
    INSERT INTO ff_suspension_current (
           partition_key, execution_id, suspension_id, suspended_at_ms, timeout_at_ms, condition, timeout_behavior)
    SELECT partition_key, execution_id, gen_random_uuid(), $1::bigint - 60000, $1::bigint - 10, '{}',
           'auto_resume_with_timeout_signal'
      FROM member
     WHERE state = 'suspended'
),
waitpoint AS (
    INSERT INTO ff_waitpoint_pending (partition_key, waitpoint_id, execution_id, token_kid, token, created_at_ms)
    SELECT partition_key, gen_random_uuid(), execution_id, 'kid', 'token', 0 FROM member WHERE state = 'suspended'
),
edge AS (
    INSERT INTO ff_edge (partition_key, flow_id, edge_id, upstream_eid, downstream_eid, policy)
    SELECT partition_key, flow_id, edge_id, upstream, execution_id,
           CASE kind WHEN 'told' THEN '{}' ELSE '{"edge_state": "satisfied", "resolved_as": "success"}' END::jsonb
      FROM subject WHERE kind IN ('told', 'flagged', 'stale')
     UNION ALL
    SELECT partition_key, flow_id, gen_random_uuid(), sibling, execution_id, '{}'
      FROM subject WHERE kind IN ('told', 'flagged', 'stale')
),
edge_group AS (
    INSERT INTO ff_edge_group (
           partition_key, flow_id, downstream_eid, policy, running_count, cancel_siblings_pending_flag,
           cancel_siblings_pending_members)
    SELECT partition_key, flow_id, execution_id,
           CASE kind WHEN 'told' THEN '{"kind": "any_of"}' ELSE '{"kind": "any_of", "fired": "satisfied"}' END::jsonb,
           2, kind = 'flagged', CASE kind WHEN 'flagged' THEN ARRAY[sibling::text] ELSE '{}' END
      FROM subject WHERE kind IN ('told', 'flagged', 'stale')
),
queue AS (
    INSERT INTO ff_pending_cancel_groups (partition_key, flow_id, downstream_eid, enqueued_at_ms)
    SELECT partition_key, flow_id, execution_id, $1::bigint - 1000 FROM subject WHERE kind IN ('flagged', 'stale')
),
event AS (
    INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, occurred_at_ms)
    SELECT partition_key, upstream, flow_id, 'success', $1::bigint - 60000 FROM subject WHERE kind = 'told'
),
budget AS (
    INSERT INTO ff_budget_policy (partition_key, budget_id, policy_json, created_at_ms, updated_at_ms, next_reset_at_ms)
    SELECT partition_key, execution_id::text, '{"reset_interval_ms": 3600000}', 0, 0, $1::bigint - 10
      FROM subject WHERE kind = 'budget'
)
INSERT INTO ff_budget_usage (partition_key, budget_id, dimensions_key, current_value, updated_at_ms)
SELECT partition_key, execution_id::text, 'tokens', 7, 0 FROM subject WHERE kind = 'budget'
