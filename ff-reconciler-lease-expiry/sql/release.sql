-- Releases lapsed leases of one partition: of the current attempt with its full effect, of any other without a trace.
--
-- $1 smallint   partition_key
-- $2 uuid[]     execution_id of each lapsed attempt
-- $3 integer[]  attempt_index of each lapsed attempt
-- $4 bigint     the time, milliseconds since the epoch; NULL means the server's clock
-- $5 boolean    leave the execution active and reclaimable rather than put it back
-- $6 boolean    nothing is left that they wait for
--
-- Returns execution_id, attempt_index and what was done: requeued, reclaimable, failed, cleaned; ends, where nothing was
-- done because the execution is to end and may wait for something.
-- Reads by the primary keys of ff_exec_core and ff_attempt, and by ff_attempt_lease_expiry_idx (partition_key,
-- lease_expires_at_ms); what it has locked, by ctid.
-- Locks ff_exec_core, then ff_attempt, both up front and SKIP LOCKED: an act that never waits cannot deadlock, and a lease
-- being renewed is not one to release.
-- Idempotent: a released attempt has no lease, so it is not due again.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($4::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms,
           -- Else the triggers of the events would be planned anew for each row, as this statement is.
           set_config('plan_cache_mode', 'auto', true)
),
lapsed AS MATERIALIZED (
    SELECT core.ctid AS core_ctid, attempt.ctid AS attempt_ctid,
           attempt.execution_id, attempt.attempt_index,
           core.flow_id, core.lifecycle_phase, core.policy,
           core.raw_fields ->> 'namespace' AS namespace,
           core.raw_fields -> 'tags' ->> 'cairn.instance_id' AS instance_tag
           , core.lease_reclaim_count AS reclaims -- engine 0.12
           -- engine 0.11: , CASE WHEN core.raw_fields ->> 'lease_reclaim_count' ~ '^[0-9]{1,9}$' THEN (core.raw_fields ->> 'lease_reclaim_count')::integer ELSE 0 END AS reclaims
      FROM unnest($2::uuid[], $3::integer[]) AS wanted (execution_id, attempt_index)
      JOIN ff_exec_core AS core
        ON core.partition_key = $1 AND core.execution_id = wanted.execution_id
      JOIN ff_attempt AS attempt
        ON attempt.partition_key = $1
       AND attempt.execution_id = wanted.execution_id
       AND attempt.attempt_index = wanted.attempt_index
     WHERE attempt.lease_expires_at_ms <= (SELECT now_ms FROM clock)
       FOR UPDATE OF core, attempt SKIP LOCKED
),
verdict AS MATERIALIZED (
    SELECT lapsed.*,
           CASE
               WHEN lifecycle_phase <> 'active' OR EXISTS (
                    SELECT FROM ff_attempt AS later
                     WHERE later.partition_key = $1
                       AND later.execution_id = lapsed.execution_id
                       AND later.attempt_index > lapsed.attempt_index)
                    THEN 'cleaned'
               WHEN reclaims >= CASE
                    WHEN policy ->> 'max_reclaim_count' ~ '^[0-9]{1,9}$'
                         THEN (policy ->> 'max_reclaim_count')::bigint
                    WHEN policy -> 'timeout_policy' ->> 'max_reclaim_count' ~ '^[0-9]{1,9}$'
                         THEN (policy -> 'timeout_policy' ->> 'max_reclaim_count')::bigint
                    ELSE 100 END
                    THEN CASE WHEN $6::boolean THEN 'failed' ELSE 'ends' END
               WHEN $5::boolean THEN 'reclaimable'
               ELSE 'requeued'
           END AS word
      FROM lapsed
     -- What is read without a lock (later attempts) is as old as this statement's snapshot: it holds only while the
     -- locked rows are the ones that the snapshot shows. Newer ones cannot be found by their ctid, nor be changed by it.
     WHERE EXISTS (SELECT FROM ff_exec_core AS seen WHERE seen.partition_key = $1 AND seen.ctid = core_ctid)
       AND EXISTS (SELECT FROM ff_attempt AS seen WHERE seen.partition_key = $1 AND seen.ctid = attempt_ctid)
),
vector (word, phase, ownership_state, eligibility_state, public_state, attempt_state, blocking_reason, outcome) AS (
    VALUES ('requeued', 'runnable', 'unowned', 'eligible_now', 'waiting', 'pending_retry_attempt', 'waiting_for_worker', 'lease_expired_reclaimable'),
           ('reclaimable', 'active', 'lease_expired_reclaimable', 'not_applicable', 'running', 'attempt_interrupted', 'waiting_for_worker', 'lease_expired_reclaimable'),
           ('failed', 'terminal', 'unowned', 'not_applicable', 'failed', 'attempt_terminal', NULL, 'failed')
),
judged AS MATERIALIZED (
    SELECT * FROM verdict LEFT JOIN vector USING (word) CROSS JOIN clock
),
core_moved AS (
    UPDATE ff_exec_core AS core
       SET lifecycle_phase = judged.phase,
           ownership_state = judged.ownership_state,
           eligibility_state = judged.eligibility_state,
           public_state = judged.public_state,
           attempt_state = judged.attempt_state,
           blocking_reason = judged.blocking_reason,
           -- Typed claims leave the pointer one past the row; every claim path wants it at the row.
           attempt_index = judged.attempt_index,
           terminal_at_ms = CASE WHEN word = 'failed' THEN now_ms ELSE core.terminal_at_ms END,
           lease_reclaim_count = judged.reclaims + (word = 'requeued')::integer, -- engine 0.12
           -- A typed claim names its lease here, too, and once that is over the engine takes the rest for corruption.
           raw_fields = CASE jsonb_typeof(core.raw_fields) WHEN 'object'
                             THEN core.raw_fields - '{current_attempt_id,current_lease_id,current_worker_id,current_worker_instance_id}'::text[]
                             ELSE '{}' END
               || jsonb_build_object('lease_expired_at_ms', now_ms, 'last_mutation_at', now_ms::text)
               -- engine 0.11: || jsonb_build_object('lease_reclaim_count', judged.reclaims + (word = 'requeued')::integer)
               || CASE WHEN word = 'failed'
                       THEN jsonb_build_object('failure_reason', 'max_reclaims_exceeded',
                                               'last_failure_message', 'max_reclaims_exceeded')
                       ELSE '{}' END
      FROM judged
     WHERE core.partition_key = $1 AND core.ctid = judged.core_ctid AND judged.phase IS NOT NULL
),
attempt_released AS (
    UPDATE ff_attempt AS attempt
       SET lease_expires_at_ms = NULL,
           -- The dead worker may only be slow: without a new epoch its late writes would still be accepted.
           lease_epoch = attempt.lease_epoch + (word <> 'cleaned')::integer,
           worker_id = CASE WHEN word = 'cleaned' THEN attempt.worker_id END,
           worker_instance_id = CASE WHEN word = 'cleaned' THEN attempt.worker_instance_id END,
           -- Some claims keep an old start; the attempt's clock must begin anew.
           started_at_ms = CASE WHEN word IN ('cleaned', 'failed') THEN attempt.started_at_ms END,
           terminal_at_ms = CASE WHEN word = 'failed' THEN now_ms ELSE attempt.terminal_at_ms END,
           outcome = COALESCE(judged.outcome, attempt.outcome)
      FROM judged
     WHERE attempt.partition_key = $1 AND attempt.ctid = judged.attempt_ctid AND word <> 'ends'
),
completion_told AS (
    INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, namespace, instance_tag, occurred_at_ms)
    SELECT $1, execution_id, flow_id, 'failed', namespace, instance_tag, now_ms FROM judged WHERE word = 'failed'
),
lease_told AS (
    INSERT INTO ff_lease_event (execution_id, event_type, occurred_at_ms, partition_key, namespace, instance_tag)
    SELECT execution_id::text, 'expired', now_ms, $1, namespace, instance_tag FROM judged WHERE word NOT IN ('cleaned', 'ends')
)
SELECT execution_id, attempt_index, word FROM judged
