-- Writes executions that have ended and a few that are runnable, in three lanes, over some partitions.
--
-- $1 bigint how many have ended, $2 bigint how many are runnable, $3 integer partitions
INSERT INTO ff_exec_core (
       partition_key, execution_id, lane_id, lifecycle_phase, ownership_state, eligibility_state, public_state,
       attempt_state, created_at_ms, deadline_at_ms)
SELECT n % $3, gen_random_uuid(), (ARRAY['default', 'bulk', 'urgent'])[n % 7 % 3 + 1],
       CASE WHEN n <= $1 THEN 'terminal' ELSE 'runnable' END, 'unowned',
       CASE WHEN n <= $1 THEN 'not_applicable' ELSE 'eligible_now' END,
       CASE WHEN n <= $1 THEN 'completed' ELSE 'waiting' END,
       CASE WHEN n <= $1 THEN 'attempt_terminal' ELSE 'pending' END, 1, 1
  FROM generate_series(1, $1::bigint + $2::bigint) AS n
