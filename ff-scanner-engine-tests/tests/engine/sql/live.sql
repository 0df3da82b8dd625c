-- How many executions of a lane have not ended.
--
-- $1 smallint  partition_key
-- $2 text      lane_id
SELECT count(*)
  FROM ff_exec_core
 WHERE partition_key = $1 AND lane_id = $2 AND lifecycle_phase NOT IN ('terminal', 'cancelled')
