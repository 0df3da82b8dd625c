-- Locks the policies of one partition whose next window has begun, except those that somebody holds.
--
-- $1 smallint  partition_key
-- $2 text[]    budget_id of each
-- $3 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns budget_id, what is done to it (reset; caught_up, after windows that were missed; ended, as it was the last), and
-- the time that the following statements take for now, milliseconds since the epoch.
-- Reads by the primary key of ff_budget_policy, or by ff_budget_policy_reset_due_idx (partition_key, next_reset_at_ms).
-- Locks ff_budget_policy, SKIP LOCKED. It is the first lock of whoever spends, so that nobody spends until the commit.
-- Idempotent: what is no longer due, or has no interval to go by, is not returned.
SELECT budget_id,
       CASE WHEN (policy_json ->> 'reset_interval_ms')::numeric <= 0 THEN 'ended'
            -- A difference, as the sum of a time and the longest interval would overflow.
            WHEN (policy_json ->> 'reset_interval_ms')::numeric > clock.now_ms - next_reset_at_ms::numeric THEN 'reset'
            ELSE 'caught_up' END,
       clock.now_ms
  FROM ff_budget_policy
 CROSS JOIN (
       SELECT COALESCE($3::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms) AS clock
 WHERE partition_key = $1
   AND budget_id = ANY ($2::text[])
   AND next_reset_at_ms <= clock.now_ms
   AND (policy_json -> 'reset_interval_ms')::text ~ '^-?[0-9]+$'
       FOR NO KEY UPDATE OF ff_budget_policy SKIP LOCKED
