-- Tidies the queue entries of groups of one partition that are flagged or gone, and queues groups that have none.
--
-- $1 smallint  partition_key
-- $2 uuid[]    flow_id of each group
-- $3 uuid[]    downstream_eid of each
-- $4 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns flow_id, downstream_eid and what was done: stale, drained, requeued. A group with something left to cancel that
-- is in the queue is not among them.
-- Reads by the primary keys of ff_edge_group and ff_exec_core, and what it has locked by ctid; ff_pending_cancel_groups is a
-- queue and may be read whole.
-- Locks ff_edge_group, then ff_pending_cancel_groups, both up front and SKIP LOCKED. Whoever flags a group holds it while
-- he queues it, so what is seen under its lock is not half of that.
-- Idempotent: an entry that is gone, a flag that is cleared and a group that is queued are not due again.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($4::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms
),
edge_group AS MATERIALIZED (
    SELECT ctid AS group_ctid, flow_id, downstream_eid, cancel_siblings_pending_members AS members
      FROM ff_edge_group
     WHERE partition_key = $1
       AND flow_id = ANY ($2::uuid[])
       -- IS TRUE keeps this and those below a look-up in a hash: as a join, the planner, which takes the queue for empty,
       -- compares all with all.
       AND ((flow_id, downstream_eid) IN (
           SELECT flow_id, downstream_eid FROM unnest($2::uuid[], $3::uuid[]) AS t (flow_id, downstream_eid))) IS TRUE
       AND cancel_siblings_pending_flag
       FOR UPDATE OF ff_edge_group SKIP LOCKED
),
pending AS MATERIALIZED (
    SELECT flow_id, downstream_eid
      FROM ff_pending_cancel_groups
     WHERE partition_key = $1
       AND flow_id = ANY ($2::uuid[])
       AND ((flow_id, downstream_eid) IN (
           SELECT flow_id, downstream_eid FROM unnest($2::uuid[], $3::uuid[]) AS t (flow_id, downstream_eid))) IS TRUE
       FOR UPDATE OF ff_pending_cancel_groups SKIP LOCKED
),
judged AS MATERIALIZED (
    SELECT group_ctid, key.flow_id, key.downstream_eid,
           CASE
               WHEN group_ctid IS NULL THEN 'stale'
               WHEN NOT EXISTS (
                    SELECT
                      FROM unnest(edge_group.members) AS member
                     CROSS JOIN LATERAL replace(member, '{fp:' || $1::smallint || '}:', '') AS id
                     WHERE CASE WHEN id ~* '^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$'
                                THEN (SELECT core.lifecycle_phase NOT IN ('terminal', 'cancelled')
                                        FROM ff_exec_core AS core
                                       WHERE core.partition_key = $1 AND core.execution_id = id::uuid)
                                -- Who cannot be read cannot be known to have ended.
                                ELSE true END)
                    THEN 'drained'
               WHEN pending.flow_id IS NULL THEN 'requeued'
           END AS verdict
      FROM edge_group
      FULL JOIN pending USING (flow_id, downstream_eid) AS key
     WHERE CASE
           -- What is not locked by us must not be there at all.
           WHEN group_ctid IS NULL
                THEN (SELECT true
                        FROM ff_edge_group AS held
                       WHERE held.partition_key = $1
                         AND held.flow_id = key.flow_id
                         AND held.downstream_eid = key.downstream_eid) IS NULL
           -- What is read of members is as old as this statement's snapshot: it holds only while the group is the one that
           -- the snapshot shows. A newer one cannot be found by its ctid.
           ELSE EXISTS (SELECT FROM ff_edge_group AS seen WHERE seen.partition_key = $1 AND seen.ctid = group_ctid)
           END
       AND (pending.flow_id IS NOT NULL OR (
           SELECT true
             FROM ff_pending_cancel_groups AS held
            WHERE held.partition_key = $1
              AND held.flow_id = key.flow_id
              AND held.downstream_eid = key.downstream_eid) IS NULL)
),
unflagged AS (
    UPDATE ff_edge_group AS edge_group
       SET cancel_siblings_pending_flag = false, cancel_siblings_pending_members = '{}'
      FROM judged
     WHERE edge_group.partition_key = $1 AND edge_group.ctid = judged.group_ctid AND judged.verdict = 'drained'
),
dequeued AS (
    DELETE FROM ff_pending_cancel_groups
     WHERE partition_key = $1
       AND flow_id = ANY ($2)
       AND ((flow_id, downstream_eid) IN (
           SELECT flow_id, downstream_eid FROM judged WHERE verdict IN ('stale', 'drained'))) IS TRUE
),
requeued AS (
    INSERT INTO ff_pending_cancel_groups (partition_key, flow_id, downstream_eid, enqueued_at_ms)
    SELECT $1, flow_id, downstream_eid, now_ms FROM judged CROSS JOIN clock WHERE verdict = 'requeued'
        -- Somebody else may have done so since the snapshot, and then it is not our doing.
        ON CONFLICT DO NOTHING
 RETURNING flow_id, downstream_eid
)
SELECT flow_id, downstream_eid, verdict FROM judged WHERE verdict IN ('stale', 'drained')
 UNION ALL
SELECT flow_id, downstream_eid, 'requeued' FROM requeued
