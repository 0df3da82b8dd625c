-- Cancels the siblings that flagged groups of one partition list, as an operator would, and takes them off the lists.
--
-- $1 smallint  partition_key
-- $2 uuid[]    flow_id of each group
-- $3 uuid[]    downstream_eid of each
-- $4 bigint    the time, milliseconds since the epoch; NULL means the server's clock
-- $5 bigint    most siblings to cancel
--
-- Returns flow_id, downstream_eid and what was done: drained (nothing is left to cancel), partly (something is). A group
-- none of whose siblings could be had is not among them.
-- Reads by the primary keys of ff_edge_group, ff_pending_cancel_groups, ff_exec_core, ff_attempt and
-- ff_suspension_current, by ff_edge_downstream_idx (partition_key, flow_id, downstream_eid) and by
-- ff_waitpoint_pending_exec_idx (partition_key, execution_id).
-- Locks ff_edge_group and ff_pending_cancel_groups, then the siblings' ff_exec_core, current ff_attempt,
-- ff_suspension_current and ff_waitpoint_pending, each in the order of their keys, all up front and SKIP LOCKED: an act
-- that never waits cannot deadlock with another that shares its siblings, nor with a worker.
-- Idempotent: a sibling that has ended is not cancelled, and a drained group has no flag, so it is not due again.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($4::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms
),
edge_group AS MATERIALIZED (
    SELECT flow_id, downstream_eid, cancel_siblings_pending_members AS members, xmin AS version,
           -- There is no column for why a group fired; whoever marks it as fired says so in its policy.
           CASE policy ->> 'fired' WHEN 'impossible' THEN 'sibling_quorum_impossible'
                                   ELSE 'sibling_quorum_satisfied' END AS reason
      FROM ff_edge_group
     WHERE partition_key = $1
       AND (flow_id, downstream_eid) IN (SELECT flow_id, downstream_eid
                                           FROM unnest($2::uuid[], $3::uuid[]) AS t (flow_id, downstream_eid))
       AND cancel_siblings_pending_flag
     ORDER BY flow_id, downstream_eid
       FOR UPDATE OF ff_edge_group SKIP LOCKED
),
pending AS MATERIALIZED (
    SELECT flow_id, downstream_eid, enqueued_at_ms
      FROM ff_pending_cancel_groups
     WHERE partition_key = $1 AND (flow_id, downstream_eid) IN (SELECT flow_id, downstream_eid FROM edge_group)
     ORDER BY flow_id, downstream_eid
       FOR UPDATE OF ff_pending_cancel_groups SKIP LOCKED
),
ready AS MATERIALIZED (
    SELECT edge_group.*, pending.enqueued_at_ms
      FROM edge_group JOIN pending USING (flow_id, downstream_eid)
     -- A list may be newer than this statement's snapshot, and those on it not to be seen: they would count as trimmed.
     WHERE version = (SELECT seen.xmin
                        FROM ff_edge_group AS seen
                       WHERE seen.partition_key = $1
                         AND seen.flow_id = edge_group.flow_id
                         AND seen.downstream_eid = edge_group.downstream_eid)
),
listed AS MATERIALIZED (
    SELECT flow_id, downstream_eid, reason, member,
           substring(replace(member, '{fp:' || $1::smallint || '}:', '')
                     FROM '(?i)^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$')::uuid AS execution_id
      FROM ready CROSS JOIN LATERAL unnest(members) AS member
     UNION ALL
    -- Whoever became an upstream after the group was flagged is on no list, and nobody waits for him either. By the time
    -- of his edge alone he differs from the winner, and from a sibling that had ended and was replayed since.
    SELECT flow_id, downstream_eid, reason, edge.upstream_eid::text, edge.upstream_eid
      FROM ready JOIN ff_edge AS edge USING (flow_id, downstream_eid)
     WHERE edge.partition_key = $1
       AND CASE jsonb_typeof(edge.policy -> 'applied_at_ms')
           WHEN 'number' THEN (edge.policy ->> 'applied_at_ms')::numeric END > ready.enqueued_at_ms
       AND COALESCE(edge.policy ->> 'edge_state', '') NOT IN ('satisfied', 'impossible')
),
running AS MATERIALIZED (
    SELECT execution_id
      FROM ff_exec_core
     WHERE partition_key = $1
       AND execution_id = ANY (ARRAY (SELECT execution_id FROM listed))
       AND lifecycle_phase NOT IN ('terminal', 'cancelled')
),
chosen AS MATERIALIZED (
    SELECT execution_id, max(reason) AS reason
      FROM (SELECT execution_id, reason, row_number() OVER (PARTITION BY flow_id, downstream_eid ORDER BY random()) AS turn
              FROM listed JOIN running USING (execution_id)) AS dealt
     GROUP BY execution_id
     -- In turns, so that a huge group leaves room for small ones; dealt out anew each time, so that siblings which somebody
     -- holds cannot keep the rest of their group from ever being chosen.
     ORDER BY min(turn)
     LIMIT $5::bigint
),
core AS MATERIALIZED (
    SELECT execution_id, flow_id, attempt_index AS pointer, xmin AS version,
           raw_fields ->> 'namespace' AS namespace,
           raw_fields -> 'tags' ->> 'cairn.instance_id' AS instance_tag
      FROM ff_exec_core
     WHERE partition_key = $1
       AND execution_id = ANY (ARRAY (SELECT execution_id FROM chosen))
       AND lifecycle_phase NOT IN ('terminal', 'cancelled')
     ORDER BY execution_id
       FOR UPDATE SKIP LOCKED
),
current AS MATERIALIZED (
    SELECT execution_id, max(attempt_index) AS attempt_index
      FROM ff_attempt
     WHERE partition_key = $1 AND execution_id = ANY (ARRAY (SELECT execution_id FROM core))
     GROUP BY execution_id
),
attempt AS MATERIALIZED (
    SELECT execution_id, attempt_index, lease_expires_at_ms IS NOT NULL AS leased
      FROM ff_attempt
     WHERE partition_key = $1
       AND execution_id = ANY (ARRAY (SELECT execution_id FROM core))
       AND (execution_id, attempt_index) IN (SELECT execution_id, attempt_index FROM current)
     ORDER BY execution_id
       FOR UPDATE OF ff_attempt SKIP LOCKED
),
suspension AS MATERIALIZED (
    SELECT execution_id
      FROM ff_suspension_current
     WHERE partition_key = $1 AND execution_id = ANY (ARRAY (SELECT execution_id FROM core))
     ORDER BY execution_id
       FOR UPDATE SKIP LOCKED
),
waitpoint AS MATERIALIZED (
    SELECT waitpoint_id, execution_id
      FROM ff_waitpoint_pending
     WHERE partition_key = $1 AND execution_id = ANY (ARRAY (SELECT execution_id FROM core))
     ORDER BY waitpoint_id
       FOR UPDATE SKIP LOCKED
),
-- Somebody who holds a sibling's attempt, suspension or waitpoint is at work on it.
held (execution_id) AS MATERIALIZED (
    SELECT execution_id FROM current WHERE execution_id NOT IN (SELECT execution_id FROM attempt)
     UNION ALL
    SELECT execution_id
      FROM ff_suspension_current
     WHERE partition_key = $1
       AND execution_id = ANY (ARRAY (SELECT execution_id FROM core))
       AND execution_id NOT IN (SELECT execution_id FROM suspension)
     UNION ALL
    SELECT execution_id
      FROM ff_waitpoint_pending
     WHERE partition_key = $1
       AND execution_id = ANY (ARRAY (SELECT execution_id FROM core))
       AND waitpoint_id NOT IN (SELECT waitpoint_id FROM waitpoint)
),
known AS MATERIALIZED (
    SELECT *
      FROM chosen
      -- Whoever is in one of these is in those before it, but the planner takes each for a row: FULL keeps it from
      -- comparing all with all.
      FULL JOIN core USING (execution_id)
      FULL JOIN attempt USING (execution_id)
),
cancelled AS MATERIALIZED (
    SELECT *
      FROM known
     WHERE execution_id NOT IN (SELECT execution_id FROM held)
       -- What is read without a lock (attempts, waitpoints) is as old as this statement's snapshot: it holds only while
       -- the core row is the one that the snapshot shows. Who could not be locked has no version.
       AND version = (SELECT seen.xmin
                        FROM ff_exec_core AS seen
                       WHERE seen.partition_key = $1 AND seen.execution_id = known.execution_id)
),
core_ended AS (
    UPDATE ff_exec_core AS core
       SET lifecycle_phase = 'terminal',
           ownership_state = 'unowned',
           eligibility_state = 'not_applicable',
           public_state = 'cancelled',
           attempt_state = 'cancelled',
           blocking_reason = NULL,
           -- Readers derive the outcome from the attempt that the pointer names, and typed claims leave it one beyond.
           attempt_index = COALESCE(cancelled.attempt_index, core.attempt_index),
           terminal_at_ms = clock.now_ms,
           cancellation_reason = COALESCE(core.cancellation_reason, cancelled.reason),
           cancelled_by = COALESCE(core.cancelled_by, 'engine'),
           -- A typed claim names its lease here, too, and once that is over the engine takes the rest for corruption.
           raw_fields = CASE jsonb_typeof(core.raw_fields) WHEN 'object'
                             THEN core.raw_fields - '{current_attempt_id,current_lease_id,current_worker_id,current_worker_instance_id}'::text[]
                             ELSE '{}' END
               || jsonb_build_object('last_mutation_at', clock.now_ms::text)
      FROM cancelled CROSS JOIN clock
     WHERE core.partition_key = $1 AND core.execution_id = cancelled.execution_id
),
attempt_ended AS (
    UPDATE ff_attempt AS attempt
       SET outcome = 'cancelled',
           terminal_at_ms = clock.now_ms,
           lease_expires_at_ms = NULL,
           worker_id = NULL,
           worker_instance_id = NULL,
           -- Its worker does not know yet: with the old epoch, what it completes would still be accepted.
           lease_epoch = attempt.lease_epoch + 1
      FROM cancelled CROSS JOIN clock
     WHERE attempt.partition_key = $1
       AND attempt.execution_id = cancelled.execution_id
       AND attempt.attempt_index = cancelled.attempt_index
),
-- A sibling that never ran has no attempt to tell its outcome, and without one it reads as ended with none.
attempt_written AS (
    INSERT INTO ff_attempt (partition_key, execution_id, attempt_index, terminal_at_ms, outcome)
    SELECT $1, execution_id, pointer, now_ms, 'cancelled' FROM cancelled CROSS JOIN clock WHERE attempt_index IS NULL
),
suspension_removed AS (
    DELETE FROM ff_suspension_current
     WHERE partition_key = $1 AND execution_id = ANY (ARRAY (SELECT execution_id FROM cancelled))
),
waitpoints_removed AS (
    DELETE FROM ff_waitpoint_pending
     WHERE partition_key = $1
       AND waitpoint_id = ANY (ARRAY (SELECT waitpoint_id FROM waitpoint JOIN cancelled USING (execution_id)))
),
completion_told AS (
    INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, namespace, instance_tag, occurred_at_ms)
    SELECT $1, execution_id, flow_id, 'cancelled', namespace, instance_tag, now_ms FROM cancelled CROSS JOIN clock
),
lease_told AS (
    INSERT INTO ff_lease_event (execution_id, event_type, occurred_at_ms, partition_key, namespace, instance_tag)
    SELECT execution_id::text, 'revoked', now_ms, $1, namespace, instance_tag FROM cancelled CROSS JOIN clock WHERE leased
),
remaining AS MATERIALIZED (
    SELECT execution_id FROM running EXCEPT SELECT execution_id FROM cancelled
),
verdict AS MATERIALIZED (
    SELECT flow_id, downstream_eid, members, CASE WHEN members IS NULL THEN 'drained' ELSE 'partly' END AS word
      FROM (SELECT ready.flow_id, ready.downstream_eid,
                   array_agg(member) FILTER (WHERE stays) AS members,
                   bool_and(stays) AS unchanged
              FROM ready
              LEFT JOIN (SELECT flow_id, downstream_eid, member,
                                -- Ids that cannot be read stay for whoever put them there.
                                execution_id IS NULL OR execution_id IN (SELECT execution_id FROM remaining) AS stays
                           FROM listed) AS list USING (flow_id, downstream_eid)
             GROUP BY ready.flow_id, ready.downstream_eid) AS summed
     WHERE unchanged IS NOT TRUE
),
group_written AS (
    UPDATE ff_edge_group AS edge_group
       SET cancel_siblings_pending_flag = verdict.members IS NOT NULL,
           cancel_siblings_pending_members = COALESCE(verdict.members, '{}')
      FROM verdict
     WHERE edge_group.partition_key = $1
       AND edge_group.flow_id = verdict.flow_id
       AND edge_group.downstream_eid = verdict.downstream_eid
),
dequeued AS (
    DELETE FROM ff_pending_cancel_groups AS pending
     USING verdict
     WHERE pending.partition_key = $1
       AND pending.flow_id = verdict.flow_id
       AND pending.downstream_eid = verdict.downstream_eid
       AND verdict.word = 'drained'
)
SELECT flow_id, downstream_eid, word FROM verdict
