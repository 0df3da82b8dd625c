-- Finds queue entries of one partition whose group has no flag, oldest first.
--
-- $1 smallint  partition_key
-- $2 bigint    most rows
SELECT queue.flow_id || '/' || queue.downstream_eid
  FROM ff_pending_cancel_groups AS queue
  JOIN ff_edge_group AS edge_group USING (partition_key, flow_id, downstream_eid)
 WHERE queue.partition_key = $1 AND edge_group.partition_key = $1 AND NOT edge_group.cancel_siblings_pending_flag
 ORDER BY queue.enqueued_at_ms
 LIMIT $2::bigint
