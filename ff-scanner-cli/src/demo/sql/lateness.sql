-- Measures how late each reconciler was, and how fast it worked off what was due from the start.
--
-- $1 bigint  when the reconcilers started, milliseconds since the epoch
--
-- Returns reconciler, rows, rows a second, and lateness as p50 and p99 in milliseconds.
-- Reads the plan and its executions whole. Rows that are only cleaned are counted and bear no time.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT k.reconciler,
       count(*) AS rows,
       count(acted.at_ms) FILTER (WHERE p.due_at_ms <= $1)::double precision * 1000
           / NULLIF(GREATEST(max(acted.at_ms) FILTER (WHERE p.due_at_ms <= $1) - $1::bigint, 1), 0) AS rows_per_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY acted.at_ms - GREATEST(p.due_at_ms, $1::bigint)) AS p50,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY acted.at_ms - GREATEST(p.due_at_ms, $1::bigint)) AS p99
  FROM ff_scanner_demo.plan AS p
  JOIN ff_scanner_demo.kind AS k ON k.name = p.kind
  JOIN ff_scanner_demo.ending AS e ON e.name = k.ending
  LEFT JOIN ff_exec_core AS core
    ON core.partition_key = p.partition_key AND core.execution_id = p.execution_id AND e.situation IS NOT NULL
  LEFT JOIN LATERAL (
       SELECT (core.raw_fields ->> 'last_mutation_at')::bigint AS at_ms
        WHERE (core.raw_fields ->> 'last_mutation_at')::bigint >= $1::bigint) AS acted ON true
 GROUP BY k.reconciler
 ORDER BY k.reconciler
