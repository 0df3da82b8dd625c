-- Finds every row that did not end exactly as planned: wrongly changed, wrongly left, missing or too many.
--
-- Takes nothing.
-- Returns one row for each kind and table with a difference: kind, relation, rows, an example and its difference.
-- Reads all tables whole.
-- Locks nothing.
-- Idempotent: it only reads.
WITH expected AS (
    SELECT b.relation, b.execution_id, b.item, p.kind, a.acted,
           -- Of a row that must stay as it is, every column counts; of one that was acted on, those that can be told.
           CASE WHEN a.acted
                THEN ff_scanner_demo.become(b.relation, ff_scanner_demo.plain(b.relation, b.content), k, e, s)
                ELSE b.content END AS wanted
      FROM ff_scanner_demo.before AS b
      JOIN ff_scanner_demo.plan AS p USING (execution_id)
      JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
      LEFT JOIN ff_scanner_demo.ending AS e ON e.name = k.ending
      LEFT JOIN ff_scanner_demo.situation AS s ON s.name = e.situation
     CROSS JOIN LATERAL (SELECT ff_scanner_demo.acted(b.relation, b.item, k, e) OFFSET 0) AS a (acted)
     UNION ALL
    -- Who never ran has no attempt that could tell of being skipped, and gets one.
    SELECT 'ff_attempt', p.execution_id, k.pointer::text, p.kind, true,
           (SELECT to_jsonb(none) - 'terminal_at_ms' FROM (SELECT (NULL::ff_attempt).*) AS none)
           || jsonb_build_object('partition_key', p.partition_key, 'execution_id', p.execution_id,
                                 'attempt_index', k.pointer, 'lease_epoch', 0, 'outcome', 'skipped',
                                 'raw_fields', '{}'::jsonb, 'ended', true)
      FROM ff_scanner_demo.plan AS p
      JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
     WHERE k.ending = 'skipped' AND k.attempt IS NULL
),
compared AS (
    SELECT COALESCE(x.kind, 'not planned') AS kind,
           relation,
           execution_id,
           x.wanted,
           CASE WHEN x.acted THEN ff_scanner_demo.plain(relation, r.content) ELSE r.content END AS actual
      FROM expected AS x
      FULL JOIN ff_scanner_demo.row AS r USING (relation, execution_id, item)
)
SELECT kind,
       relation,
       count(*) AS rows,
       min(execution_id::text) AS example,
       (array_agg(CASE WHEN actual IS NULL THEN 'is missing' WHEN wanted IS NULL THEN 'should be gone' ELSE (
            SELECT string_agg(format('%s is %s, not %s', key, actual -> key, wanted -> key), '; ' ORDER BY key)
              FROM jsonb_object_keys(actual || wanted) AS key
             WHERE actual -> key IS DISTINCT FROM wanted -> key) END ORDER BY execution_id::text))[1] AS difference
  FROM compared
 WHERE actual IS DISTINCT FROM wanted
 GROUP BY kind, relation
 ORDER BY kind, relation
