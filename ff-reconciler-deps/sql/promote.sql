-- Makes children of one partition, whose dependencies are satisfied, claimable.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each child
-- $3 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns execution_id of each child, and what became of it: promoted, left (it does not wait), gone, held.
-- Reads by the primary key of ff_exec_core; what it has locked, by ctid.
-- Locks ff_exec_core, up front, in the order of the ids and SKIP LOCKED.
-- Idempotent: a promoted child waits no more.
WITH child AS MATERIALIZED (
    SELECT ctid AS core_ctid, execution_id,
           -- What is active, suspended, delayed, paused or granted to a worker is not waiting for its dependencies, and
           -- a late success must not make it claimable. Nothing else promotes what was only created.
           ownership_state = 'unowned'
           AND lifecycle_phase IN ('submitted', 'runnable', 'blocked', 'pending')
           AND (eligibility_state IN ('blocked_by_dependencies', 'blocked')
                OR eligibility_state = 'eligible_now' AND lifecycle_phase <> 'runnable') AS waits
      FROM ff_exec_core
     WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
     ORDER BY execution_id
       FOR UPDATE SKIP LOCKED
),
promoted AS (
    -- The state of the attempt stays: what had not started has not, and what had waits to go on.
    UPDATE ff_exec_core AS core
       SET lifecycle_phase = 'runnable',
           ownership_state = 'unowned',
           eligibility_state = 'eligible_now',
           public_state = 'waiting',
           blocking_reason = 'waiting_for_worker',
           raw_fields = core.raw_fields || jsonb_build_object('last_mutation_at',
               COALESCE($3::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)::text)
      FROM child
     -- A version that is newer than this statement's snapshot cannot be found by its ctid: who wrote it was here just now.
     WHERE core.partition_key = $1 AND core.ctid = child.core_ctid AND child.waits
    RETURNING core.execution_id
)
SELECT wanted.execution_id,
       CASE
           WHEN promoted.execution_id IS NOT NULL THEN 'promoted'
           WHEN NOT child.waits THEN 'left'
           WHEN EXISTS (SELECT FROM ff_exec_core AS present
                         WHERE present.partition_key = $1 AND present.execution_id = wanted.execution_id) THEN 'held'
           ELSE 'gone'
       END AS became
  FROM unnest($2) AS wanted (execution_id)
  LEFT JOIN child USING (execution_id)
  LEFT JOIN promoted USING (execution_id)
