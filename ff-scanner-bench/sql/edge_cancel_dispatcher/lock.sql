-- Locks a sibling, for the approach that takes a row at a time.
--
-- $1 smallint  partition_key
-- $2 text[]    one sibling
SELECT 1
  FROM unnest($2::text[]) AS key (name)
  JOIN ff_exec_core AS core ON core.partition_key = $1 AND core.execution_id = split_part(key.name, '/', 3)::uuid
 WHERE core.lifecycle_phase NOT IN ('terminal', 'cancelled')
   FOR UPDATE OF core
