-- Finds pending completion events of one partition, oldest first.
--
-- $1 smallint  partition_key
-- $2 bigint    most rows
SELECT event_id::text
  FROM ff_completion_event
 WHERE partition_key = $1 AND dispatched_at_ms IS NULL
 ORDER BY committed_at_ms
 LIMIT $2::bigint
