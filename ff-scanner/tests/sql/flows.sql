-- Writes flows of two upstreams and a child, spread over the partitions: of each ten one has an upstream that has just
-- ended, one has a sibling to be cancelled, one a queue entry that is stale, and the rest have long been settled.
--
-- $1 bigint   how many
-- $2 integer  number of partitions
-- $3 bigint   the time, milliseconds since the epoch
WITH flow AS MATERIALIZED (
    SELECT (n % $2::integer)::smallint AS partition_key, gen_random_uuid() AS flow_id, gen_random_uuid() AS child,
           gen_random_uuid() AS ended, gen_random_uuid() AS other,
           CASE n / $2 % 10 WHEN 0 THEN 'fresh' WHEN 1 THEN 'flagged' WHEN 2 THEN 'stale' ELSE 'settled' END AS kind
      FROM generate_series(1, $1::bigint) AS n
),
member AS MATERIALIZED (
    SELECT flow.*, role, execution_id,
           CASE WHEN role = 'ended' OR kind = 'settled' THEN 'over'
                WHEN role = 'child' AND kind = 'fresh' THEN 'blocked'
                WHEN role = 'child' THEN 'ready' ELSE 'running' END AS state
      FROM flow CROSS JOIN LATERAL (VALUES ('child', child), ('ended', ended), ('other', other)) AS m (role, execution_id)
),
core AS (
    INSERT INTO ff_exec_core (
           partition_key, execution_id, flow_id, lane_id, lifecycle_phase, ownership_state, eligibility_state,
           public_state, attempt_state, created_at_ms, terminal_at_ms, policy, raw_fields)
    SELECT partition_key, execution_id, flow_id, kind,
           CASE state WHEN 'over' THEN 'terminal' WHEN 'running' THEN 'active' ELSE 'runnable' END,
           CASE state WHEN 'running' THEN 'leased' ELSE 'unowned' END,
           CASE state WHEN 'blocked' THEN 'blocked_by_dependencies' WHEN 'ready' THEN 'eligible_now' ELSE 'not_applicable' END,
           CASE state WHEN 'over' THEN 'completed' WHEN 'running' THEN 'running' WHEN 'blocked' THEN 'waiting_children' ELSE 'waiting' END,
           CASE state WHEN 'over' THEN 'attempt_terminal' WHEN 'running' THEN 'running_attempt' ELSE 'pending' END,
           $3::bigint - 86400000, CASE state WHEN 'over' THEN $3::bigint - 60000 END, '{}', '{"namespace": "tenant"}'
      FROM member
),
attempt AS (
    INSERT INTO ff_attempt (partition_key, execution_id, attempt_index, lease_epoch, lease_expires_at_ms, started_at_ms, outcome)
    SELECT partition_key, execution_id, 0, 1, CASE state WHEN 'running' THEN $3::bigint + 3600000 END, $3::bigint - 60000,
           CASE state WHEN 'over' THEN 'success' END
      FROM member
     WHERE state IN ('over', 'running')
),
edge AS (
    INSERT INTO ff_edge (partition_key, flow_id, edge_id, upstream_eid, downstream_eid, policy)
    SELECT partition_key, flow_id, gen_random_uuid(), execution_id, child,
           CASE WHEN kind = 'fresh' OR role = 'other' AND kind <> 'settled' THEN '{}'
                ELSE '{"edge_state": "satisfied", "resolved_as": "success"}' END::jsonb
      FROM member
     WHERE role <> 'child'
),
edge_group AS (
    INSERT INTO ff_edge_group (
           partition_key, flow_id, downstream_eid, policy, running_count, cancel_siblings_pending_flag,
           cancel_siblings_pending_members)
    SELECT partition_key, flow_id, child,
           CASE kind WHEN 'fresh' THEN '{"kind": "any_of"}' ELSE '{"kind": "any_of", "fired": "satisfied"}' END::jsonb,
           1, kind = 'flagged', CASE kind WHEN 'flagged' THEN ARRAY[other::text] ELSE '{}' END
      FROM flow
),
queue AS (
    INSERT INTO ff_pending_cancel_groups (partition_key, flow_id, downstream_eid, enqueued_at_ms)
    SELECT partition_key, flow_id, child, $3::bigint - 1000 FROM flow WHERE kind IN ('flagged', 'stale')
)
INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, occurred_at_ms, dispatched_at_ms)
SELECT partition_key, ended, flow_id, 'success', $3::bigint - 60000, CASE WHEN kind <> 'fresh' THEN $3::bigint - 50000 END
  FROM flow
