-- Finds a page of children that wait, in the order of partition_key and execution_id, from where the last page ended.
--
-- They are live work, unlike the executions that have ended, which are history. A statement of its own, because most of
-- what the other costs is its being set up over all children of its tables, and often nobody waits.
--
-- $1 smallint[]  partition keys to walk, ascending; the first is the one that the last page ended in
-- $2 smallint    partition key of the child that the last page ended with
-- $3 uuid        execution_id of that child
-- $4 bigint      most children
--
-- Returns partition_key, flow_id, execution_id.
-- Reads by ff_exec_core_lane_phase_idx (partition_key, lane_id, lifecycle_phase).
-- Locks nothing.
-- Idempotent: it only reads.
SELECT p.partition_key, waiting.flow_id, waiting.execution_id
  FROM unnest($1::smallint[]) AS p (partition_key)
 CROSS JOIN LATERAL (
       SELECT core.flow_id, core.execution_id
         FROM (SELECT core.flow_id, core.execution_id, core.lifecycle_phase, core.eligibility_state, core.attempt_state,
                      core.ownership_state
                 FROM ff_exec_core AS core
                WHERE core.partition_key = p.partition_key
                  -- No index leads to a phase in any lane, so the lanes are found first, by a probe each.
                  AND core.lane_id = ANY (ARRAY(
                      WITH RECURSIVE lane (lane_id) AS (
                          (SELECT first.lane_id
                             FROM ff_exec_core AS first
                            WHERE first.partition_key = p.partition_key
                            ORDER BY first.lane_id
                            LIMIT 1)
                          UNION ALL
                          SELECT (SELECT next.lane_id
                                    FROM ff_exec_core AS next
                                   WHERE next.partition_key = p.partition_key AND next.lane_id > lane.lane_id
                                   ORDER BY next.lane_id
                                   LIMIT 1)
                            FROM lane
                           WHERE lane.lane_id IS NOT NULL
                      )
                      SELECT lane_id FROM lane WHERE lane_id IS NOT NULL))
                  AND core.lifecycle_phase IN ('submitted', 'runnable', 'blocked', 'pending')
               -- Keeps the order and what follows out of it, or it would be the primary key or the index of flows that is
               -- read, and with them all the executions that have ended.
               OFFSET 0) AS core
        WHERE core.flow_id IS NOT NULL
          AND core.ownership_state = 'unowned'
          AND (core.eligibility_state IN ('blocked_by_dependencies', 'blocked')
               OR core.eligibility_state = 'eligible_now'
              AND (core.lifecycle_phase <> 'runnable' OR core.attempt_state = 'pending'))
          AND (p.partition_key > $2::smallint OR core.execution_id > $3::uuid)
        ORDER BY core.execution_id
        LIMIT $4::bigint) AS waiting
 -- The partitions come in the order of $1, so the page is full before the rest of them is read.
 LIMIT $4
