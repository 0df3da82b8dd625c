-- Cancels the siblings that flagged groups of one partition list, as an operator would, and takes them off the lists.
--
-- $1 smallint  partition_key
-- $2 uuid[]    flow_id of each group
-- $3 uuid[]    downstream_eid of each
-- $4 bigint    the time, milliseconds since the epoch; NULL means the server's clock
-- $5 bigint    most siblings to cancel
-- $6 uuid[]    siblings that have been found to wait for something, and do so no more
--
-- Returns flow_id, downstream_eid and what was done: drained (nothing is left to cancel), partly (something is). A group
-- none of whose siblings could be had is not among them. Besides, as downstream_eid without a flow_id, siblings that were
-- left alone because they wait for something, which has to go first: waits.
-- Reads by the primary keys of ff_edge_group, ff_pending_cancel_groups, ff_exec_core, ff_attempt and
-- ff_suspension_current, by ff_edge_downstream_idx (partition_key, flow_id, downstream_eid) and by
-- ff_waitpoint_pending_exec_idx (partition_key, execution_id); what it has locked, by ctid.
-- Locks ff_edge_group and ff_pending_cancel_groups, then the siblings' ff_exec_core and current ff_attempt, all up front
-- and SKIP LOCKED: an act that never waits cannot deadlock with another that shares its siblings, nor with a worker.
-- Idempotent: a sibling that has ended is not cancelled, and a drained group has no flag, so it is not due again.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($4::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms,
           -- Else the triggers of the events would be planned anew for each row, as this statement is.
           set_config('plan_cache_mode', 'auto', true)
),
flagged AS MATERIALIZED (
    SELECT edge_group.ctid AS group_ctid, queued.ctid AS queue_ctid,
           edge_group.flow_id, edge_group.downstream_eid,
           edge_group.cancel_siblings_pending_members AS members,
           queued.enqueued_at_ms,
           -- There is no column for why a group fired; whoever marks it as fired says so in its policy.
           CASE edge_group.policy ->> 'fired' WHEN 'impossible' THEN 'sibling_quorum_impossible'
                                              ELSE 'sibling_quorum_satisfied' END AS reason
      FROM unnest($2::uuid[], $3::uuid[]) AS wanted (flow_id, downstream_eid)
      JOIN ff_edge_group AS edge_group
        ON edge_group.partition_key = $1
       AND edge_group.flow_id = wanted.flow_id
       AND edge_group.downstream_eid = wanted.downstream_eid
      JOIN ff_pending_cancel_groups AS queued
        ON queued.partition_key = $1
       AND queued.flow_id = wanted.flow_id
       AND queued.downstream_eid = wanted.downstream_eid
     WHERE edge_group.cancel_siblings_pending_flag
       FOR UPDATE OF edge_group, queued SKIP LOCKED
),
ready AS MATERIALIZED (
    SELECT *
      FROM flagged
     -- A list may be newer than this statement's snapshot, and those on it not to be seen: they would count as trimmed.
     WHERE EXISTS (SELECT FROM ff_edge_group AS seen WHERE seen.partition_key = $1 AND seen.ctid = group_ctid)
),
listed AS MATERIALIZED (
    SELECT flow_id, downstream_eid, reason, member,
           CASE WHEN id ~* '^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$' THEN id::uuid END AS execution_id
      FROM ready
     CROSS JOIN LATERAL unnest(members) AS member
     CROSS JOIN LATERAL replace(member, '{fp:' || $1::smallint || '}:', '') AS id
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
chosen AS MATERIALIZED (
    SELECT execution_id, max(reason) AS reason
      FROM (SELECT execution_id, reason, row_number() OVER (PARTITION BY flow_id, downstream_eid ORDER BY random()) AS turn
              FROM listed
             WHERE execution_id IS NOT NULL) AS dealt
     GROUP BY execution_id
     -- First those that must not be left halfway. The others in turns, so that a huge group leaves room for small ones; dealt
     -- out anew each time, so that siblings which somebody holds cannot keep the rest of their group from being chosen.
     ORDER BY execution_id = ANY ($6::uuid[]) DESC, min(turn)
     LIMIT $5::bigint
),
core AS MATERIALIZED (
    SELECT core.ctid AS core_ctid, core.execution_id, core.flow_id, core.attempt_index AS pointer, chosen.reason,
           core.raw_fields ->> 'namespace' AS namespace,
           core.raw_fields -> 'tags' ->> 'cairn.instance_id' AS instance_tag
      FROM chosen
      JOIN ff_exec_core AS core ON core.partition_key = $1 AND core.execution_id = chosen.execution_id
     WHERE core.lifecycle_phase NOT IN ('terminal', 'cancelled')
       FOR UPDATE OF core SKIP LOCKED
),
latest AS MATERIALIZED (
    SELECT core.*, attempt.*
      FROM core
      LEFT JOIN LATERAL (
           SELECT ctid AS attempt_ctid, attempt_index
             FROM ff_attempt
            WHERE partition_key = $1 AND execution_id = core.execution_id
            ORDER BY attempt_index DESC
            LIMIT 1) AS attempt ON true
     -- What is read without a lock (which attempt is the latest, who waits) is as old as this statement's snapshot: it holds
     -- only while the locked rows are the ones that the snapshot shows. Newer ones cannot be found by their ctid.
     WHERE EXISTS (SELECT FROM ff_exec_core AS seen WHERE seen.partition_key = $1 AND seen.ctid = core_ctid)
),
attempt AS MATERIALIZED (
    SELECT attempt.ctid AS locked_ctid, latest.execution_id, attempt.lease_expires_at_ms IS NOT NULL AS leased
      FROM latest
      JOIN ff_attempt AS attempt ON attempt.partition_key = $1 AND attempt.ctid = latest.attempt_ctid
       FOR UPDATE OF attempt SKIP LOCKED
),
waiting (execution_id) AS MATERIALIZED (
    SELECT execution_id
      FROM ff_suspension_current
     WHERE partition_key = $1 AND execution_id = ANY (ARRAY (SELECT execution_id FROM core))
     UNION ALL
    SELECT execution_id
      FROM ff_waitpoint_pending
     WHERE partition_key = $1 AND execution_id = ANY (ARRAY (SELECT execution_id FROM core))
),
judged AS MATERIALIZED (
    SELECT latest.*, leased, now_ms,
           -- What ends must not go on waiting. Another statement removes what they wait for, and this one is run anew.
           execution_id IN (SELECT execution_id FROM waiting) AND execution_id <> ALL ($6) AS waits
      FROM latest
      -- Whoever is in one of these is in the other, or has no attempt, but the planner takes each for a row: FULL keeps it
      -- from comparing all with all.
      FULL JOIN attempt USING (execution_id)
     CROSS JOIN clock
     -- Somebody who holds a sibling's attempt, or has written it since the snapshot, is at work on it.
     WHERE attempt_ctid IS NULL OR attempt_ctid = locked_ctid
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
           attempt_index = COALESCE(judged.attempt_index, core.attempt_index),
           terminal_at_ms = now_ms,
           cancellation_reason = COALESCE(core.cancellation_reason, judged.reason),
           cancelled_by = COALESCE(core.cancelled_by, 'engine'),
           -- A typed claim names its lease here, too, and once that is over the engine takes the rest for corruption.
           raw_fields = CASE jsonb_typeof(core.raw_fields) WHEN 'object'
                             THEN core.raw_fields - '{current_attempt_id,current_lease_id,current_worker_id,current_worker_instance_id}'::text[]
                             ELSE '{}' END
               || jsonb_build_object('last_mutation_at', now_ms::text)
      FROM judged
     WHERE core.partition_key = $1 AND core.ctid = judged.core_ctid AND NOT waits
),
attempt_ended AS (
    UPDATE ff_attempt AS attempt
       SET outcome = 'cancelled',
           terminal_at_ms = now_ms,
           lease_expires_at_ms = NULL,
           worker_id = NULL,
           worker_instance_id = NULL,
           -- Its worker does not know yet: with the old epoch, what it completes would still be accepted.
           lease_epoch = attempt.lease_epoch + 1
      FROM judged
     WHERE attempt.partition_key = $1 AND attempt.ctid = judged.attempt_ctid AND NOT waits
),
-- A sibling that never ran has no attempt to tell its outcome, and without one it reads as ended with none.
attempt_written AS (
    INSERT INTO ff_attempt (partition_key, execution_id, attempt_index, terminal_at_ms, outcome)
    SELECT $1, execution_id, pointer, now_ms, 'cancelled'
      FROM judged
     WHERE attempt_index IS NULL AND NOT waits
),
completion_told AS (
    INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, namespace, instance_tag, occurred_at_ms)
    SELECT $1, execution_id, flow_id, 'cancelled', namespace, instance_tag, now_ms
      FROM judged
     WHERE NOT waits
),
lease_told AS (
    INSERT INTO ff_lease_event (execution_id, event_type, occurred_at_ms, partition_key, namespace, instance_tag)
    SELECT execution_id::text, 'revoked', now_ms, $1, namespace, instance_tag
      FROM judged
     WHERE leased AND NOT waits
),
verdict AS MATERIALIZED (
    SELECT group_ctid, queue_ctid, flow_id, downstream_eid, members,
           CASE WHEN members IS NULL THEN 'drained' ELSE 'partly' END AS word
      FROM (SELECT ready.group_ctid, ready.queue_ctid, ready.flow_id, ready.downstream_eid,
                   array_agg(member) FILTER (WHERE stays) AS members,
                   bool_and(stays) AS unchanged
              FROM ready
              -- FULL, as above: whatever is listed is of a group that is ready.
              FULL JOIN (SELECT flow_id, downstream_eid, member,
                                CASE
                                    -- Ids that cannot be read stay for whoever put them there.
                                    WHEN execution_id IS NULL THEN true
                                    WHEN execution_id IN (SELECT execution_id FROM judged WHERE NOT waits) THEN false
                                    WHEN execution_id IN (SELECT execution_id FROM chosen) THEN EXISTS (
                                        SELECT FROM ff_exec_core AS running
                                         WHERE running.partition_key = $1
                                           AND running.execution_id = listed.execution_id
                                           AND running.lifecycle_phase NOT IN ('terminal', 'cancelled')
                                        -- Keeps it a look-up by key, of the few that could not be had or have ended.
                                        OFFSET 0)
                                    ELSE true
                                END AS stays
                           FROM listed) AS list USING (flow_id, downstream_eid)
             GROUP BY ready.group_ctid, ready.queue_ctid, ready.flow_id, ready.downstream_eid) AS summed
     WHERE unchanged IS NOT TRUE
),
group_written AS (
    UPDATE ff_edge_group AS edge_group
       SET cancel_siblings_pending_flag = verdict.members IS NOT NULL,
           cancel_siblings_pending_members = COALESCE(verdict.members, '{}')
      FROM verdict
     WHERE edge_group.partition_key = $1 AND edge_group.ctid = verdict.group_ctid
),
dequeued AS (
    DELETE FROM ff_pending_cancel_groups AS queued
     USING verdict
     WHERE queued.partition_key = $1 AND queued.ctid = verdict.queue_ctid AND verdict.word = 'drained'
)
SELECT flow_id, downstream_eid, word FROM verdict
 UNION ALL
SELECT NULL, execution_id, 'waits' FROM judged WHERE waits
