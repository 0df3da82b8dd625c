-- Says which rows it finds, oldest first.
--
-- $1 bigint  the time, milliseconds since the epoch; NULL means the server's clock
-- $2 bigint  most rows
-- $3 text    namespace to keep to; NULL means all
-- $4 text    key of the tag to keep to; NULL means all
-- $5 text    value of that tag
-- $6 uuid[]  executions to leave out
--
-- Returns partition_key, execution_id.
-- Reads by name the index that leads to due rows, so that it costs what is due and not what there is.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT core.partition_key, core.execution_id
  FROM ff_exec_core AS core
 -- Nothing ends in the future, so nothing is due: say here what is.
 WHERE core.terminal_at_ms > COALESCE($1::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
   AND core.execution_id NOT IN (SELECT unnest($6::uuid[]))
   AND ($3::text IS NULL OR core.raw_fields ->> 'namespace' = $3)
   AND ($4::text IS NULL OR core.raw_fields -> 'tags' ->> $4 = $5::text)
 ORDER BY core.terminal_at_ms
 LIMIT $2::bigint
