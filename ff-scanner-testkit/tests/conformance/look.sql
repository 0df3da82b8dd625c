-- Finds chores that are due, oldest first.
--
-- $1 bigint   the time, milliseconds since the epoch; NULL means the end of time
-- $2 bigint   most rows
-- $3 text     namespace to keep to; NULL means all
-- $4 text     instance to keep to; NULL means all
-- $5 uuid[]   chores to leave out
-- $6 boolean  leave the filter to the caller
-- $7 boolean  find what is done, too
-- $8 boolean  leave out what has been due for an hour
--
-- Returns id and whether it passes the filter.
SELECT chore.id, tenant.inside
  FROM chore
 CROSS JOIN LATERAL (
       SELECT ($3::text IS NULL OR namespace = $3) AND ($4::text IS NULL OR instance_id = $4) AS inside) AS tenant
 WHERE (done = 0 OR $7::boolean)
   AND ($1::bigint IS NULL OR due_at_ms <= $1)
   AND NOT ($8::boolean AND due_at_ms < $1 - 3600000)
   AND chore.id <> ALL ($5::uuid[])
   AND (tenant.inside OR $6::boolean)
 ORDER BY due_at_ms, chore.id
 LIMIT $2
