-- Reads what has become of the executions of a flow, and how many completion events tell of each.
--
-- $1 smallint  partition_key
-- $2 uuid      flow_id
SELECT core.execution_id, core.public_state,
       (SELECT count(*) FROM ff_completion_event AS event
         WHERE event.partition_key = $1 AND event.execution_id = core.execution_id)
  FROM ff_exec_core AS core
 WHERE core.partition_key = $1 AND core.flow_id = $2
