-- Counts the groups of a flow that are flagged and queued.
--
-- $1 smallint  partition_key
-- $2 uuid      flow_id
SELECT count(*)
  FROM ff_edge_group
  JOIN ff_pending_cancel_groups USING (partition_key, flow_id, downstream_eid)
 WHERE partition_key = $1 AND flow_id = $2 AND cancel_siblings_pending_flag
