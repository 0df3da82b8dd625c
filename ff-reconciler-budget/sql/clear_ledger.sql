-- Forgets who spent what of the last window, so that nobody gives it back to the next one.
--
-- $1 smallint  partition_key
-- $2 text[]    budget_id of each; their policies are locked
--
-- Returns nothing.
-- Reads by the primary key of ff_budget_usage_by_exec, or by ff_budget_usage_by_exec_release_idx (partition_key,
-- budget_id, execution_id).
-- Locks ff_budget_usage_by_exec in the order of its key, and waits for executions that are giving back right now.
-- Idempotent: what is gone is gone.
WITH entry AS MATERIALIZED (
    SELECT budget_id, execution_id, dimensions_key
      FROM ff_budget_usage_by_exec
     WHERE partition_key = $1 AND budget_id = ANY ($2::text[])
     ORDER BY budget_id, execution_id, dimensions_key
       FOR UPDATE
)
DELETE FROM ff_budget_usage_by_exec
 WHERE partition_key = $1
   AND budget_id = ANY ($2)
   -- All of them are locked before the first is deleted.
   AND (SELECT count(*) FROM entry) > 0
