-- Writes the suspension of a seeded execution, with one waitpoint.
--
-- $1 smallint partition_key, $2 uuid execution_id, $3 bigint timeout_at_ms, $4 text timeout_behavior,
-- $5 bigint the time, milliseconds since the epoch
WITH waitpoint AS (
    INSERT INTO ff_waitpoint_pending (
           partition_key, waitpoint_id, execution_id, token_kid, token, created_at_ms, waitpoint_key, state)
    VALUES ($1, gen_random_uuid(), $2, 'kid', 'token', $5, 'wp', 'active')
)
INSERT INTO ff_suspension_current (
       partition_key, execution_id, suspension_id, suspended_at_ms, timeout_at_ms, reason_code, condition,
       timeout_behavior)
VALUES ($1, $2, gen_random_uuid(), $5::bigint - 60000, $3, 'waiting_for_signal', '{}', $4)
