-- Lets all that tells of some executions have come at one instant, the first of theirs. Which of them a clock of
-- milliseconds tells apart is chance.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each
UPDATE ff_completion_event
   SET occurred_at_ms = first.occurred_at_ms, committed_at_ms = first.committed_at_ms
  FROM (SELECT min(occurred_at_ms) AS occurred_at_ms, min(committed_at_ms) AS committed_at_ms
          FROM ff_completion_event
         WHERE partition_key = $1 AND execution_id = ANY ($2)) AS first
 WHERE partition_key = $1 AND execution_id = ANY ($2)
