-- Gives children of one partition, which have not started, the results of upstreams as their payloads.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each child
-- $3 uuid[]    execution_id of the upstream whose result it gets
--
-- Returns execution_id of each child, and what became of it: passed, left (it waits no more), gone, held.
-- Reads by the primary key of ff_exec_core.
-- Locks the children in ff_exec_core, up front, in the order of their ids and SKIP LOCKED.
-- Idempotent: the same result twice is the same payload.
WITH child AS MATERIALIZED (
    SELECT execution_id,
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
wanted AS MATERIALIZED (
    SELECT execution_id, upstream_eid FROM unnest($2, $3::uuid[]) AS wanted (execution_id, upstream_eid)
),
passed AS (
    UPDATE ff_exec_core AS core
       SET payload = upstream.result
      FROM wanted
      JOIN child USING (execution_id)
      JOIN ff_exec_core AS upstream
        ON upstream.partition_key = $1 AND upstream.execution_id = wanted.upstream_eid
     WHERE core.partition_key = $1
       AND core.execution_id = wanted.execution_id
       AND child.waits
       AND upstream.result IS NOT NULL
)
SELECT wanted.execution_id,
       CASE
           WHEN child.waits THEN 'passed'
           WHEN child.execution_id IS NOT NULL THEN 'left'
           WHEN EXISTS (SELECT FROM ff_exec_core AS present
                         WHERE present.partition_key = $1 AND present.execution_id = wanted.execution_id) THEN 'held'
           ELSE 'gone'
       END AS became
  FROM wanted
  LEFT JOIN child USING (execution_id)
