-- Counts the events of a flow that nobody has dispatched.
--
-- $1 smallint  partition_key
-- $2 uuid      flow_id
SELECT count(*) FROM ff_completion_event WHERE partition_key = $1 AND flow_id = $2 AND dispatched_at_ms IS NULL
