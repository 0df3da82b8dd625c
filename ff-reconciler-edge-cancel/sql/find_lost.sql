-- Finds, among flagged groups, those that are not queued.
--
-- $1 bigint      most rows
-- $2 text        namespace to keep to; NULL means all
-- $3 text        key of the tag to keep to; NULL means all
-- $4 text        value of that tag
-- $5 uuid[]      flow_id of each group to leave out
-- $6 uuid[]      downstream_eid of each
-- $7 smallint[]  partition_key of each flagged group
-- $8 uuid[]      its flow_id
-- $9 uuid[]      its downstream_eid
--
-- Returns the numbers of those in $7 to $9, from 1, in their order.
-- Reads by the primary keys of ff_pending_cancel_groups, ff_exec_core and ff_flow_core.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT flagged.number
  FROM unnest($7::smallint[], $8::uuid[], $9::uuid[])
       WITH ORDINALITY AS flagged (partition_key, flow_id, downstream_eid, number)
 WHERE (SELECT true
          FROM ff_pending_cancel_groups AS pending
         WHERE pending.partition_key = flagged.partition_key
           AND pending.flow_id = flagged.flow_id
           AND pending.downstream_eid = flagged.downstream_eid) IS NULL
   -- if avoiding
   AND (flagged.flow_id, flagged.downstream_eid) NOT IN (
       SELECT flow_id, downstream_eid FROM unnest($5::uuid[], $6::uuid[]) AS t (flow_id, downstream_eid))
   -- end if
   -- if filtered
   -- A group belongs to whom its downstream execution belongs to, and to the flow's owner once that has been trimmed.
   AND COALESCE(
       (SELECT ($2::text IS NULL OR child.raw_fields ->> 'namespace' IS NOT DISTINCT FROM $2)
               AND ($3::text IS NULL OR child.raw_fields -> 'tags' ->> $3 IS NOT DISTINCT FROM $4::text)
          FROM ff_exec_core AS child
         WHERE child.partition_key = flagged.partition_key AND child.execution_id = flagged.downstream_eid),
       (SELECT ($2::text IS NULL OR flow.raw_fields ->> 'namespace' IS NOT DISTINCT FROM $2)
               AND ($3::text IS NULL OR flow.raw_fields ->> $3 IS NOT DISTINCT FROM $4::text)
          FROM ff_flow_core AS flow
         WHERE flow.partition_key = flagged.partition_key AND flow.flow_id = flagged.flow_id),
       false)
   -- end if
 ORDER BY flagged.number
 LIMIT $1::bigint
