-- Says which rows it finds, oldest first within each partition.
--
-- $1 smallint[]  partition keys
-- $2 bigint      the time, milliseconds since the epoch; NULL means the server's clock
-- $3 bigint      most rows for a partition
-- $4 text        namespace to keep to; NULL means all
-- $5 text        key of the tag to keep to; NULL means all
-- $6 text        value of that tag
-- $7 uuid[]      executions to leave out
--
-- Returns partition_key, execution_id.
-- Reads by name the index that leads to due rows, so that it costs what is due and not what there is.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT p.partition_key, due.execution_id
  FROM unnest($1::smallint[]) AS p (partition_key)
 CROSS JOIN LATERAL (
       SELECT core.execution_id
         FROM ff_exec_core AS core
        WHERE core.partition_key = p.partition_key
          -- Nothing ends in the future, so nothing is due: say here what is.
          AND core.terminal_at_ms > COALESCE($2::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
          AND core.execution_id NOT IN (SELECT unnest($7::uuid[]))
          AND ($4::text IS NULL OR core.raw_fields ->> 'namespace' = $4)
          AND ($5::text IS NULL OR core.raw_fields -> 'tags' ->> $5 = $6::text)
        ORDER BY core.terminal_at_ms
        LIMIT $3::bigint) AS due
