-- Writes the counts of groups of one partition, and which of them fired.
--
-- $1 smallint   partition_key
-- $2 uuid[]     flow_id of each group; the caller holds its row
-- $3 uuid[]     downstream_eid of each
-- $4 integer[]  satisfied edges
-- $5 integer[]  edges whose upstream ended otherwise, but was not skipped
-- $6 integer[]  edges whose upstream was skipped
-- $7 integer[]  applied edges that are unresolved
-- $8 text[]     how it fired: satisfied or impossible; NULL where it did not
--
-- Returns nothing.
-- Reads by the primary key of ff_edge_group.
-- Locks nothing more than the caller has.
-- Idempotent: the counts are what the edges say.
UPDATE ff_edge_group AS edge_group
   SET success_count = counted.satisfied,
       fail_count = counted.failed,
       skip_count = counted.skipped,
       running_count = counted.running,
       policy = CASE
           WHEN counted.fired IS NULL THEN edge_group.policy
           ELSE CASE jsonb_typeof(edge_group.policy) WHEN 'object' THEN edge_group.policy ELSE '{}' END
                || jsonb_build_object('fired', counted.fired) END
  FROM unnest($2::uuid[], $3::uuid[], $4::integer[], $5::integer[], $6::integer[], $7::integer[], $8::text[])
       AS counted (flow_id, downstream_eid, satisfied, failed, skipped, running, fired)
 WHERE edge_group.partition_key = $1
   AND edge_group.flow_id = counted.flow_id
   AND edge_group.downstream_eid = counted.downstream_eid
