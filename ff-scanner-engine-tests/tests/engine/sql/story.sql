-- What was recorded of one execution or budget, and the events of an execution, each kind in the order in which they came.
--
-- $1 text  its bare id
--
-- Returns one line: phases and windows; completions; leases.
SELECT concat_ws('; ',
    (SELECT COALESCE(string_agg(change, ' ' ORDER BY number), '') FROM recorded WHERE id = $1),
    (SELECT COALESCE(string_agg(outcome, ' ' ORDER BY event_id), '')
       FROM ff_completion_event WHERE execution_id = $1::uuid),
    (SELECT COALESCE(string_agg(event_type, ' ' ORDER BY event_id), '') FROM ff_lease_event WHERE execution_id = $1))
