-- Schedules the window after the one that begins, on the grid that the first one set.
--
-- $1 smallint  partition_key
-- $2 text[]    ctid of each policy, as the lock returned it; their usage is zero
-- $3 bigint    the time that the lock returned, milliseconds since the epoch
--
-- Returns budget_id and what was done: reset, caught_up (windows were missed before), ended (no interval: no more).
-- Reads by ctid of ff_budget_policy, which nobody but us can change while we hold the lock.
-- Locks nothing that is not locked already.
-- Idempotent: the next window lies ahead, so the budget is not due again.
WITH budget AS MATERIALIZED (
    SELECT policy_ctid, next_reset_at_ms AS due_at_ms,
           -- As long as a bigint at most, and a numeric: so no sum of it overflows, however long somebody made it.
           LEAST((policy_json ->> 'reset_interval_ms')::numeric, 9223372036854775807) AS interval_ms
      -- A join, as for an array of them the planner would rather read the partition than look each up.
      FROM unnest($2::text[]::tid[]) AS locked (policy_ctid)
      JOIN ff_budget_policy AS policy ON policy.partition_key = $1 AND policy.ctid = policy_ctid
),
coming AS MATERIALIZED (
    SELECT policy_ctid, due_at_ms, interval_ms,
           CASE WHEN interval_ms > 0 THEN div($3::bigint - due_at_ms::numeric, interval_ms) END AS missed
      FROM budget
)
UPDATE ff_budget_policy AS policy
   SET next_reset_at_ms = CASE
           WHEN missed IS NOT NULL
                THEN LEAST(due_at_ms + (missed + 1) * interval_ms, 9223372036854775807)::bigint END,
       last_breach_at_ms = NULL,
       last_breach_dim = NULL,
       updated_at_ms = $3
  FROM coming
 WHERE policy.partition_key = $1 AND policy.ctid = coming.policy_ctid
RETURNING policy.budget_id,
          CASE WHEN missed IS NULL THEN 'ended' WHEN missed = 0 THEN 'reset' ELSE 'caught_up' END
