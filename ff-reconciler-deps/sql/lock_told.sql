-- Locks pending completion events of one partition.
--
-- $1 smallint  partition_key
-- $2 bigint[]  event_id of each
--
-- Returns event_id, execution_id, flow_id, outcome of those that are pending still, in the order of their numbers.
-- Reads by the primary key of ff_completion_event, or by ff_completion_event_event_id_idx (event_id).
-- Locks ff_completion_event, SKIP LOCKED: an event that is being applied elsewhere is not one to apply.
-- Idempotent: it writes nothing.
SELECT event_id, execution_id, flow_id, outcome
  FROM ff_completion_event
 WHERE partition_key = $1 AND event_id = ANY ($2::bigint[]) AND dispatched_at_ms IS NULL
 ORDER BY event_id
   FOR UPDATE SKIP LOCKED
