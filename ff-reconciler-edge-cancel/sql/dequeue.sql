-- Takes groups of one partition that have no flag out of the queue.
--
-- $1 smallint  partition_key
-- $2 uuid[]    flow_id of each group
-- $3 uuid[]    downstream_eid of each
--
-- Returns flow_id, downstream_eid and what was done: stale.
-- Reads by the primary key of ff_edge_group; ff_pending_cancel_groups is a queue and may be read whole.
-- Locks ff_edge_group, then ff_pending_cancel_groups, both up front and SKIP LOCKED. Whoever flags a group holds it while
-- he queues it, so an entry that is seen under its lock is not for a flag that is about to be raised.
-- Idempotent: an entry that is gone is not due again.
WITH unflagged AS MATERIALIZED (
    SELECT flow_id, downstream_eid
      FROM ff_edge_group
     WHERE partition_key = $1
       AND flow_id = ANY ($2::uuid[])
       -- IS TRUE keeps this and those below a look-up in a hash: as a join, the planner, which takes the queue for empty,
       -- compares all with all.
       AND ((flow_id, downstream_eid) IN (
           SELECT flow_id, downstream_eid FROM unnest($2::uuid[], $3::uuid[]) AS t (flow_id, downstream_eid))) IS TRUE
       AND NOT cancel_siblings_pending_flag
       FOR UPDATE SKIP LOCKED
),
pending AS MATERIALIZED (
    SELECT flow_id, downstream_eid
      FROM ff_pending_cancel_groups
     WHERE partition_key = $1
       AND flow_id = ANY ($2::uuid[])
       AND ((flow_id, downstream_eid) IN (SELECT flow_id, downstream_eid FROM unflagged)) IS TRUE
       FOR UPDATE SKIP LOCKED
)
DELETE FROM ff_pending_cancel_groups
 WHERE partition_key = $1
   AND flow_id = ANY ($2::uuid[])
   AND ((flow_id, downstream_eid) IN (SELECT flow_id, downstream_eid FROM pending)) IS TRUE
RETURNING flow_id, downstream_eid, 'stale'
