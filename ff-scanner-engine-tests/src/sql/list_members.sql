-- Changes who is listed in a flagged group as to be cancelled. The engine takes any text there, and no call of it writes
-- one that is no id.
--
-- $1 smallint  partition_key
-- $2 uuid      flow_id
-- $3 uuid      downstream_eid
-- $4 text[]    the members
UPDATE ff_edge_group
   SET cancel_siblings_pending_members = $4
 WHERE partition_key = $1 AND flow_id = $2 AND downstream_eid = $3 AND cancel_siblings_pending_flag
