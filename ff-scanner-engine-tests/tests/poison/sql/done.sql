-- How many subjects of each kind came out as legal and due ones do.
--
-- $1 bigint  the time, milliseconds since the epoch
--
-- Returns kind, good, how many there are, and how many are done.
SELECT kind, good, count(*), count(*) FILTER (WHERE done)
  FROM (
       SELECT subject.kind, subject.good, COALESCE(
              CASE subject.kind
              WHEN 'lapsed' THEN core.public_state = 'waiting' AND core.attempt_state = 'pending_retry_attempt'
              WHEN 'overdue' THEN core.lifecycle_phase = 'terminal' AND core.public_state = 'expired'
              WHEN 'suspended' THEN core.lifecycle_phase = 'runnable' AND core.public_state = 'resumable'
              WHEN 'told' THEN core.lifecycle_phase = 'runnable' AND core.eligibility_state = 'eligible_now'
                           AND sibling.public_state = 'cancelled'
              WHEN 'flagged' THEN sibling.lifecycle_phase = 'terminal' AND sibling.public_state = 'cancelled'
                              AND pending.flow_id IS NULL
              WHEN 'stale' THEN sibling.lifecycle_phase = 'active' AND pending.flow_id IS NULL
              WHEN 'budget' THEN budget.next_reset_at_ms > $1::bigint AND usage.current_value = 0 END, false) AS done
         FROM subject
         LEFT JOIN ff_exec_core AS core
           ON core.partition_key = subject.partition_key AND core.execution_id = subject.execution_id
         LEFT JOIN ff_exec_core AS sibling
           ON sibling.partition_key = subject.partition_key AND sibling.execution_id = subject.sibling
         LEFT JOIN ff_pending_cancel_groups AS pending
           ON pending.partition_key = subject.partition_key AND pending.flow_id = subject.flow_id
         LEFT JOIN ff_budget_policy AS budget
           ON budget.partition_key = subject.partition_key AND budget.budget_id = subject.execution_id::text
         LEFT JOIN ff_budget_usage AS usage
           ON usage.partition_key = subject.partition_key AND usage.budget_id = subject.execution_id::text) AS judged
 GROUP BY kind, good
 ORDER BY kind, good
