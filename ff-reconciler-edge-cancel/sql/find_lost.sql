-- Finds, among the groups that follow a given one, those that are flagged and not queued.
--
-- $1 bigint    most rows
-- $2 text      namespace to keep to; NULL means all
-- $3 text      key of the tag to keep to; NULL means all
-- $4 text      value of that tag
-- $5 uuid[]    flow_id of each group to leave out
-- $6 uuid[]    downstream_eid of each
-- $7 smallint  partition_key of the group to start behind
-- $8 uuid      its flow_id
-- $9 uuid      its downstream_eid
-- $10 bigint   how many groups to go through
--
-- Returns partition_key, flow_id, downstream_eid of each that was found, in that order; then, with found false, those of
-- the last group gone through, unless the end was reached.
-- Reads by the primary keys of ff_edge_group, ff_pending_cancel_groups, ff_exec_core and ff_flow_core. No index leads to
-- flagged groups, so that many of them are read as $10 says.
-- Locks nothing.
-- Idempotent: it only reads.
WITH page AS MATERIALIZED (
    SELECT partition_key, flow_id, downstream_eid, cancel_siblings_pending_flag AS flagged
      FROM ff_edge_group
     WHERE (partition_key, flow_id, downstream_eid) > ($7::smallint, $8::uuid, $9::uuid)
     ORDER BY partition_key, flow_id, downstream_eid
     LIMIT $10::bigint
),
lost AS MATERIALIZED (
    SELECT page.partition_key, page.flow_id, page.downstream_eid
      FROM page
     WHERE page.flagged
       AND (SELECT true
              FROM ff_pending_cancel_groups AS pending
             WHERE pending.partition_key = page.partition_key
               AND pending.flow_id = page.flow_id
               AND pending.downstream_eid = page.downstream_eid) IS NULL
       -- if avoiding
       AND (page.flow_id, page.downstream_eid) NOT IN (
           SELECT flow_id, downstream_eid FROM unnest($5::uuid[], $6::uuid[]) AS t (flow_id, downstream_eid))
       -- end if
       -- if filtered
       -- A group belongs to whom its downstream execution belongs to, and to the flow's owner once that has been trimmed.
       AND COALESCE(
           (SELECT ($2::text IS NULL OR child.raw_fields ->> 'namespace' IS NOT DISTINCT FROM $2)
                   AND ($3::text IS NULL OR child.raw_fields -> 'tags' ->> $3 IS NOT DISTINCT FROM $4::text)
              FROM ff_exec_core AS child
             WHERE child.partition_key = page.partition_key AND child.execution_id = page.downstream_eid),
           (SELECT ($2::text IS NULL OR flow.raw_fields ->> 'namespace' IS NOT DISTINCT FROM $2)
                   AND ($3::text IS NULL OR flow.raw_fields ->> $3 IS NOT DISTINCT FROM $4::text)
              FROM ff_flow_core AS flow
             WHERE flow.partition_key = page.partition_key AND flow.flow_id = page.flow_id),
           false)
       -- end if
     ORDER BY page.partition_key, page.flow_id, page.downstream_eid
     LIMIT $1::bigint
)
SELECT partition_key, flow_id, downstream_eid, true AS found
  FROM lost
UNION ALL
(SELECT partition_key, flow_id, downstream_eid, false
   FROM page
  WHERE (SELECT count(*) FROM page) = $10::bigint
  ORDER BY partition_key DESC, flow_id DESC, downstream_eid DESC
  LIMIT 1)
 ORDER BY found DESC, partition_key, flow_id, downstream_eid
