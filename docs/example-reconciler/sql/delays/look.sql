-- Finds delayed executions whose time has come, oldest first over all partitions, and delays without a time.
--
-- $1 smallint[]  partition keys
-- $2 bigint      the time, milliseconds since the epoch; NULL means the server's clock
-- $3 bigint      most rows altogether
-- $4 text        namespace to keep to; NULL means all
-- $5 text        key of the tag to keep to; NULL means all
-- $6 text        value of that tag
-- $7 uuid[]      executions to leave out
--
-- Returns partition_key, execution_id and whether there is a time.
-- Reads by ff_exec_core_lane_phase_idx (partition_key, lane_id, lifecycle_phase): what is runnable, lane by lane. The
-- index of deadlines would be no shorter: executions that have ended keep theirs, and a back-off has none.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT p.partition_key, waiting.execution_id, waiting.due_at_ms IS NOT NULL
  FROM unnest($1::smallint[]) AS p (partition_key)
 CROSS JOIN LATERAL (
       WITH RECURSIVE lane (lane_id) AS (
           SELECT '' -- before any other
            UNION ALL
           SELECT (SELECT min(core.lane_id)
                     FROM ff_exec_core AS core
                    WHERE core.partition_key = p.partition_key AND core.lane_id > lane.lane_id)
             FROM lane
            WHERE lane.lane_id IS NOT NULL
       )
       SELECT lane_id FROM lane WHERE lane_id <> '') AS lane
 CROSS JOIN LATERAL (
       SELECT core.execution_id,
              -- A back-off keeps its time in a field; its deadline is that of the whole execution.
              CASE WHEN core.attempt_state <> 'pending_retry_attempt' THEN core.deadline_at_ms
                   WHEN core.raw_fields ->> 'delay_until' ~ '^[0-9]{1,18}$'
                   THEN (core.raw_fields ->> 'delay_until')::bigint END AS due_at_ms
         FROM ff_exec_core AS core
        WHERE core.partition_key = p.partition_key
          AND core.lane_id = lane.lane_id
          AND core.lifecycle_phase = 'runnable'
          AND core.eligibility_state = 'not_eligible_until_time'
          AND core.execution_id NOT IN (SELECT unnest($7::uuid[]))
          AND ($4::text IS NULL OR core.raw_fields ->> 'namespace' = $4)
          AND ($5::text IS NULL OR core.raw_fields -> 'tags' ->> $5 = $6::text)
       OFFSET 0) AS waiting -- a fence: without it, the lanes may be joined after all of them were read
 WHERE waiting.due_at_ms IS NULL
    OR waiting.due_at_ms <= COALESCE($2::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
 ORDER BY waiting.due_at_ms NULLS LAST
 LIMIT $3::bigint
