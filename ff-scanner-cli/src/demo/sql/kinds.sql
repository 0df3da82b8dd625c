-- Says what kinds of executions there are, how many of each in a thousand, and what is to become of them.
--
-- Takes and returns nothing.
-- Reads nothing.
-- Locks nothing: nobody else knows these tables.
-- Idempotent: no; the names would be there already.
INSERT INTO ff_scanner_demo.situation VALUES
    ('created', 'submitted', 'unowned', 'eligible_now', 'waiting', 'pending'),
    ('blocked', 'runnable', 'unowned', 'blocked_by_dependencies', 'waiting_children', 'pending'),
    ('claimable', 'runnable', 'unowned', 'eligible_now', 'waiting', 'pending'),
    ('running', 'active', 'leased', 'not_applicable', 'running', 'running_attempt'),
    ('running typed', 'active', 'leased', 'not_applicable', 'active', 'running_attempt'),
    ('to retry', 'runnable', 'unowned', 'eligible_now', 'waiting', 'pending_retry_attempt'),
    ('delayed', 'runnable', 'unowned', 'not_eligible_until_time', 'delayed', 'pending_retry_attempt'),
    ('suspended', 'suspended', 'released', 'not_applicable', 'suspended', 'attempt_interrupted'),
    ('resumable', 'runnable', 'released', 'eligible_now', 'resumable', 'attempt_interrupted'),
    ('completed', 'terminal', 'unowned', 'not_applicable', 'completed', 'attempt_terminal'),
    ('failed', 'terminal', 'unowned', 'not_applicable', 'failed', 'attempt_terminal'),
    ('expired', 'terminal', 'unowned', 'not_applicable', 'expired', 'attempt_terminal'),
    ('cancelled', 'terminal', 'unowned', 'not_applicable', 'cancelled', 'attempt_terminal'),
    ('skipped', 'terminal', 'unowned', 'not_applicable', 'skipped', 'attempt_terminal'),
    ('cancelled by operator', 'cancelled', 'unowned', 'not_applicable', 'cancelled', 'cancelled'),
    ('cancelled by worker', 'terminal', 'unowned', 'not_applicable', 'cancelled', 'cancelled'),
    ('cancelled with flow', 'cancelled', 'leased', 'cancelled', 'cancelled', 'running_attempt');

INSERT INTO ff_scanner_demo.ending
    (name, situation, next_attempt, acts_on, outcome, fenced, restarts, lease_event, completion, suspension) VALUES
    ('requeued', 'to retry', 0, 'current', 'lease_expired_reclaimable', true, true, 'expired', NULL, NULL),
    ('reclaimed too often', 'failed', 0, 'current', 'failed', true, false, 'expired', 'failed', NULL),
    ('lease cleaned', NULL, 0, 'current', NULL, false, false, NULL, NULL, NULL),
    ('earlier lease cleaned', NULL, 0, 'earlier', NULL, false, false, NULL, NULL, NULL),
    ('retried', 'to retry', 1, 'current', 'interrupted', true, false, 'expired', NULL, NULL),
    ('timed out', 'expired', 0, 'current', 'expired', true, false, 'expired', 'expired', NULL),
    ('suspension failed', 'failed', 0, 'current', 'failed', false, false, NULL, 'failed', 'gone'),
    ('suspension cancelled', 'cancelled', 0, 'current', 'cancelled', false, false, NULL, 'cancelled', 'gone'),
    ('suspension expired', 'expired', 0, 'current', 'expired', false, false, NULL, 'expired', 'gone'),
    ('resumed', 'resumable', 0, NULL, NULL, false, false, NULL, 'resumable', 'resumed'),
    ('escalated', 'suspended', 0, NULL, NULL, false, false, NULL, NULL, 'escalated'),
    ('suspension cleared', NULL, 0, NULL, NULL, false, false, NULL, NULL, 'cleared'),
    ('promoted', 'claimable', 0, NULL, NULL, false, false, NULL, NULL, NULL),
    ('promoted with a result', 'claimable', 0, NULL, NULL, false, false, NULL, NULL, NULL),
    ('skipped', 'skipped', 0, NULL, NULL, false, false, NULL, 'skipped', NULL),
    ('sibling cancelled', 'cancelled by worker', 0, 'current', 'cancelled', true, false, 'revoked', 'cancelled', NULL),
    ('suspended sibling cancelled', 'cancelled by worker', 0, 'current', 'cancelled', true, false, NULL, 'cancelled', 'gone');

UPDATE ff_scanner_demo.ending SET payload = '\x726573756c74' WHERE name = 'promoted with a result';

-- Half of them are healthy, or waiting, or over.
INSERT INTO ff_scanner_demo.kind (name, share, situation, pointer, attempt, lease, outcome, policy, attempt_policy, suspension, behavior) VALUES
    ('running', 200, 'running', 0, 0, 'live', NULL, '{"timeout_policy": {"attempt_timeout_ms": 3600000}}', NULL, NULL, NULL),
    ('running typed', 80, 'running typed', 1, 0, 'live', NULL, '{}', '{"timeout_policy": {"attempt_timeout_ms": 3600000}}', NULL, NULL),
    ('running without a policy', 30, 'running', 0, 0, 'live', NULL, NULL, NULL, NULL, NULL),
    ('created', 10, 'created', 0, NULL, NULL, NULL, '{}', NULL, NULL, NULL),
    ('claimable', 60, 'claimable', 0, NULL, NULL, NULL, '{}', NULL, NULL, NULL),
    ('delayed', 10, 'delayed', 1, 0, NULL, 'retry', '{"retry_policy": {"max_retries": 3}}', NULL, NULL, NULL),
    ('completed', 40, 'completed', 0, 0, NULL, 'success', '{"timeout_policy": {"attempt_timeout_ms": 1}}', NULL, NULL, NULL),
    ('failed', 10, 'failed', 0, 0, NULL, 'failed', '{}', NULL, NULL, NULL),
    ('suspended for a while', 40, 'suspended', 0, 0, NULL, 'attempt_interrupted', '{}', NULL, 'later', 'expire'),
    ('suspended for ever', 20, 'suspended', 0, 0, NULL, 'attempt_interrupted', '{}', NULL, 'never', NULL);

-- The other half is in trouble.
INSERT INTO ff_scanner_demo.kind
    (name, share, reconciler, ending, situation, pointer, attempt, lease, outcome, policy, attempt_policy, retry_count, reclaims, earlier_outcome, suspension, behavior) VALUES
    ('worker died', 90, 'lease_expiry', 'requeued', 'running', 0, 0, 'due', NULL, '{"timeout_policy": {"attempt_timeout_ms": 3600000}}', NULL, NULL, 0, NULL, NULL, NULL),
    ('worker died, typed claim', 40, 'lease_expiry', 'requeued', 'running typed', 1, 0, 'due', NULL, '{}', NULL, NULL, 2, NULL, NULL, NULL),
    ('worker died on a retry', 20, 'lease_expiry', 'requeued', 'running', 1, 1, 'due', NULL, '{"retry_policy": {"max_retries": 3}}', NULL, '1', 0, 'retry', NULL, NULL),
    ('worker died once too often', 20, 'lease_expiry', 'reclaimed too often', 'running', 0, 0, 'due', NULL, '{"max_reclaim_count": 3}', NULL, NULL, 3, NULL, NULL, NULL),
    ('lease left by a reclaim', 20, 'lease_expiry', 'earlier lease cleaned', 'running', 1, 1, 'live', NULL, '{}', NULL, NULL, 1, 'interrupted_reclaimed', NULL, NULL),
    ('lease left by a cancelled flow', 20, 'lease_expiry', 'lease cleaned', 'cancelled with flow', 0, 0, 'due', NULL, '{}', NULL, NULL, 0, NULL, NULL, NULL),
    ('lease left by a cancelling worker', 10, 'lease_expiry', 'lease cleaned', 'cancelled by worker', 0, 0, 'due', 'cancelled', '{}', NULL, NULL, 0, NULL, NULL, NULL),
    ('hangs, retries left', 50, 'attempt_timeout', 'retried', 'running', 0, 0, 'live', NULL, '{"timeout_policy": {"attempt_timeout_ms": 60000}, "retry_policy": {"max_retries": 3}}', NULL, NULL, 0, NULL, NULL, NULL),
    ('hangs, typed claim', 20, 'attempt_timeout', 'retried', 'running typed', 1, 0, 'live', NULL, '{"retry_policy": {"max_retries": 3}}', '{"timeout_policy": {"attempt_timeout_ms": 60000}}', NULL, 0, NULL, NULL, NULL),
    ('hangs on a retry', 10, 'attempt_timeout', 'retried', 'running', 1, 1, 'live', NULL, '{"timeout_policy": {"attempt_timeout_ms": 60000}, "retry_policy": {"max_retries": 3}}', NULL, '1', 0, 'retry', NULL, NULL),
    ('hangs on the last retry', 20, 'attempt_timeout', 'timed out', 'running', 2, 2, 'live', NULL, '{"timeout_policy": {"attempt_timeout_ms": 60000}, "retry_policy": {"max_retries": 2}}', NULL, NULL, 0, 'interrupted', NULL, NULL),
    ('hangs without a retry policy', 40, 'attempt_timeout', 'timed out', 'running', 0, 0, 'live', NULL, '{"timeout_policy": {"attempt_timeout_ms": 60000}}', NULL, NULL, 0, NULL, NULL, NULL),
    ('suspended, then fail', 30, 'suspension_timeout', 'suspension failed', 'suspended', 0, 0, NULL, 'attempt_interrupted', '{}', NULL, NULL, 0, NULL, 'due', 'fail'),
    ('suspended, no behaviour', 20, 'suspension_timeout', 'suspension failed', 'suspended', 0, 0, NULL, 'attempt_interrupted', '{}', NULL, NULL, 0, NULL, 'due', NULL),
    ('suspended, then cancel', 20, 'suspension_timeout', 'suspension cancelled', 'suspended', 0, 0, NULL, 'attempt_interrupted', '{}', NULL, NULL, 0, NULL, 'due', 'cancel'),
    ('suspended, then expire', 20, 'suspension_timeout', 'suspension expired', 'suspended', 1, 1, NULL, 'attempt_interrupted', '{}', NULL, NULL, 0, 'retry', 'due', 'expire'),
    ('suspended, then resume', 25, 'suspension_timeout', 'resumed', 'suspended', 0, 0, NULL, 'attempt_interrupted', '{}', NULL, NULL, 0, NULL, 'due', 'auto_resume_with_timeout_signal'),
    ('suspended, then escalate', 10, 'suspension_timeout', 'escalated', 'suspended', 0, 0, NULL, 'attempt_interrupted', '{}', NULL, NULL, 0, NULL, 'due', 'escalate'),
    ('suspension of a resumed one', 10, 'suspension_timeout', 'suspension cleared', 'resumable', 0, 0, NULL, 'attempt_interrupted', '{}', NULL, NULL, 0, NULL, 'due', 'fail'),
    ('suspension of a completed one', 5, 'suspension_timeout', 'suspension cleared', 'completed', 0, 0, NULL, 'success', '{}', NULL, NULL, 0, NULL, 'due', 'expire');

-- Members of flows: those that others wait for, and those that wait.
INSERT INTO ff_scanner_demo.kind
    (name, share, reconciler, ending, situation, pointer, attempt, lease, outcome, policy, suspension, behavior) VALUES
    ('upstream, succeeded', 0, NULL, NULL, 'completed', 0, 0, NULL, 'success', '{}', NULL, NULL),
    ('upstream, failed', 0, NULL, NULL, 'failed', 0, 0, NULL, 'failed', '{}', NULL, NULL),
    ('upstream, cancelled', 0, NULL, NULL, 'cancelled by operator', 0, 0, NULL, 'cancelled', '{}', NULL, NULL),
    ('upstream, at work', 0, NULL, NULL, 'running', 0, 0, 'live', NULL, '{}', NULL, NULL),
    ('sibling at work', 0, 'edge_cancel_dispatcher', 'sibling cancelled', 'running', 0, 0, 'live', NULL, '{}', NULL, NULL),
    ('sibling, suspended', 0, 'edge_cancel_dispatcher', 'suspended sibling cancelled', 'suspended', 0, 0, NULL, 'attempt_interrupted', '{}', 'never', NULL),
    ('child, waits on', 0, NULL, NULL, 'blocked', 0, NULL, NULL, NULL, '{}', NULL, NULL),
    ('child, claimable', 0, NULL, NULL, 'claimable', 0, NULL, NULL, NULL, '{}', NULL, NULL),
    ('child to go on', 0, 'dependency', 'promoted', 'blocked', 0, NULL, NULL, NULL, '{}', NULL, NULL),
    ('child to go on with a result', 0, 'dependency', 'promoted with a result', 'blocked', 0, NULL, NULL, NULL, '{}', NULL, NULL),
    ('child to go on, only created', 0, 'dependency', 'promoted', 'created', 0, NULL, NULL, NULL, '{}', NULL, NULL),
    ('child to skip', 0, 'dependency', 'skipped', 'blocked', 0, NULL, NULL, NULL, '{}', NULL, NULL);
