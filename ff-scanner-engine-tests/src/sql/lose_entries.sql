-- Takes the groups of a flow off the queue of those whose siblings are to be cancelled.
--
-- $1 smallint  partition_key
-- $2 uuid      flow_id
DELETE FROM ff_pending_cancel_groups WHERE partition_key = $1 AND flow_id = $2
