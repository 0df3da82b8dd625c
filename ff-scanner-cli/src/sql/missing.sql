-- Finds which columns that the reconcilers need are not there.
--
-- $1 text[]  tables, as named without a schema
-- $2 text[]  a column of each
--
-- Returns table.column, or the table alone when it is missing as a whole.
-- Reads the catalogue by its own indexes.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT DISTINCT CASE WHEN to_regclass(w.relation) IS NULL THEN w.relation ELSE w.relation || '.' || w.attribute END
  FROM unnest($1::text[], $2::text[]) AS w (relation, attribute)
 WHERE NOT EXISTS (
       SELECT
         FROM pg_attribute AS a
        WHERE a.attrelid = to_regclass(w.relation)
          AND a.attname = w.attribute
          AND NOT a.attisdropped)
 ORDER BY 1
