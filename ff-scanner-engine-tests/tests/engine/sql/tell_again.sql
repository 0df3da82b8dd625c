-- Tells of an ending once more, at the very time of the first, as a zombie that completes does.
--
-- $1 smallint  partition_key
-- $2 uuid      execution_id
INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, occurred_at_ms, committed_at_ms)
SELECT partition_key, execution_id, flow_id, outcome, occurred_at_ms, committed_at_ms
  FROM ff_completion_event
 WHERE partition_key = $1 AND execution_id = $2
 LIMIT 1
