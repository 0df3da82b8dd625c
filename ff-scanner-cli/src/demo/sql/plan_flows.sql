-- Plans flows of every shape and their executions, and budgets of every kind.
--
-- $1 bigint  how many flows
-- $2 bigint  how many budgets
-- $3 bigint  when the reconcilers are expected to start, milliseconds since the epoch
--
-- Returns nothing.
-- Reads shapes and kinds whole: there are a few dozen.
-- Locks nothing.
-- Idempotent: no; it adds as many again.
WITH shape AS (
    SELECT name, row_number() OVER (ORDER BY name) - 1 AS place, count(*) OVER () AS shapes FROM ff_scanner_demo.shape
),
flow AS (
    INSERT INTO ff_scanner_demo.flow (flow_id, shape, partition_key)
    SELECT gen_random_uuid(), shape.name, (hashint8(i) & 2147483647) % 256
      FROM generate_series(1, $1::bigint) AS i
      JOIN shape ON shape.place = i % shape.shapes
    RETURNING flow_id, shape, partition_key
),
member AS (
    INSERT INTO ff_scanner_demo.plan
        (execution_id, partition_key, kind, due_at_ms, flow_id, namespace, instance_tag, node)
    SELECT gen_random_uuid(), flow.partition_key, node.kind,
           CASE WHEN kind.ending IS NOT NULL THEN $3::bigint - 1000 END,
           flow.flow_id, 'acme', 'instance-1', node.node
      FROM flow
      JOIN ff_scanner_demo.shape_node AS node USING (shape)
      JOIN ff_scanner_demo.kind AS kind ON kind.name = node.kind
),
budget_kind AS (
    SELECT name, late_by_ms, row_number() OVER (ORDER BY name) - 1 AS place, count(*) OVER () AS kinds
      FROM ff_scanner_demo.budget_kind
)
INSERT INTO ff_scanner_demo.budget (budget_id, partition_key, kind, due_at_ms)
SELECT 'budget-' || i, (hashint8(i) & 2147483647) % 32, budget_kind.name, $3::bigint - budget_kind.late_by_ms
  FROM generate_series(1, $2::bigint) AS i
  JOIN budget_kind ON budget_kind.place = i % budget_kind.kinds
