-- Marks what tells of an execution as dispatched, as the engine's dispatcher does before it does anything else.
--
-- $1 smallint  partition_key
-- $2 uuid      execution_id
UPDATE ff_completion_event
   SET dispatched_at_ms = occurred_at_ms
 WHERE partition_key = $1 AND execution_id = $2
