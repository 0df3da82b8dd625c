-- Reads all rows of a table, or of one partition of it, for comparison.
--
-- {table}      replaced by the table's name
-- $1 text      the same
-- $2 smallint  partition_key; NULL means all. A table without that column is read whole.
--
-- Returns exact (with xmin, so that even a write of the same values shows) and shape (without ids and times).
-- Reads the table whole; a test's tables are small.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT concat_ws(' ', $1::text, row.body, row.version) AS exact,
       concat_ws(' ', $1::text, regexp_replace(regexp_replace(regexp_replace(
           (row.body - ARRAY['partition_key', 'event_id'])::text,
           '[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}', '<uuid>', 'g'),
           '\m1[0-9]{12}\M', '<ms>', 'g'),
           -- Also where JSON refers to an event.
           'event_id": [0-9]+', 'event_id": <id>', 'g')) AS shape
  FROM (SELECT to_jsonb(t) AS body, t.xmin AS version FROM {table} AS t) AS row
 WHERE $2::smallint IS NULL
    OR NOT row.body ? 'partition_key'
    OR (row.body ->> 'partition_key')::integer = $2
