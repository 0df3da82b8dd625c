-- Finds suspensions of one partition that have waited longer than they may, oldest first.
--
-- $1 smallint  partition_key
-- $2 bigint    most rows
SELECT execution_id::text
  FROM ff_suspension_current
 WHERE partition_key = $1 AND timeout_at_ms <= (extract(epoch FROM statement_timestamp()) * 1000)::bigint
 ORDER BY timeout_at_ms
 LIMIT $2::bigint
