-- Puts executions of one partition back whose claim grants have expired, and records each.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each
-- $3 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns execution_id and what was done: put_back.
-- Reads by the primary key of ff_exec_core and by ff_claim_grant_execution_idx.
-- Locks ff_exec_core, up front and SKIP LOCKED: an execution that somebody holds is being claimed.
-- Idempotent: what was put back is eligible_now, so it is not due again.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($3::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms
),
core AS MATERIALIZED (
    SELECT ctid AS core_ctid, execution_id, raw_fields
      FROM ff_exec_core
     WHERE partition_key = $1
       AND execution_id = ANY ($2::uuid[])
       AND lifecycle_phase = 'runnable'
       AND eligibility_state = 'pending_claim'
     ORDER BY execution_id
       FOR UPDATE SKIP LOCKED
),
latest AS MATERIALIZED (
    SELECT core_ctid, core.execution_id,
           -- Both places count: while an engine is being upgraded, its old processes write only the field.
           greatest(CASE WHEN core.raw_fields -> 'claim_grant' ->> 'expires_at_ms' ~ '^[0-9]{1,18}$'
                         THEN (core.raw_fields -> 'claim_grant' ->> 'expires_at_ms')::bigint END
                    , (SELECT max(expires_at_ms) FROM ff_claim_grant AS given WHERE given.partition_key = $1 AND given.execution_id = core.execution_id AND given.kind = 'claim') -- engine 0.12
                    ) AS grant_expired_at_ms
      FROM core
     -- A grant is read without a lock, so it is as old as this statement's snapshot: that holds only while the core row
     -- is the one that the snapshot shows; a newer one cannot be found by its ctid. A scheduler that grants anew writes
     -- core in the same transaction.
     WHERE EXISTS (SELECT FROM ff_exec_core AS seen WHERE seen.partition_key = $1 AND seen.ctid = core_ctid)
),
expired AS MATERIALIZED (
    SELECT core_ctid, execution_id, grant_expired_at_ms, now_ms
      FROM latest CROSS JOIN clock
     WHERE grant_expired_at_ms IS NULL OR grant_expired_at_ms <= now_ms
),
put_back AS (
    UPDATE ff_exec_core AS core
       SET eligibility_state = 'eligible_now', -- all that the grant changed
           raw_fields = core.raw_fields || jsonb_build_object('last_mutation_at', expired.now_ms::text)
      FROM expired
     WHERE core.partition_key = $1 AND core.ctid = expired.core_ctid
),
recorded AS (
    INSERT INTO flow_team.put_back (partition_key, execution_id, put_back_at_ms, grant_expired_at_ms)
    SELECT $1, execution_id, now_ms, grant_expired_at_ms FROM expired
)
SELECT execution_id, 'put_back' FROM expired
