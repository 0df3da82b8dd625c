-- Writes chores that are due.
--
-- $1 bigint how many, $2 bigint due_at_ms, $3 text namespace, $4 text instance_id
--
-- Returns id as text.
INSERT INTO chore (due_at_ms, namespace, instance_id)
SELECT $2, $3, $4 FROM generate_series(1, $1::bigint)
RETURNING id::text
