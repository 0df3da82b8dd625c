-- Schedules the window after the one that begins, on the grid that the first one set.
--
-- $1 smallint  partition_key
-- $2 text[]    budget_id of each; their policies are locked and their usage is zero
-- $3 bigint    the time that the lock returned, milliseconds since the epoch
--
-- Returns budget_id and what was done: reset, caught_up (windows were missed before), ended (no interval: no more).
-- Reads by the primary key of ff_budget_policy.
-- Locks nothing that is not locked already.
-- Idempotent: the next window lies ahead, so the budget is not due again.
WITH budget AS MATERIALIZED (
    SELECT budget_id, next_reset_at_ms AS due_at_ms,
           -- As long as a bigint at most, and a numeric: so no sum of it overflows, however long somebody made it.
           LEAST((policy_json ->> 'reset_interval_ms')::numeric, 9223372036854775807) AS interval_ms
      FROM ff_budget_policy
     WHERE partition_key = $1 AND budget_id = ANY ($2::text[])
),
coming AS MATERIALIZED (
    SELECT budget_id, due_at_ms, interval_ms,
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
 WHERE policy.partition_key = $1
   -- Once more, or the planner reads the whole partition to join it.
   AND policy.budget_id = ANY ($2)
   AND policy.budget_id = coming.budget_id
RETURNING policy.budget_id,
          CASE WHEN missed IS NULL THEN 'ended' WHEN missed = 0 THEN 'reset' ELSE 'caught_up' END
