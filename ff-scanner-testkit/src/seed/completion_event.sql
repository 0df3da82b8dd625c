-- Writes a completion event of a seeded flow and returns its number.
--
-- $1 smallint partition_key, $2 uuid execution_id, $3 uuid flow_id, $4 text outcome,
-- $5 bigint the time, milliseconds since the epoch
INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, occurred_at_ms, committed_at_ms)
VALUES ($1, $2, $3, $4, $5, $5)
RETURNING event_id
