-- Says how executions of one partition ended, from their own rows.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each
-- $3 bigint    the time, milliseconds since the epoch; NULL means the server's clock
-- $4 bigint    how long ago an event of theirs must have been marked, milliseconds
--
-- Returns execution_id and outcome (success, failed, cancelled, expired, skipped) of those that have ended and are in
-- nobody's hands.
-- Reads by the primary keys of ff_exec_core and ff_attempt, and by ff_completion_event_lookup_idx (partition_key,
-- execution_id, occurred_at_ms); on engines that have none, the partition's events.
-- Locks nothing: what has ended stays so unless it is replayed, and then it has nonetheless ended before.
-- Idempotent: it only reads.
SELECT core.execution_id,
       CASE
           WHEN core.lifecycle_phase = 'cancelled' THEN 'cancelled'
           WHEN latest.outcome IN ('success', 'failed', 'cancelled', 'expired', 'skipped') THEN latest.outcome
           WHEN core.public_state IN ('failed', 'cancelled', 'expired', 'skipped') THEN core.public_state
           WHEN core.public_state = 'completed' THEN 'success'
           WHEN core.raw_fields ->> 'terminal_outcome' IN ('success', 'completed') THEN 'success'
           ELSE 'failed'
       END AS outcome
  FROM ff_exec_core AS core
  -- The latest attempt, because a typed claim leaves the pointer one past it.
  LEFT JOIN LATERAL (
       SELECT attempt.outcome
         FROM ff_attempt AS attempt
        WHERE attempt.partition_key = $1 AND attempt.execution_id = core.execution_id
        ORDER BY attempt.attempt_index DESC
        LIMIT 1) AS latest ON true
 WHERE core.partition_key = $1
   AND core.execution_id = ANY ($2::uuid[])
   AND core.lifecycle_phase IN ('terminal', 'cancelled')
   -- The engine's own dispatcher marks an event before it applies it, however long that has been pending, and adds to the
   -- counters of groups: what it is about to add must not be there already.
   AND NOT EXISTS (
       SELECT FROM ff_completion_event AS event
        WHERE event.partition_key = $1
          AND event.execution_id = core.execution_id
          AND COALESCE(event.dispatched_at_ms
              > COALESCE($3::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) - $4::bigint, true))
