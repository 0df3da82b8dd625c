-- Ends the overdue attempts of one partition: with another try where the policy leaves one, else with the execution.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each overdue attempt
-- $3 bigint    the time, milliseconds since the epoch; NULL means the server's clock
-- $4 boolean   a lapsed lease is the time-out, rather than the policy's attempt_timeout_ms
-- $5 boolean   what they wait for has been removed
--
-- Returns execution_id and what was done: retried, expired; waits, where something has to go first
-- and nothing was done.
-- Reads by the primary keys of ff_exec_core, ff_attempt and ff_suspension_current, by ff_attempt_lease_expiry_idx
-- (partition_key, lease_expires_at_ms) and by ff_waitpoint_pending_exec_idx (partition_key, execution_id); what it has
-- locked, by ctid.
-- Locks ff_exec_core, then ff_attempt, both up front and SKIP LOCKED: an act that never waits cannot deadlock, and an
-- attempt being completed is not one to end.
-- Idempotent: an ended attempt has no lease, so it is not due again.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($3::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms,
           -- Else the triggers of the events would be planned anew for each row, as this statement is.
           set_config('plan_cache_mode', 'auto', true)
),
leased AS MATERIALIZED (
    SELECT core.ctid AS core_ctid,
           attempt.ctid AS attempt_ctid,
           attempt.execution_id,
           attempt.attempt_index,
           attempt.started_at_ms,
           attempt.lease_expires_at_ms,
           attempt.policy AS attempt_policy,
           core.flow_id,
           core.policy AS core_policy,
           core.raw_fields
      FROM ff_exec_core AS core
      JOIN ff_attempt AS attempt ON attempt.partition_key = $1 AND attempt.execution_id = core.execution_id
     WHERE core.partition_key = $1
       AND core.execution_id = ANY ($2::uuid[])
       AND core.lifecycle_phase = 'active'
       AND attempt.lease_expires_at_ms IS NOT NULL
       FOR UPDATE OF core, attempt SKIP LOCKED
),
timed AS (
    SELECT core_ctid,
           attempt_ctid,
           leased.execution_id,
           leased.attempt_index,
           -- Typed claims keep the start of an attempt that was replayed: it did not begin before its replay.
           CASE WHEN raw_fields ? 'replay_count' AND raw_fields ->> 'last_mutation_at' ~ '^[0-9]{1,18}$'
                THEN GREATEST(started_at_ms, (raw_fields ->> 'last_mutation_at')::bigint)
                ELSE started_at_ms END AS started_at_ms,
           lease_expires_at_ms,
           flow_id,
           raw_fields ->> 'namespace' AS namespace,
           raw_fields -> 'tags' ->> 'cairn.instance_id' AS instance_tag,
           COALESCE(CASE WHEN attempt_policy -> 'timeout_policy' ->> 'attempt_timeout_ms' ~ '^0*[1-9][0-9]{0,17}$'
                         THEN (attempt_policy -> 'timeout_policy' ->> 'attempt_timeout_ms')::bigint END,
                    CASE WHEN attempt_policy ->> 'attempt_timeout_ms' ~ '^0*[1-9][0-9]{0,17}$'
                         THEN (attempt_policy ->> 'attempt_timeout_ms')::bigint END,
                    CASE WHEN core_policy -> 'timeout_policy' ->> 'attempt_timeout_ms' ~ '^0*[1-9][0-9]{0,17}$'
                         THEN (core_policy -> 'timeout_policy' ->> 'attempt_timeout_ms')::bigint END) AS timeout_ms,
           -- One counter for this and the engine's own fail; where nobody has counted yet, the tries that ended.
           CASE WHEN raw_fields ->> 'retry_count' ~ '^[0-9]{1,9}$'
                THEN (raw_fields ->> 'retry_count')::bigint
                ELSE other.retries END AS retries,
           CASE WHEN core_policy -> 'retry_policy' ->> 'max_retries' ~ '^[0-9]{1,18}$'
                THEN (core_policy -> 'retry_policy' ->> 'max_retries')::bigint
                ELSE 0 END AS max_retries
      FROM leased
     CROSS JOIN LATERAL (
           SELECT count(*) FILTER (
                      WHERE other.attempt_index < leased.attempt_index
                        AND outcome IN ('retry', 'failed', 'failure', 'interrupted')) AS retries,
                  bool_or(other.attempt_index > leased.attempt_index) AS is_replaced,
                  bool_or(other.ctid = leased.attempt_ctid) AS is_seen
             FROM ff_attempt AS other
            WHERE other.partition_key = $1
              AND other.execution_id = leased.execution_id) AS other
     WHERE NOT is_replaced
       -- What is read without a lock (other attempts) is as old as this statement's snapshot: it holds only while the
       -- locked rows are the ones that the snapshot shows. Newer ones cannot be found by their ctid, nor be changed by it.
       AND is_seen
       AND EXISTS (SELECT FROM ff_exec_core AS seen WHERE seen.partition_key = $1 AND seen.ctid = core_ctid)
    -- Keeps what is worked out here from being worked out again wherever it is used.
    OFFSET 0
),
-- What ends must not go on waiting. Few do, so that another statement removes what they wait for, and this one is run anew.
waiting (execution_id) AS MATERIALIZED (
    SELECT execution_id FROM ff_suspension_current WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
     UNION ALL
    SELECT execution_id FROM ff_waitpoint_pending WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
),
judged AS MATERIALIZED (
    SELECT core_ctid, attempt_ctid, execution_id, attempt_index, flow_id, namespace, instance_tag, retries, now_ms,
           CASE
               WHEN retries < max_retries THEN 'retried'
               WHEN NOT $5::boolean AND execution_id IN (SELECT execution_id FROM waiting) THEN 'waits'
               ELSE 'expired'
           END AS word
      FROM timed CROSS JOIN clock
     WHERE CASE WHEN $4::boolean THEN lease_expires_at_ms <= now_ms
                -- Never before the epoch, or the difference would overflow.
                ELSE now_ms - GREATEST(started_at_ms, 0) >= timeout_ms END
),
core_moved AS (
    UPDATE ff_exec_core AS core
       SET lifecycle_phase = CASE word WHEN 'retried' THEN 'runnable' ELSE 'terminal' END,
           ownership_state = 'unowned',
           eligibility_state = CASE word WHEN 'retried' THEN 'eligible_now' ELSE 'not_applicable' END,
           public_state = CASE word WHEN 'retried' THEN 'waiting' ELSE 'expired' END,
           attempt_state = CASE word WHEN 'retried' THEN 'pending_retry_attempt' ELSE 'attempt_terminal' END,
           blocking_reason = CASE word WHEN 'retried' THEN 'waiting_for_worker' END,
           -- From the row and not from the pointer, which typed claims leave one past the row.
           attempt_index = judged.attempt_index + (word = 'retried')::integer,
           terminal_at_ms = CASE word WHEN 'expired' THEN now_ms ELSE core.terminal_at_ms END,
           -- A typed claim names its lease here, too, and once that is over the engine takes the rest for corruption.
           raw_fields = CASE jsonb_typeof(core.raw_fields) WHEN 'object'
                             THEN core.raw_fields - '{current_attempt_id,current_lease_id,current_worker_id,current_worker_instance_id}'::text[]
                             ELSE '{}' END
               || jsonb_build_object(
                      'last_failure_message', 'attempt_timeout',
                      'last_mutation_at', now_ms::text,
                      CASE word WHEN 'retried' THEN 'retry_count' ELSE 'failure_reason' END,
                      CASE word WHEN 'retried' THEN (retries + 1)::text ELSE 'attempt_timeout' END)
      FROM judged
     WHERE core.partition_key = $1 AND core.ctid = judged.core_ctid AND word <> 'waits'
),
attempt_ended AS (
    UPDATE ff_attempt AS attempt
       SET outcome = CASE word WHEN 'retried' THEN 'interrupted' ELSE 'expired' END,
           terminal_at_ms = now_ms,
           lease_expires_at_ms = NULL,
           -- The worker may still be at it: without a new epoch its late writes would be accepted.
           lease_epoch = attempt.lease_epoch + 1,
           worker_id = NULL,
           worker_instance_id = NULL
      FROM judged
     WHERE attempt.partition_key = $1 AND attempt.ctid = judged.attempt_ctid AND word <> 'waits'
),
completion_told AS (
    INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, namespace, instance_tag, occurred_at_ms)
    SELECT $1, execution_id, flow_id, 'expired', namespace, instance_tag, now_ms FROM judged WHERE word = 'expired'
),
lease_told AS (
    INSERT INTO ff_lease_event (execution_id, event_type, occurred_at_ms, partition_key, namespace, instance_tag)
    SELECT execution_id::text, 'expired', now_ms, $1, namespace, instance_tag FROM judged WHERE word <> 'waits'
)
SELECT execution_id, word FROM judged
