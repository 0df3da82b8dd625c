-- Releases lapsed leases of one partition: of the current attempt with its full effect, of any other without a trace.
--
-- $1 smallint   partition_key
-- $2 uuid[]     execution_id of each lapsed attempt
-- $3 integer[]  attempt_index of each lapsed attempt
-- $4 bigint     the time, milliseconds since the epoch; NULL means the server's clock
-- $5 boolean    leave the execution active and reclaimable rather than put it back
-- $6 boolean    what they wait for has been removed
--
-- Returns execution_id, attempt_index and what was done: requeued, reclaimable, failed, cleaned; waits, where something
-- has to go first and nothing was done.
-- Reads by the primary keys of ff_exec_core, ff_attempt and ff_suspension_current, and by ff_waitpoint_pending_exec_idx
-- (partition_key, execution_id).
-- Locks ff_exec_core, then ff_attempt, both up front and SKIP LOCKED: an act that never waits cannot deadlock, and a lease
-- being renewed is not one to release.
-- Idempotent: a released attempt has no lease, so it is not due again.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($4::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms
),
wanted AS MATERIALIZED (
    SELECT execution_id, attempt_index
      FROM unnest($2::uuid[], $3::integer[]) AS w (execution_id, attempt_index)
),
core AS MATERIALIZED (
    SELECT execution_id, flow_id, lifecycle_phase, policy, raw_fields, xmin AS version
           , lease_reclaim_count AS reclaims -- engine 0.12
           -- engine 0.11: , CASE WHEN raw_fields ->> 'lease_reclaim_count' ~ '^[0-9]{1,9}$' THEN (raw_fields ->> 'lease_reclaim_count')::integer ELSE 0 END AS reclaims
      FROM ff_exec_core
     WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
     ORDER BY execution_id
       FOR UPDATE SKIP LOCKED
),
attempt AS MATERIALIZED (
    SELECT attempt.execution_id, attempt.attempt_index, attempt.lease_expires_at_ms
      FROM ff_attempt AS attempt
     WHERE attempt.partition_key = $1
       AND attempt.execution_id = ANY ($2::uuid[])
       AND (attempt.execution_id, attempt.attempt_index) IN (SELECT execution_id, attempt_index FROM wanted)
       -- An execution that has been trimmed has no core; its attempts are only cleaned. One whose core somebody else
       -- holds is left to them.
       AND (EXISTS (SELECT FROM core WHERE core.execution_id = attempt.execution_id)
            OR NOT EXISTS (
               SELECT FROM ff_exec_core AS held
                WHERE held.partition_key = $1 AND held.execution_id = attempt.execution_id))
       AND attempt.lease_expires_at_ms <= (SELECT now_ms FROM clock)
     ORDER BY attempt.execution_id, attempt.attempt_index
       FOR UPDATE SKIP LOCKED
),
-- What ends must not go on waiting. Few do, so that another statement removes what they wait for, and this one is run anew.
waiting (execution_id) AS MATERIALIZED (
    SELECT execution_id FROM ff_suspension_current WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
     UNION ALL
    SELECT execution_id FROM ff_waitpoint_pending WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
),
judged AS MATERIALIZED (
    SELECT attempt.execution_id,
           attempt.attempt_index,
           core.flow_id,
           core.raw_fields ->> 'namespace' AS namespace,
           core.raw_fields -> 'tags' ->> 'cairn.instance_id' AS instance_tag,
           core.reclaims,
           CASE
               WHEN core.execution_id IS NULL OR core.lifecycle_phase <> 'active' OR EXISTS (
                    SELECT FROM ff_attempt AS later
                     WHERE later.partition_key = $1
                       AND later.execution_id = attempt.execution_id
                       AND later.attempt_index > attempt.attempt_index)
                    THEN 'cleaned'
               WHEN core.reclaims >= CASE
                    WHEN core.policy ->> 'max_reclaim_count' ~ '^[0-9]{1,9}$'
                         THEN (core.policy ->> 'max_reclaim_count')::bigint
                    WHEN core.policy -> 'timeout_policy' ->> 'max_reclaim_count' ~ '^[0-9]{1,9}$'
                         THEN (core.policy -> 'timeout_policy' ->> 'max_reclaim_count')::bigint
                    ELSE 100 END
                    THEN CASE WHEN NOT $6::boolean AND attempt.execution_id IN (SELECT execution_id FROM waiting)
                              THEN 'waits' ELSE 'failed' END
               WHEN $5::boolean THEN 'reclaimable'
               ELSE 'requeued'
           END AS verdict
      FROM attempt
      LEFT JOIN core USING (execution_id)
     -- What is read without a lock (later attempts) is as old as this statement's snapshot: it holds only while the
     -- core row is the one that the snapshot shows.
     WHERE core.execution_id IS NULL OR EXISTS (
           SELECT FROM ff_exec_core AS seen
            WHERE seen.partition_key = $1 AND seen.execution_id = core.execution_id AND seen.xmin = core.version)
),
vector (verdict, lifecycle_phase, ownership_state, eligibility_state, public_state, attempt_state, blocking_reason, outcome) AS (
    VALUES ('requeued', 'runnable', 'unowned', 'eligible_now', 'waiting', 'pending_retry_attempt', 'waiting_for_worker', 'lease_expired_reclaimable'),
           ('reclaimable', 'active', 'lease_expired_reclaimable', 'not_applicable', 'running', 'attempt_interrupted', 'waiting_for_worker', 'lease_expired_reclaimable'),
           ('failed', 'terminal', 'unowned', 'not_applicable', 'failed', 'attempt_terminal', NULL, 'failed')
),
core_moved AS (
    UPDATE ff_exec_core AS core
       SET lifecycle_phase = vector.lifecycle_phase,
           ownership_state = vector.ownership_state,
           eligibility_state = vector.eligibility_state,
           public_state = vector.public_state,
           attempt_state = vector.attempt_state,
           blocking_reason = vector.blocking_reason,
           -- Typed claims leave the pointer one past the row; every claim path wants it at the row.
           attempt_index = judged.attempt_index,
           terminal_at_ms = CASE WHEN verdict = 'failed' THEN clock.now_ms ELSE core.terminal_at_ms END,
           lease_reclaim_count = judged.reclaims + (verdict = 'requeued')::integer, -- engine 0.12
           -- A typed claim names its lease here, too, and once that is over the engine takes the rest for corruption.
           raw_fields = CASE jsonb_typeof(core.raw_fields) WHEN 'object'
                             THEN core.raw_fields - '{current_attempt_id,current_lease_id,current_worker_id,current_worker_instance_id}'::text[]
                             ELSE '{}' END
               || jsonb_build_object('lease_expired_at_ms', clock.now_ms, 'last_mutation_at', clock.now_ms::text)
               -- engine 0.11: || jsonb_build_object('lease_reclaim_count', judged.reclaims + (verdict = 'requeued')::integer)
               || CASE WHEN verdict = 'failed'
                       THEN jsonb_build_object('failure_reason', 'max_reclaims_exceeded',
                                               'last_failure_message', 'max_reclaims_exceeded')
                       ELSE '{}' END
      FROM judged JOIN vector USING (verdict) CROSS JOIN clock
     WHERE core.partition_key = $1 AND core.execution_id = judged.execution_id
),
attempt_released AS (
    UPDATE ff_attempt AS attempt
       SET lease_expires_at_ms = NULL,
           -- The dead worker may only be slow: without a new epoch its late writes would still be accepted.
           lease_epoch = attempt.lease_epoch + (verdict <> 'cleaned')::integer,
           worker_id = CASE WHEN verdict = 'cleaned' THEN attempt.worker_id END,
           worker_instance_id = CASE WHEN verdict = 'cleaned' THEN attempt.worker_instance_id END,
           -- Some claims keep an old start; the attempt's clock must begin anew.
           started_at_ms = CASE WHEN verdict IN ('cleaned', 'failed') THEN attempt.started_at_ms END,
           terminal_at_ms = CASE WHEN verdict = 'failed' THEN clock.now_ms ELSE attempt.terminal_at_ms END,
           outcome = COALESCE(vector.outcome, attempt.outcome)
      FROM judged LEFT JOIN vector USING (verdict) CROSS JOIN clock
     WHERE attempt.partition_key = $1
       AND attempt.execution_id = judged.execution_id
       AND attempt.attempt_index = judged.attempt_index
       AND verdict <> 'waits'
),
completion_told AS (
    INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, namespace, instance_tag, occurred_at_ms)
    SELECT $1, execution_id, flow_id, 'failed', namespace, instance_tag, now_ms
      FROM judged CROSS JOIN clock
     WHERE verdict = 'failed'
),
lease_told AS (
    INSERT INTO ff_lease_event (execution_id, event_type, occurred_at_ms, partition_key, namespace, instance_tag)
    SELECT execution_id::text, 'expired', now_ms, $1, namespace, instance_tag
      FROM judged CROSS JOIN clock
     WHERE verdict NOT IN ('cleaned', 'waits')
)
SELECT execution_id, attempt_index, verdict FROM judged
