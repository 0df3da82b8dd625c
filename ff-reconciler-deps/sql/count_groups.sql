-- Writes the counts of groups of one partition, and which of them fired.
--
-- $1 smallint   partition_key
-- $2 text[]     ctid of each group, as its lock returned it
-- $3 integer[]  satisfied edges
-- $4 integer[]  edges whose upstream ended otherwise, but was not skipped
-- $5 integer[]  edges whose upstream was skipped
-- $6 integer[]  applied edges that are unresolved
-- $7 text[]     how it fired: satisfied or impossible; NULL where it did not
--
-- Returns nothing.
-- Reads by ctid of ff_edge_group, which nobody but us can change while we hold the lock.
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
  FROM unnest($2::text[]::tid[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::text[])
       AS counted (group_ctid, satisfied, failed, skipped, running, fired)
 WHERE edge_group.partition_key = $1 AND edge_group.ctid = counted.group_ctid
