-- Finds budgets whose next window has begun, oldest first within each partition.
--
-- $1 smallint[]  partition keys
-- $2 bigint      the time, milliseconds since the epoch; NULL means the server's clock
-- $3 bigint      most rows for a partition
-- $4 text        unused, as are the next two: budgets belong to no namespace
-- $5 text
-- $6 text
-- $7 text[]      budgets to leave out
--
-- Returns partition_key, budget_id, and what is wrong with the interval (NULL: nothing).
-- Reads by ff_budget_policy_reset_due_idx (partition_key, next_reset_at_ms), which holds scheduled budgets and no others.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT p.partition_key, due.budget_id, due.problem
  FROM unnest($1::smallint[]) AS p (partition_key)
 CROSS JOIN LATERAL (
       SELECT policy.budget_id,
              CASE WHEN ((policy.policy_json -> 'reset_interval_ms')::text ~ '^-?[0-9]+$') IS NOT TRUE
                   THEN 'its reset_interval_ms is no integer: '
                        || COALESCE(left((policy.policy_json -> 'reset_interval_ms')::text, 100), 'missing')
              END AS problem
         FROM ff_budget_policy AS policy
        WHERE policy.partition_key = p.partition_key
          -- statement_timestamp(), because clock_timestamp() is volatile and would keep the comparison out of the index; as
          -- a subquery, because it is then evaluated once and not for every child of the table.
          AND policy.next_reset_at_ms <= (
              SELECT COALESCE($2::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint))
          -- if avoiding
          AND policy.budget_id NOT IN (SELECT unnest($7::text[]))
          -- end if
        ORDER BY policy.next_reset_at_ms
        LIMIT $3::bigint) AS due
