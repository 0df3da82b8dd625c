-- Finds lapsed leases, to be taken as time-outs, oldest first within each partition.
--
-- $1 smallint[]  partition keys
-- $2 bigint      the time, milliseconds since the epoch; NULL means the server's clock
-- $3 bigint      most rows for a partition
-- $4 text        namespace to keep to; NULL means all
-- $5 text        key of the tag to keep to; NULL means all
-- $6 text        value of that tag
-- $7 uuid[]      executions to leave out
--
-- Returns partition_key, execution_id, and NULL: nothing can be wrong with such a row.
-- Reads by ff_attempt_lease_expiry_idx (partition_key, lease_expires_at_ms), which holds live leases and nothing else.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT p.partition_key, due.execution_id, NULL::text AS problem
  FROM unnest($1::smallint[]) AS p (partition_key)
 CROSS JOIN LATERAL (
       SELECT attempt.execution_id
         FROM ff_attempt AS attempt
        WHERE attempt.partition_key = p.partition_key
          -- statement_timestamp(), because clock_timestamp() is volatile and would keep the comparison out of the index; as
          -- a subquery, because it is then evaluated once and not for every child of the table.
          AND attempt.lease_expires_at_ms <= (
              SELECT COALESCE($2::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint))
          -- if avoiding
          AND attempt.execution_id NOT IN (SELECT unnest($7::uuid[]))
          -- end if
          -- if filtered
          AND EXISTS (
              SELECT
                FROM ff_exec_core AS core
               WHERE core.partition_key = p.partition_key
                 AND core.execution_id = attempt.execution_id
                 AND ($4::text IS NULL OR core.raw_fields ->> 'namespace' = $4)
                 AND ($5::text IS NULL OR core.raw_fields -> 'tags' ->> $5 = $6::text)
              -- Keeps it a look-up by key, rather than a join that reads the table whole.
              OFFSET 0)
          -- end if
        ORDER BY attempt.lease_expires_at_ms
        LIMIT $3::bigint) AS due
