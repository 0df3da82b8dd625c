-- Finds executions that were granted to a worker which did not claim them in time.
--
-- $1 smallint[]  partition keys
-- $2 bigint      the time, milliseconds since the epoch; NULL means the server's clock
-- $3 bigint      most rows for a partition
-- $4 text        namespace to keep to; NULL means all
-- $5 text        key of the tag to keep to; NULL means all
-- $6 text        value of that tag
-- $7 uuid[]      executions to leave out
--
-- Returns partition_key, execution_id.
-- Reads by ff_exec_core_lane_phase_idx (partition_key, lane_id, lifecycle_phase): what is runnable, lane by lane.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT p.partition_key, due.execution_id
  FROM unnest($1::smallint[]) AS p (partition_key)
 CROSS JOIN LATERAL (
       -- The index wants a lane before a phase. Going from each lane to the next costs a step a lane; leaving the lane
       -- out would read every execution that has ever ended.
       WITH RECURSIVE lane (lane_id) AS (
           SELECT '' -- before any other
            UNION ALL
           SELECT (SELECT min(core.lane_id)
                     FROM ff_exec_core AS core
                    WHERE core.partition_key = p.partition_key AND core.lane_id > lane.lane_id)
             FROM lane
            WHERE lane.lane_id IS NOT NULL
       )
       SELECT waiting.execution_id
         FROM lane
        CROSS JOIN LATERAL (
              SELECT core.execution_id
                FROM ff_exec_core AS core
               WHERE core.partition_key = p.partition_key
                 AND core.lane_id = lane.lane_id
                 AND core.lifecycle_phase = 'runnable'
                 AND core.eligibility_state = 'pending_claim'
                 AND CASE WHEN core.raw_fields -> 'claim_grant' ->> 'expires_at_ms' ~ '^[0-9]{1,18}$'
                          THEN (core.raw_fields -> 'claim_grant' ->> 'expires_at_ms')::bigint ELSE 0 END
                     <= COALESCE($2::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
                 AND core.execution_id NOT IN (SELECT unnest($7::uuid[]))
                 AND ($4::text IS NULL OR core.raw_fields ->> 'namespace' = $4)
                 AND ($5::text IS NULL OR core.raw_fields -> 'tags' ->> $5 = $6::text)
               LIMIT $3::bigint) AS waiting
        WHERE lane.lane_id <> ''
        -- In no order: what is put back is not found again, and what cannot be is left out, so nothing is starved.
        LIMIT $3::bigint) AS due
