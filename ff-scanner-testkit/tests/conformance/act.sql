-- Does chores that are due, and tells of each.
--
-- $1 uuid[]  id
--
-- Returns id of each that was done.
-- Locks chore, up front and SKIP LOCKED.
-- Idempotent: what is done is not done again.
WITH free AS MATERIALIZED (
    SELECT id FROM chore WHERE id = ANY ($1::uuid[]) AND done = 0 FOR UPDATE SKIP LOCKED
),
changed AS (
    UPDATE chore SET done = done + 1 FROM free WHERE chore.id = free.id RETURNING chore.id
),
told AS (
    INSERT INTO chore_event (id) SELECT id FROM changed
)
SELECT id FROM changed
