-- Finds every event that is missing, too many, told of the wrong tenant or flow, or told before its row was due.
--
-- Takes nothing.
-- Returns one row for each kind and table with a difference: kind, relation, rows, an example and its difference.
-- Reads all tables whole.
-- Locks nothing.
-- Idempotent: it only reads.
WITH told AS (
    SELECT 'ff_lease_event' AS relation, execution_id::uuid, event_type AS word, partition_key, namespace, instance_tag,
           NULL::uuid AS flow_id, occurred_at_ms
      FROM ff_lease_event
     UNION ALL
    SELECT 'ff_completion_event', execution_id, outcome, partition_key, namespace, instance_tag, flow_id, occurred_at_ms
      FROM ff_completion_event
     WHERE event_id NOT IN (SELECT event_id FROM ff_scanner_demo.told_before)
),
wanted AS (
    SELECT w.relation, p.execution_id, w.word, p.kind, p.partition_key, p.namespace, p.instance_tag, w.flow_id, p.due_at_ms
      FROM ff_scanner_demo.plan AS p
      JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
      JOIN ff_scanner_demo.ending AS e ON e.name = k.ending
     CROSS JOIN LATERAL (
           VALUES ('ff_lease_event', e.lease_event, NULL),
                  -- A resume is no ending, so nothing of its flow may move on.
                  ('ff_completion_event', e.completion, CASE WHEN e.completion <> 'resumable' THEN p.flow_id END)
           ) AS w (relation, word, flow_id)
     WHERE w.word IS NOT NULL
),
compared AS (
    SELECT relation, execution_id, w.kind, w.word,
           count(t.execution_id) AS times,
           bool_and((t.word, t.partition_key, t.namespace, t.instance_tag, t.flow_id)
               IS NOT DISTINCT FROM (w.word, w.partition_key::integer, w.namespace, w.instance_tag, w.flow_id)) AS right,
           bool_or(t.occurred_at_ms < w.due_at_ms) AS early,
           string_agg(concat_ws('/', t.word, t.partition_key, t.namespace, t.instance_tag), ', ') AS words
      FROM wanted AS w
      FULL JOIN told AS t USING (relation, execution_id)
     GROUP BY relation, execution_id, w.kind, w.word
)
SELECT COALESCE(kind, 'should have none') AS kind,
       relation,
       count(*) AS rows,
       min(execution_id::text) AS example,
       (array_agg(CASE WHEN times = 0 THEN format('no event %s', word)
                       WHEN times > 1 THEN format('%s events: %s', times, words)
                       WHEN early THEN 'told before it was due'
                       ELSE format('wrong: %s', words) END ORDER BY execution_id::text))[1] AS difference
  FROM compared
 WHERE times <> 1 OR NOT "right" OR early
 GROUP BY kind, relation
 ORDER BY kind, relation
