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
WITH limited AS (
    SELECT attempt.partition_key,
           attempt.execution_id,
           -- Typed claims keep the start of an attempt that was replayed: it did not begin before its replay. And none before
           -- the epoch, or the difference would overflow.
           GREATEST(attempt.started_at_ms,
                    CASE WHEN core.raw_fields ? 'replay_count' AND core.raw_fields ->> 'last_mutation_at' ~ '^[0-9]{1,18}$'
                         THEN (core.raw_fields ->> 'last_mutation_at')::bigint END,
                    0) AS started_at_ms,
           attempt.policy #>> '{timeout_policy,attempt_timeout_ms}' AS own,
           attempt.policy #>> '{attempt_timeout_ms}' AS own_flat,
           core.policy #>> '{timeout_policy,attempt_timeout_ms}' AS general,
           core.lifecycle_phase
      FROM ff_attempt AS attempt
      -- LEFT, so that it is the leases that it begins with, and not all executions.
      LEFT JOIN ff_exec_core AS core USING (partition_key, execution_id)
     WHERE attempt.lease_expires_at_ms IS NOT NULL
       AND attempt.started_at_ms IS NOT NULL
       -- if filtered
       AND ($4::text IS NULL OR core.raw_fields ->> 'namespace' = $4)
       AND ($5::text IS NULL OR core.raw_fields -> 'tags' ->> $5 = $6::text)
       -- end if
    -- So that each of these is read from the row once, and not wherever it is used; and so that no condition on core makes
    -- it begin elsewhere after all.
    OFFSET 0
),
timed AS (
    SELECT partition_key,
           execution_id,
           started_at_ms,
           COALESCE(CASE WHEN own ~ '^0*[1-9][0-9]{0,17}$' THEN own::bigint END,
                    CASE WHEN own_flat ~ '^0*[1-9][0-9]{0,17}$' THEN own_flat::bigint END,
                    CASE WHEN general ~ '^0*[1-9][0-9]{0,17}$' THEN general::bigint END) AS timeout_ms,
           COALESCE(own, own_flat, general) AS written
      FROM limited
     WHERE lifecycle_phase = 'active'
    OFFSET 0
),
due AS (
    SELECT partition_key,
           execution_id,
           CASE WHEN timeout_ms IS NULL
                THEN 'attempt_timeout_ms is not a positive integer: ' || left(written, 80) END AS problem,
           row_number() OVER (PARTITION BY partition_key ORDER BY started_at_ms::float8 + timeout_ms) AS place
      FROM timed
     -- The time as a subquery, because it is then evaluated once and not for every lease.
     WHERE ((SELECT COALESCE($2::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)) - started_at_ms
                >= timeout_ms
            OR (timeout_ms IS NULL AND written IS NOT NULL))
       -- Of the few that are due: above, it would be a probe of the index for each key in each child of the table. And as a
       -- look-up by hash, where ANY compares each row with each key.
       AND (partition_key IN (SELECT unnest($1::smallint[]))) IS TRUE
       -- if avoiding
       AND execution_id NOT IN (SELECT unnest($7::uuid[]))
       -- end if
)
SELECT partition_key, execution_id, problem FROM due WHERE place <= $3::bigint
