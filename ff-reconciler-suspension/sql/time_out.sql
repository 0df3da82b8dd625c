-- Does to the due suspensions of one partition what their behaviour says.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each due suspension
-- $3 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns execution_id and what was done: failed, cancelled, expired, resumed, escalated, stale.
-- Reads by the primary keys of ff_exec_core, ff_suspension_current and ff_attempt, by ff_suspension_current_timeout_idx
-- (partition_key, timeout_at_ms) and by ff_waitpoint_pending_exec_idx (partition_key, execution_id); what it has locked, by
-- ctid.
-- Locks ff_exec_core, then ff_suspension_current, the current ff_attempt and ff_waitpoint_pending, all up front and SKIP
-- LOCKED: an act that never waits cannot deadlock, and a suspension whose signal is being delivered is not one to end.
-- Idempotent: each outcome removes the suspension, or has keep.sql clear its time-out, so it is not due again.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($3::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms,
           -- Else the triggers of the events would be planned anew for each row, as this statement is.
           set_config('plan_cache_mode', 'auto', true)
),
lapsed AS MATERIALIZED (
    SELECT core.ctid AS core_ctid, suspension.ctid AS suspension_ctid,
           suspension.execution_id, suspension.timeout_behavior,
           core.flow_id, core.lifecycle_phase,
           core.raw_fields ->> 'namespace' AS namespace,
           core.raw_fields -> 'tags' ->> 'cairn.instance_id' AS instance_tag
      FROM ff_exec_core AS core
      JOIN ff_suspension_current AS suspension
        ON suspension.partition_key = $1 AND suspension.execution_id = core.execution_id
     WHERE core.partition_key = $1
       AND core.execution_id = ANY ($2::uuid[])
       AND suspension.timeout_at_ms <= (SELECT now_ms FROM clock)
       FOR UPDATE OF core, suspension SKIP LOCKED
),
judged AS MATERIALIZED (
    SELECT core_ctid, suspension_ctid, execution_id, flow_id, namespace, instance_tag,
           COALESCE(timeout_behavior, 'fail') AS behavior,
           CASE
               -- The row outlives a resume: what has been resumed must not be timed out afterwards.
               WHEN lifecycle_phase <> 'suspended' THEN 'stale'
               WHEN timeout_behavior IN ('auto_resume_with_timeout_signal', 'auto_resume') THEN 'resumed'
               WHEN timeout_behavior = 'cancel' THEN 'cancelled'
               WHEN timeout_behavior = 'expire' THEN 'expired'
               WHEN timeout_behavior = 'escalate' THEN 'escalated'
               -- No behaviour, or a word that the engine does not know, means fail.
               ELSE 'failed'
           END AS word
      FROM lapsed
     -- What is read without a lock (attempts, waitpoints) is as old as this statement's snapshot: it holds only while the
     -- locked rows are the ones that the snapshot shows. Newer ones cannot be found by their ctid, nor be changed by it.
     WHERE EXISTS (SELECT FROM ff_exec_core AS seen WHERE seen.partition_key = $1 AND seen.ctid = core_ctid)
       AND EXISTS (SELECT FROM ff_suspension_current AS seen WHERE seen.partition_key = $1 AND seen.ctid = suspension_ctid)
),
latest AS MATERIALIZED (
    SELECT DISTINCT ON (execution_id) ctid AS attempt_ctid, execution_id, attempt_index
      FROM ff_attempt
     WHERE partition_key = $1
       AND execution_id = ANY (ARRAY (SELECT execution_id FROM judged WHERE word NOT IN ('stale', 'escalated')))
     ORDER BY execution_id, attempt_index DESC
),
attempt AS MATERIALIZED (
    SELECT attempt.ctid AS attempt_ctid, attempt.execution_id, attempt.attempt_index
      FROM latest
      JOIN ff_attempt AS attempt ON attempt.partition_key = $1 AND attempt.ctid = latest.attempt_ctid
       FOR UPDATE OF attempt SKIP LOCKED
),
waitpoint AS MATERIALIZED (
    SELECT waitpoint_id, execution_id
      FROM ff_waitpoint_pending
     WHERE partition_key = $1
       -- By an array, or a planner that takes the table for empty compares all of it with all that were judged.
       AND execution_id = ANY (ARRAY (SELECT execution_id FROM judged WHERE word NOT IN ('stale', 'escalated')))
       FOR UPDATE SKIP LOCKED
),
-- Somebody who holds the attempt or a waitpoint, or has written the attempt since the snapshot, is at work on the execution.
held (execution_id) AS MATERIALIZED (
    SELECT execution_id
      FROM latest
     WHERE attempt_ctid NOT IN (SELECT attempt_ctid FROM attempt)
     UNION ALL
    SELECT execution_id
      FROM ff_waitpoint_pending
     WHERE partition_key = $1
       AND execution_id = ANY (ARRAY (SELECT execution_id FROM judged WHERE word NOT IN ('stale', 'escalated')))
       AND waitpoint_id NOT IN (SELECT waitpoint_id FROM waitpoint)
),
settled AS MATERIALIZED (
    SELECT judged.*, attempt_ctid, attempt_index, now_ms
      FROM judged
      -- Each attempt is of one that was judged, but the planner takes either for few: FULL keeps it from comparing all with
      -- all.
      FULL JOIN attempt USING (execution_id)
     CROSS JOIN clock
     WHERE execution_id NOT IN (SELECT execution_id FROM held)
),
vector (word, lifecycle_phase, ownership_state, eligibility_state, public_state, attempt_state, blocking_reason, completion) AS (
    VALUES ('failed', 'terminal', 'unowned', 'not_applicable', 'failed', 'attempt_terminal', NULL, 'failed'),
           ('cancelled', 'terminal', 'unowned', 'not_applicable', 'cancelled', 'attempt_terminal', NULL, 'cancelled'),
           ('expired', 'terminal', 'unowned', 'not_applicable', 'expired', 'attempt_terminal', NULL, 'expired'),
           ('resumed', 'runnable', 'released', 'eligible_now', 'resumable', 'attempt_interrupted', 'waiting_for_worker', 'resumable'),
           ('escalated', 'suspended', 'released', 'not_applicable', 'suspended', 'attempt_interrupted', 'paused_by_operator', NULL)
),
core_moved AS (
    UPDATE ff_exec_core AS core
       SET lifecycle_phase = vector.lifecycle_phase,
           ownership_state = vector.ownership_state,
           eligibility_state = vector.eligibility_state,
           public_state = vector.public_state,
           attempt_state = vector.attempt_state,
           blocking_reason = vector.blocking_reason,
           -- Readers derive the outcome from, and a resumed claim goes to, the attempt that the pointer names.
           attempt_index = COALESCE(settled.attempt_index, core.attempt_index),
           terminal_at_ms = CASE vector.lifecycle_phase WHEN 'terminal' THEN now_ms ELSE core.terminal_at_ms END,
           cancellation_reason = CASE word
               WHEN 'cancelled' THEN 'suspension_timeout_cancel' ELSE core.cancellation_reason END,
           cancelled_by = CASE word WHEN 'cancelled' THEN 'engine' ELSE core.cancelled_by END,
           -- A typed claim names its lease here, too, and once that is over the engine takes the rest for corruption.
           raw_fields = CASE jsonb_typeof(core.raw_fields) WHEN 'object'
                             THEN core.raw_fields - '{current_attempt_id,current_lease_id,current_worker_id,current_worker_instance_id}'::text[]
                             ELSE '{}' END
               || jsonb_build_object('last_mutation_at', now_ms::text)
               || CASE vector.lifecycle_phase
                  WHEN 'terminal' THEN jsonb_build_object('failure_reason', 'suspension_timeout:' || settled.behavior,
                                                          'last_failure_message', 'suspension_timeout')
                  ELSE '{}' END
      FROM settled JOIN vector USING (word)
     WHERE core.partition_key = $1 AND core.ctid = settled.core_ctid
),
attempt_ended AS (
    UPDATE ff_attempt AS attempt
       SET outcome = settled.word,
           terminal_at_ms = now_ms,
           lease_expires_at_ms = NULL
      FROM settled
     WHERE attempt.partition_key = $1
       AND attempt.ctid = settled.attempt_ctid
       AND settled.word IN ('failed', 'cancelled', 'expired')
),
suspension_removed AS (
    DELETE FROM ff_suspension_current
     WHERE partition_key = $1
       AND ctid = ANY (ARRAY (SELECT suspension_ctid FROM settled WHERE word IN ('failed', 'cancelled', 'expired')))
),
waitpoints_removed AS (
    DELETE FROM ff_waitpoint_pending
     WHERE partition_key = $1
       -- By an array, as above, and IS TRUE, which makes it a look-up by hash rather than another such join.
       AND waitpoint_id = ANY (ARRAY (
           SELECT waitpoint_id FROM waitpoint WHERE execution_id IN (SELECT execution_id FROM settled) IS TRUE))
),
completion_told AS (
    INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, namespace, instance_tag, occurred_at_ms)
    SELECT $1, execution_id,
           -- A resume is not an ending: with a flow on it, it would be taken for one.
           CASE word WHEN 'resumed' THEN NULL ELSE flow_id END,
           completion, namespace, instance_tag, now_ms
      FROM settled JOIN vector USING (word)
     WHERE completion IS NOT NULL
)
SELECT execution_id, word FROM settled
