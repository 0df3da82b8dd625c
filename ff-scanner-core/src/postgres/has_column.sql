-- Whether a table has a column.
--
-- $1 text  table, as the search path finds it
-- $2 text  column
--
-- Returns one boolean.
-- Reads by pg_attribute_relid_attnam_index.
-- Locks nothing.
SELECT EXISTS (
       SELECT
         FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped)
