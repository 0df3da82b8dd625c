-- Finds queued groups that have nothing left to cancel, partition by partition and oldest first.
--
-- $1 bigint  most rows
-- $2 text    namespace to keep to; NULL means all
-- $3 text    key of the tag to keep to; NULL means all
-- $4 text    value of that tag
-- $5 uuid[]  flow_id of each group to leave out
-- $6 uuid[]  downstream_eid of each
--
-- Returns partition_key, flow_id, downstream_eid.
-- Reads by the primary keys of ff_edge_group, ff_exec_core and ff_flow_core; ff_pending_cancel_groups is a queue and is
-- read whole, by its primary key, as no index has all its rows in order of age.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT queued.partition_key, queued.flow_id, queued.downstream_eid
  FROM (SELECT pending.*,
               edge_group.cancel_siblings_pending_flag AS flagged,
               edge_group.cancel_siblings_pending_members AS members
          FROM ff_pending_cancel_groups AS pending
          -- LEFT, so that it is the queue that it begins with, and not all groups; joined child by child.
          LEFT JOIN ff_edge_group AS edge_group USING (partition_key, flow_id, downstream_eid)
        OFFSET 0) AS queued
 -- Groups at work are not candidates: they must not fill a batch.
 WHERE (queued.flagged IS NOT TRUE OR NOT EXISTS (
           SELECT
             FROM unnest(queued.members) AS member
            CROSS JOIN LATERAL replace(member, '{fp:' || queued.partition_key || '}:', '') AS id
            WHERE CASE WHEN id ~* '^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$'
                       THEN (SELECT core.lifecycle_phase NOT IN ('terminal', 'cancelled')
                               FROM ff_exec_core AS core
                              WHERE core.partition_key = queued.partition_key AND core.execution_id = id::uuid)
                       -- Who cannot be read cannot be known to have ended.
                       ELSE true END))
   -- if avoiding
   AND (queued.flow_id, queued.downstream_eid) NOT IN (
       SELECT flow_id, downstream_eid FROM unnest($5::uuid[], $6::uuid[]) AS t (flow_id, downstream_eid))
   -- end if
   -- if filtered
   -- A group belongs to whom its downstream execution belongs to, and to the flow's owner once that has been trimmed.
   AND COALESCE(
       (SELECT ($2::text IS NULL OR child.raw_fields ->> 'namespace' IS NOT DISTINCT FROM $2)
               AND ($3::text IS NULL OR child.raw_fields -> 'tags' ->> $3 IS NOT DISTINCT FROM $4::text)
          FROM ff_exec_core AS child
         WHERE child.partition_key = queued.partition_key AND child.execution_id = queued.downstream_eid),
       (SELECT ($2::text IS NULL OR flow.raw_fields ->> 'namespace' IS NOT DISTINCT FROM $2)
               AND ($3::text IS NULL OR flow.raw_fields ->> $3 IS NOT DISTINCT FROM $4::text)
          FROM ff_flow_core AS flow
         WHERE flow.partition_key = queued.partition_key AND flow.flow_id = queued.flow_id),
       false)
   -- end if
 -- By partition first, so that an act gets as many of them as there are, and not the few of a batch spread over all.
 ORDER BY queued.partition_key, queued.enqueued_at_ms
 LIMIT $1::bigint
