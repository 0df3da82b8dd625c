-- How the executions of each kind came out, with their events.
--
-- Returns kind, vector, lease events of each, completion events of each, and how many.
SELECT lane_id AS kind,
       concat_ws('/', lifecycle_phase, ownership_state, eligibility_state, public_state, attempt_state) AS vector,
       (SELECT count(*) FROM ff_lease_event AS told
         WHERE told.partition_key = core.partition_key AND told.execution_id = core.execution_id::text) AS leases,
       (SELECT count(*) FROM ff_completion_event AS told
         WHERE told.partition_key = core.partition_key AND told.execution_id = core.execution_id) AS completions,
       count(*) AS executions
  FROM ff_exec_core AS core
 GROUP BY 1, 2, 3, 4
 ORDER BY 1
