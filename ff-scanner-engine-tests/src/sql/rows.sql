-- All that is written of one execution, as text.
--
-- $1 smallint  partition_key
-- $2 uuid      execution_id
SELECT concat_ws(E'\n',
    (SELECT to_jsonb(core)::text FROM ff_exec_core AS core WHERE partition_key = $1 AND execution_id = $2),
    (SELECT jsonb_agg(attempt ORDER BY attempt_index)::text
       FROM ff_attempt AS attempt WHERE partition_key = $1 AND execution_id = $2),
    (SELECT jsonb_agg(suspension)::text
       FROM ff_suspension_current AS suspension WHERE partition_key = $1 AND execution_id = $2),
    (SELECT jsonb_agg(waitpoint ORDER BY waitpoint_id)::text
       FROM ff_waitpoint_pending AS waitpoint WHERE partition_key = $1 AND execution_id = $2),
    (SELECT jsonb_agg(event ORDER BY event_id)::text
       FROM ff_completion_event AS event WHERE partition_key = $1 AND execution_id = $2),
    (SELECT jsonb_agg(event ORDER BY event_id)::text
       FROM ff_lease_event AS event WHERE partition_key = $1 AND execution_id = $2::text))
