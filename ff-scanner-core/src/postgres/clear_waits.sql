-- Removes the suspensions and waitpoints of executions of one partition that are about to end.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each; the caller holds its ff_exec_core and its attempt
--
-- Returns execution_id of each that waits for nothing any more. What somebody holds stays, with the rest of its execution.
-- Reads by the primary key of ff_suspension_current and by ff_waitpoint_pending_exec_idx (partition_key, execution_id).
-- Locks ff_suspension_current, then ff_waitpoint_pending, in the order of their keys and SKIP LOCKED: the engine locks a
-- suspension before its core row, so waiting here, with the core row in hand, would be a deadlock.
-- Idempotent: what is gone is gone.
WITH suspension AS MATERIALIZED (
    SELECT execution_id
      FROM ff_suspension_current
     WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
     ORDER BY execution_id
       FOR UPDATE SKIP LOCKED
),
waitpoint AS MATERIALIZED (
    SELECT waitpoint_id, execution_id
      FROM ff_waitpoint_pending
     WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
     ORDER BY waitpoint_id
       FOR UPDATE SKIP LOCKED
),
held (execution_id) AS MATERIALIZED (
    SELECT execution_id
      FROM ff_suspension_current
     WHERE partition_key = $1
       AND execution_id = ANY ($2::uuid[])
       AND execution_id NOT IN (SELECT execution_id FROM suspension)
     UNION ALL
    SELECT execution_id
      FROM ff_waitpoint_pending
     WHERE partition_key = $1
       AND execution_id = ANY ($2::uuid[])
       AND waitpoint_id NOT IN (SELECT waitpoint_id FROM waitpoint)
),
cleared AS MATERIALIZED (
    SELECT execution_id FROM unnest($2::uuid[]) AS t (execution_id) EXCEPT SELECT execution_id FROM held
),
suspension_removed AS (
    DELETE FROM ff_suspension_current
     WHERE partition_key = $1 AND execution_id = ANY (ARRAY (SELECT execution_id FROM cleared))
),
waitpoints_removed AS (
    DELETE FROM ff_waitpoint_pending
     WHERE partition_key = $1
       AND waitpoint_id = ANY (ARRAY (SELECT waitpoint_id FROM waitpoint JOIN cleared USING (execution_id)))
)
SELECT execution_id FROM cleared
