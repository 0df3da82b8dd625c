-- Puts an id that cannot be read on the list of each flagged group of a flow.
--
-- $1 smallint  partition_key
-- $2 uuid      flow_id
UPDATE ff_edge_group
   SET cancel_siblings_pending_members = cancel_siblings_pending_members || '{no id}'
 WHERE partition_key = $1 AND flow_id = $2 AND cancel_siblings_pending_flag
