-- Finds lapsed leases of one partition, oldest first.
--
-- $1 smallint  partition_key
-- $2 bigint    most rows
SELECT execution_id::text
  FROM ff_attempt
 WHERE partition_key = $1 AND lease_expires_at_ms <= (extract(epoch FROM statement_timestamp()) * 1000)::bigint
 ORDER BY lease_expires_at_ms
 LIMIT $2::bigint
