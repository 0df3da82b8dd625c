-- Lets all events of a flow bear the time of the first of them, as busy hosts write them.
--
-- $1 smallint  partition_key
-- $2 uuid      flow_id
UPDATE ff_completion_event
   SET occurred_at_ms = first.occurred_at_ms, committed_at_ms = first.committed_at_ms
  FROM (SELECT min(occurred_at_ms) AS occurred_at_ms, min(committed_at_ms) AS committed_at_ms
          FROM ff_completion_event
         WHERE partition_key = $1 AND flow_id = $2) AS first
 WHERE partition_key = $1 AND flow_id = $2
