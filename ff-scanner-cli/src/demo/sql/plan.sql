-- Plans the executions: what kind each is, and when it is due.
--
-- $1 bigint  how many
-- $2 bigint  when the reconcilers are expected to start, milliseconds since the epoch
-- $3 bigint  how long after that the last one becomes due, milliseconds
--
-- Returns nothing.
-- Reads the kinds whole: there are a few dozen.
-- Locks nothing.
-- Idempotent: no; it adds as many again.
WITH ranged AS (
    SELECT name, ending, sum(share) OVER by_name - share AS first, sum(share) OVER by_name AS beyond
      FROM ff_scanner_demo.kind
    WINDOW by_name AS (ORDER BY name)
),
numbered AS (
    -- 617 shares no factor with 1000, so any thousand in a row hit every place once, and a few hundred most kinds.
    SELECT i, (i * 617) % 1000 AS place, hashint8(i) & 2147483647 AS chance
      FROM generate_series(1, $1::bigint) AS i
)
INSERT INTO ff_scanner_demo.plan (execution_id, partition_key, kind, due_at_ms, flow_id, namespace, instance_tag)
SELECT gen_random_uuid(),
       chance % 256,
       ranged.name,
       CASE WHEN ranged.ending IS NULL THEN NULL
            -- Half was due before anybody looked, and half becomes due while they watch.
            WHEN chance / 256 % 2 = 0 THEN $2::bigint - 1000 - chance / 512 % 600000
            ELSE $2::bigint + chance / 512 % $3::bigint END,
       CASE WHEN chance / 1024 % 3 > 0 THEN gen_random_uuid() END,
       CASE WHEN i % 3 = 0 THEN 'acme' ELSE 'globex' END,
       'instance-' || i % 4
  FROM numbered
  JOIN ranged ON numbered.place >= ranged.first AND numbered.place < ranged.beyond
