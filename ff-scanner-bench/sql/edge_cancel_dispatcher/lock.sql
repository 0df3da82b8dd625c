-- Locks a group, for the approach that takes a group at a time.
--
-- $1 smallint  partition_key
-- $2 text[]    one group
SELECT 1
  FROM unnest($2::text[]) AS key (name)
  JOIN ff_edge_group AS edge_group
    ON edge_group.partition_key = $1
   AND edge_group.flow_id = split_part(key.name, '/', 1)::uuid
   AND edge_group.downstream_eid = split_part(key.name, '/', 2)::uuid
 WHERE edge_group.cancel_siblings_pending_flag
   FOR UPDATE OF edge_group
