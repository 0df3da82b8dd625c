-- Marks completion events of one partition as dispatched.
--
-- $1 smallint  partition_key
-- $2 bigint[]  event_id of each; the caller holds its row
-- $3 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns nothing.
-- Reads by the primary key of ff_completion_event, or by ff_completion_event_event_id_idx (event_id).
-- Locks nothing more than the caller has.
-- Idempotent: a dispatched event is not looked at again.
UPDATE ff_completion_event
   SET dispatched_at_ms = COALESCE($3::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
 WHERE partition_key = $1 AND event_id = ANY ($2::bigint[])
