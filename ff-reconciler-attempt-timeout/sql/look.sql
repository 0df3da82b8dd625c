-- Finds attempts that have run longer than their policy allows, longest overdue first within each partition.
--
-- $1 smallint[]  partition keys
-- $2 bigint      the time, milliseconds since the epoch; NULL means the server's clock
-- $3 bigint      most rows for a partition
-- $4 text        namespace to keep to; NULL means all
-- $5 text        key of the tag to keep to; NULL means all
-- $6 text        value of that tag
-- $7 uuid[]      executions to leave out
--
-- Returns partition_key, execution_id, and the problem of a row whose time-out is no positive integer.
-- Reads by ff_attempt_lease_expiry_idx (partition_key, lease_expires_at_ms), which holds live leases and nothing else,
-- then by the primary key of ff_exec_core: it costs what the number of live leases costs.
-- Locks nothing.
-- Idempotent: it only reads.
WITH leased AS MATERIALIZED (
    SELECT p.partition_key, attempt.execution_id, attempt.started_at_ms, attempt.policy
      FROM unnest($1::smallint[]) AS p (partition_key)
     CROSS JOIN LATERAL (
           SELECT execution_id, started_at_ms, policy
             FROM ff_attempt
            WHERE ff_attempt.partition_key = p.partition_key
              AND lease_expires_at_ms IS NOT NULL
              AND started_at_ms IS NOT NULL
              AND execution_id NOT IN (SELECT unnest($7::uuid[]))
           OFFSET 0) AS attempt
),
-- With all keys of a partition at once: a look-up by the row prepares all children of the table anew for each.
executions AS (
    SELECT partition_key, array_agg(execution_id) AS ids FROM leased GROUP BY partition_key
),
core AS MATERIALIZED (
    SELECT executions.partition_key, core.*
      FROM executions
     CROSS JOIN LATERAL (
           SELECT execution_id,
                  policy -> 'timeout_policy' -> 'attempt_timeout_ms' AS general,
                  CASE WHEN raw_fields ? 'replay_count' THEN raw_fields ->> 'last_mutation_at' END AS replayed_at_ms,
                  true AS is_active
             FROM ff_exec_core
            WHERE ff_exec_core.partition_key = executions.partition_key
              AND execution_id = ANY (executions.ids)
              AND lifecycle_phase = 'active'
              AND ($4::text IS NULL OR raw_fields ->> 'namespace' = $4)
              AND ($5::text IS NULL OR raw_fields -> 'tags' ->> $5 = $6::text)
           OFFSET 0) AS core
),
limited AS MATERIALIZED (
    SELECT partition_key,
           execution_id,
           -- Typed claims keep the start of an attempt that was replayed: it did not begin before its replay.
           CASE WHEN replayed_at_ms ~ '^[0-9]{1,18}$'
                THEN GREATEST(started_at_ms, replayed_at_ms::bigint)
                ELSE started_at_ms END AS started_at_ms,
           policy -> 'timeout_policy' -> 'attempt_timeout_ms' AS own,
           policy -> 'attempt_timeout_ms' AS own_flat,
           general,
           is_active
      FROM leased
      -- Each core row has a lease, but the planner takes either for few: FULL keeps it from comparing all with all.
      FULL JOIN core USING (partition_key, execution_id)
),
timed AS MATERIALIZED (
    SELECT partition_key,
           execution_id,
           started_at_ms,
           COALESCE(CASE WHEN own #>> '{}' ~ '^0*[1-9][0-9]{0,17}$' THEN (own #>> '{}')::bigint END,
                    CASE WHEN own_flat #>> '{}' ~ '^0*[1-9][0-9]{0,17}$' THEN (own_flat #>> '{}')::bigint END,
                    CASE WHEN general #>> '{}' ~ '^0*[1-9][0-9]{0,17}$' THEN (general #>> '{}')::bigint END) AS timeout_ms,
           COALESCE(NULLIF(own, 'null'), NULLIF(own_flat, 'null'), NULLIF(general, 'null')) AS written
      FROM limited
     WHERE is_active
),
due AS (
    SELECT partition_key,
           execution_id,
           CASE WHEN timeout_ms IS NULL
                THEN 'attempt_timeout_ms is not a positive integer: ' || left(written::text, 80) END AS problem,
           row_number() OVER (PARTITION BY partition_key ORDER BY GREATEST(started_at_ms, 0)::numeric + timeout_ms) AS place
      FROM timed, (SELECT COALESCE($2::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms) AS clock
     -- Never before the epoch, or the difference would overflow.
     WHERE clock.now_ms - GREATEST(started_at_ms, 0) >= timeout_ms
        OR (timeout_ms IS NULL AND written IS NOT NULL)
)
SELECT partition_key, execution_id, problem FROM due WHERE place <= $3::bigint
