-- Says how late each execution was acted on, in milliseconds.
--
-- $1 text  what they are called together
SELECT ((raw_fields ->> 'last_mutation_at')::bigint - (raw_fields ->> 'due_at_ms')::bigint)::double precision
  FROM ff_exec_core
 WHERE lane_id = $1 AND raw_fields ? 'last_mutation_at'
