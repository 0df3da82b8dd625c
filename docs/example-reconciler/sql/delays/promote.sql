-- Makes executions of one partition claimable whose delay is over.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each
-- $3 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns execution_id and what is over: delay, backoff.
-- Reads by the primary keys of ff_exec_core and ff_attempt.
-- Locks ff_exec_core, then ff_attempt, all up front and SKIP LOCKED.
-- Idempotent: what was promoted is eligible_now, so it is not due again.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($3::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms
),
core AS MATERIALIZED (
    SELECT ctid AS core_ctid, execution_id,
           CASE attempt_state WHEN 'pending_retry_attempt' THEN 'backoff' ELSE 'delay' END AS verdict
      FROM ff_exec_core
     WHERE partition_key = $1
       AND execution_id = ANY ($2::uuid[])
       AND lifecycle_phase = 'runnable'
       AND eligibility_state = 'not_eligible_until_time'
       AND CASE WHEN attempt_state <> 'pending_retry_attempt' THEN deadline_at_ms
                WHEN raw_fields ->> 'delay_until' ~ '^[0-9]{1,18}$' THEN (raw_fields ->> 'delay_until')::bigint END
           <= (SELECT now_ms FROM clock)
     ORDER BY execution_id
       FOR UPDATE SKIP LOCKED
),
-- A delayed attempt goes on; after a back-off the next one begins.
current AS MATERIALIZED (
    SELECT attempt.execution_id, max(attempt.attempt_index) AS attempt_index
      FROM ff_attempt AS attempt
     WHERE attempt.partition_key = $1
       AND attempt.execution_id IN (SELECT execution_id FROM core WHERE verdict = 'delay')
     GROUP BY attempt.execution_id
),
attempt AS MATERIALIZED (
    SELECT attempt.execution_id, attempt.attempt_index
      FROM ff_attempt AS attempt
     WHERE attempt.partition_key = $1
       AND attempt.execution_id = ANY ($2::uuid[])
       AND (attempt.execution_id, attempt.attempt_index) IN (SELECT execution_id, attempt_index FROM current)
     ORDER BY attempt.execution_id
       FOR UPDATE SKIP LOCKED
),
settled AS MATERIALIZED (
    SELECT core_ctid, core.execution_id, core.verdict, attempt.attempt_index, clock.now_ms
      FROM core LEFT JOIN attempt USING (execution_id) CROSS JOIN clock
     -- Attempts are read without a lock, so they are as old as this statement's snapshot: that holds only while the
     -- core row is the one that the snapshot shows; a newer one cannot be found by its ctid.
     WHERE EXISTS (SELECT FROM ff_exec_core AS seen WHERE seen.partition_key = $1 AND seen.ctid = core_ctid)
       -- Somebody who holds the attempt is at work on this execution.
       AND (attempt.execution_id IS NOT NULL OR core.execution_id NOT IN (SELECT execution_id FROM current))
),
promoted AS (
    UPDATE ff_exec_core AS core
       SET eligibility_state = 'eligible_now',
           public_state = 'waiting',
           -- The one word that every claim path accepts, on the attempt that is to go on.
           attempt_state = 'pending_retry_attempt',
           attempt_index = COALESCE(settled.attempt_index, core.attempt_index),
           blocking_reason = 'waiting_for_worker',
           deadline_at_ms = CASE settled.verdict WHEN 'backoff' THEN core.deadline_at_ms END,
           raw_fields = core.raw_fields - 'delay_until'
               || jsonb_build_object('last_mutation_at', settled.now_ms::text)
      FROM settled
     WHERE core.partition_key = $1 AND core.ctid = settled.core_ctid
),
attempt_restarted AS (
    UPDATE ff_attempt AS attempt
       -- Some claims keep an old start, and an attempt that was only delayed would be timed out as soon as it goes on.
       SET started_at_ms = NULL
      FROM settled
     WHERE attempt.partition_key = $1
       AND attempt.execution_id = settled.execution_id
       AND attempt.attempt_index = settled.attempt_index
)
SELECT execution_id, verdict FROM settled
