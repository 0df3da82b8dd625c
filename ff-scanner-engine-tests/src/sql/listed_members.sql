-- Who is listed in a flagged group as to be cancelled; no row when it is flagged no more, or not in the queue.
--
-- $1 smallint  partition_key
-- $2 uuid      flow_id
-- $3 uuid      downstream_eid
SELECT edge_group.cancel_siblings_pending_members
  FROM ff_edge_group AS edge_group
  JOIN ff_pending_cancel_groups AS pending USING (partition_key, flow_id, downstream_eid)
 WHERE partition_key = $1 AND flow_id = $2 AND downstream_eid = $3 AND edge_group.cancel_siblings_pending_flag
