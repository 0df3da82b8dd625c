-- Ends children of one partition, whose dependencies cannot be satisfied any more, as skipped.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each child
-- $3 uuid[]    flow_id of each
-- $4 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns execution_id of each child, and what became of it: skipped, left (it does not wait), gone, held.
-- Reads by the primary keys of ff_exec_core, ff_attempt and ff_suspension_current, and by ff_waitpoint_pending_exec_idx
-- (partition_key, execution_id); the child that it has locked, by ctid.
-- Locks ff_exec_core, then ff_attempt, ff_suspension_current and ff_waitpoint_pending, all up front and SKIP LOCKED.
-- Idempotent: a skipped child waits no more.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($4::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms,
           -- Else the triggers of the events would be planned anew for each row, as this statement is.
           set_config('plan_cache_mode', 'auto', true)
),
core AS MATERIALIZED (
    SELECT ctid AS core_ctid, execution_id, raw_fields,
           -- Also what somebody promoted before its time, as long as nobody has claimed it: what it needs will not come.
           ownership_state = 'unowned'
           AND lifecycle_phase IN ('submitted', 'runnable', 'blocked', 'pending')
           AND (eligibility_state IN ('blocked_by_dependencies', 'blocked')
                OR eligibility_state = 'eligible_now'
               AND (lifecycle_phase <> 'runnable' OR attempt_state = 'pending')) AS waits
      FROM ff_exec_core
     WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
     ORDER BY execution_id
       FOR UPDATE SKIP LOCKED
),
child AS MATERIALIZED (
    SELECT core_ctid, execution_id, raw_fields
      FROM core
     WHERE waits
       -- What is read without a lock is as old as this statement's snapshot: it holds only while the core row is the
       -- one that the snapshot shows. A newer one cannot be found by its ctid.
       AND EXISTS (SELECT FROM ff_exec_core AS seen WHERE seen.partition_key = $1 AND seen.ctid = core_ctid)
),
attempt AS MATERIALIZED (
    SELECT execution_id, attempt_index
      FROM ff_attempt
     WHERE partition_key = $1
       AND execution_id = ANY ($2::uuid[])
       AND execution_id IN (SELECT execution_id FROM child)
     ORDER BY execution_id, attempt_index
       FOR UPDATE SKIP LOCKED
),
suspension AS MATERIALIZED (
    SELECT execution_id
      FROM ff_suspension_current
     WHERE partition_key = $1
       AND execution_id = ANY ($2::uuid[])
       AND execution_id IN (SELECT execution_id FROM child)
     ORDER BY execution_id
       FOR UPDATE SKIP LOCKED
),
waitpoint AS MATERIALIZED (
    SELECT waitpoint_id
      FROM ff_waitpoint_pending
     WHERE partition_key = $1
       AND execution_id = ANY ($2::uuid[])
       AND execution_id IN (SELECT execution_id FROM child)
     ORDER BY waitpoint_id
       FOR UPDATE SKIP LOCKED
),
skipped AS MATERIALIZED (
    SELECT child.core_ctid, child.execution_id, child.raw_fields,
           (SELECT max(attempt.attempt_index) FROM attempt WHERE attempt.execution_id = child.execution_id)
               AS attempt_index
      FROM child
     -- Somebody who holds one of these is at work on this execution.
     WHERE NOT EXISTS (
           SELECT FROM ff_attempt AS held
            WHERE held.partition_key = $1 AND held.execution_id = child.execution_id
              AND (held.execution_id, held.attempt_index) NOT IN (SELECT execution_id, attempt_index FROM attempt))
       AND NOT EXISTS (
           SELECT FROM ff_suspension_current AS held
            WHERE held.partition_key = $1 AND held.execution_id = child.execution_id
              AND held.execution_id NOT IN (SELECT execution_id FROM suspension))
       AND NOT EXISTS (
           SELECT FROM ff_waitpoint_pending AS held
            WHERE held.partition_key = $1 AND held.execution_id = child.execution_id
              AND held.waitpoint_id NOT IN (SELECT waitpoint_id FROM waitpoint))
),
core_ended AS (
    UPDATE ff_exec_core AS core
       SET lifecycle_phase = 'terminal',
           ownership_state = 'unowned',
           eligibility_state = 'not_applicable',
           public_state = 'skipped',
           attempt_state = 'attempt_terminal',
           blocking_reason = NULL,
           -- Readers derive the outcome from the attempt that the pointer names.
           attempt_index = COALESCE(skipped.attempt_index, core.attempt_index),
           terminal_at_ms = clock.now_ms,
           -- A typed claim names its lease here, too, and once that is over the engine takes the rest for corruption.
           raw_fields = CASE jsonb_typeof(core.raw_fields) WHEN 'object'
                             THEN core.raw_fields - '{current_attempt_id,current_lease_id,current_worker_id,current_worker_instance_id}'::text[]
                             ELSE '{}' END
               || jsonb_build_object('last_mutation_at', clock.now_ms::text)
      FROM skipped CROSS JOIN clock
     WHERE core.partition_key = $1 AND core.ctid = skipped.core_ctid
    RETURNING core.execution_id, core.attempt_index
),
attempt_ended AS (
    UPDATE ff_attempt AS attempt
       SET outcome = CASE attempt.attempt_index WHEN skipped.attempt_index THEN 'skipped' ELSE attempt.outcome END,
           terminal_at_ms = CASE attempt.attempt_index
               WHEN skipped.attempt_index THEN clock.now_ms ELSE attempt.terminal_at_ms END,
           lease_expires_at_ms = NULL,
           worker_id = NULL,
           worker_instance_id = NULL,
           lease_epoch = attempt.lease_epoch + 1
      FROM skipped CROSS JOIN clock
     WHERE attempt.partition_key = $1
       AND attempt.execution_id = skipped.execution_id
       AND (attempt.attempt_index = skipped.attempt_index OR attempt.lease_expires_at_ms IS NOT NULL)
),
-- An execution that never ran has no attempt to tell its outcome, and without one a replay would not see that it was
-- skipped and would not let it wait for its dependencies again.
attempt_written AS (
    INSERT INTO ff_attempt (partition_key, execution_id, attempt_index, terminal_at_ms, outcome)
    SELECT $1, core_ended.execution_id, core_ended.attempt_index, clock.now_ms, 'skipped'
      FROM core_ended JOIN skipped USING (execution_id) CROSS JOIN clock
     WHERE skipped.attempt_index IS NULL
),
suspension_removed AS (
    DELETE FROM ff_suspension_current
     WHERE partition_key = $1
       AND execution_id = ANY (ARRAY (SELECT execution_id FROM suspension JOIN skipped USING (execution_id)))
),
waitpoints_removed AS (
    DELETE FROM ff_waitpoint_pending
     WHERE partition_key = $1
       AND waitpoint_id = ANY (ARRAY (SELECT waitpoint_id FROM waitpoint))
       AND execution_id = ANY (ARRAY (SELECT execution_id FROM skipped))
),
told AS (
    INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, namespace, instance_tag, occurred_at_ms)
    SELECT $1, skipped.execution_id, wanted.flow_id, 'skipped',
           skipped.raw_fields ->> 'namespace', skipped.raw_fields -> 'tags' ->> 'cairn.instance_id', clock.now_ms
      FROM unnest($2, $3::uuid[]) AS wanted (execution_id, flow_id)
      JOIN skipped USING (execution_id)
     CROSS JOIN clock
)
SELECT wanted.execution_id,
       CASE
           WHEN skipped.execution_id IS NOT NULL THEN 'skipped'
           WHEN NOT core.waits THEN 'left'
           WHEN EXISTS (SELECT FROM ff_exec_core AS present
                         WHERE present.partition_key = $1 AND present.execution_id = wanted.execution_id) THEN 'held'
           ELSE 'gone'
       END AS became
  FROM unnest($2) AS wanted (execution_id)
  LEFT JOIN core USING (execution_id)
  LEFT JOIN skipped USING (execution_id)
