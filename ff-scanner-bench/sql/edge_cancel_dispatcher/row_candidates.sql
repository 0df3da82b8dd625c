-- Finds the siblings that flagged and queued groups of one partition list.
--
-- $1 smallint  partition_key
-- $2 bigint    most rows
SELECT concat_ws('/', queue.flow_id, queue.downstream_eid, member)
  FROM ff_pending_cancel_groups AS queue
  JOIN ff_edge_group AS edge_group USING (partition_key, flow_id, downstream_eid)
 CROSS JOIN unnest(edge_group.cancel_siblings_pending_members) AS member
 WHERE queue.partition_key = $1 AND edge_group.partition_key = $1 AND edge_group.cancel_siblings_pending_flag
 LIMIT $2::bigint
