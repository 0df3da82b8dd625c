-- Every column and index of every table in schema public, children left out, a line each in the form of engine.txt.
-- Returns: table, line. Sorted by table; columns in their order, then indexes by name.
WITH tables AS (
    SELECT oid, relname::text AS name
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
),
lines AS (
    SELECT
        name,
        attnum AS position,
        concat_ws(
            ' ',
            attname,
            format_type(atttypid, atttypmod),
            CASE WHEN NOT attnotnull THEN 'null' END,
            CASE WHEN attidentity = 'a' THEN '= identity' END,
            '= ' || pg_get_expr(adbin, adrelid)
        ) AS line
    FROM tables
    JOIN pg_attribute ON attrelid = oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT
        name,
        32767 AS position,
        CASE WHEN indisprimary THEN 'primary key' ELSE 'index ' || indexrelid::regclass::text END
        || substring(pg_get_indexdef(indexrelid) FROM ' USING( .*)$') AS line
    FROM tables
    JOIN pg_index ON indrelid = oid
)
SELECT name, line FROM lines ORDER BY name COLLATE "C", position, line COLLATE "C";
