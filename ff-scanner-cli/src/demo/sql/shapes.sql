-- Says what flows and budgets there are, and what is to become of them.
--
-- Takes and returns nothing.
-- Reads nothing.
-- Locks nothing: nobody else knows these tables.
-- Idempotent: no; the names would be there already.
INSERT INTO ff_scanner_demo.shape VALUES
    ('fan-out'), ('fan-in'), ('fan-in, one fails'), ('chain that breaks'), ('any of'), ('any of, let run'),
    ('any of, none'), ('quorum'), ('quorum, out of reach'), ('waits on'), ('edge not applied'), ('told twice'),
    ('only created'), ('passes data'), ('stale queue entry'), ('nobody left to cancel'), ('lost queue entry');

INSERT INTO ff_scanner_demo.shape_node (shape, node, kind, told)
SELECT 'fan-out', 0, 'upstream, succeeded', '{success}'::text[]
 UNION ALL SELECT 'fan-out', n, 'child to go on', '{}' FROM generate_series(1, 5) AS n
 UNION ALL SELECT 'fan-in', n, 'upstream, succeeded', '{success}' FROM generate_series(0, 3) AS n
 UNION ALL SELECT 'chain that breaks', n, 'child to skip', '{}' FROM generate_series(1, 4) AS n
 UNION ALL VALUES
    ('fan-in', 4, 'child to go on', '{}'::text[]),
    ('fan-in, one fails', 0, 'upstream, succeeded', '{success}'),
    ('fan-in, one fails', 1, 'upstream, failed', '{failed}'),
    ('fan-in, one fails', 2, 'upstream, at work', '{}'),
    ('fan-in, one fails', 3, 'child to skip', '{}'),
    ('chain that breaks', 0, 'upstream, failed', '{failed}'),
    ('any of', 0, 'upstream, succeeded', '{success}'),
    ('any of', 1, 'sibling at work', '{}'),
    ('any of', 2, 'sibling, suspended', '{}'),
    ('any of', 3, 'child to go on', '{}'),
    ('any of, let run', 0, 'upstream, succeeded', '{success}'),
    ('any of, let run', 1, 'upstream, at work', '{}'),
    ('any of, let run', 2, 'child to go on', '{}'),
    ('any of, none', 0, 'upstream, failed', '{failed}'),
    ('any of, none', 1, 'upstream, cancelled', '{}'),
    ('any of, none', 2, 'child to skip', '{}'),
    ('quorum', 0, 'upstream, succeeded', '{success}'),
    ('quorum', 1, 'upstream, succeeded', '{success}'),
    ('quorum', 2, 'sibling at work', '{}'),
    ('quorum', 3, 'child to go on', '{}'),
    ('quorum, out of reach', 0, 'upstream, failed', '{failed}'),
    ('quorum, out of reach', 1, 'upstream, failed', '{expired}'),
    ('quorum, out of reach', 2, 'sibling at work', '{}'),
    ('quorum, out of reach', 3, 'sibling at work', '{}'),
    ('quorum, out of reach', 4, 'child to skip', '{}'),
    ('waits on', 0, 'upstream, succeeded', '{success}'),
    ('waits on', 1, 'upstream, at work', '{}'),
    ('waits on', 2, 'child, waits on', '{}'),
    ('edge not applied', 0, 'upstream, succeeded', '{success}'),
    ('edge not applied', 1, 'upstream, succeeded', '{success}'),
    ('edge not applied', 2, 'child, waits on', '{}'),
    ('told twice', 0, 'upstream, succeeded', '{success,success}'),
    ('told twice', 1, 'upstream, at work', '{}'),
    ('told twice', 2, 'child, waits on', '{}'),
    ('only created', 0, 'upstream, succeeded', '{success}'),
    ('only created', 1, 'child to go on, only created', '{}'),
    ('passes data', 0, 'upstream, succeeded', '{success}'),
    ('passes data', 1, 'child to go on with a result', '{}'),
    ('stale queue entry', 0, 'upstream, succeeded', '{}'),
    ('stale queue entry', 1, 'child, claimable', '{}'),
    ('nobody left to cancel', 0, 'upstream, succeeded', '{}'),
    ('nobody left to cancel', 1, 'upstream, failed', '{}'),
    ('nobody left to cancel', 2, 'child, claimable', '{}'),
    ('lost queue entry', 0, 'upstream, succeeded', '{}'),
    ('lost queue entry', 1, 'sibling at work', '{}'),
    ('lost queue entry', 2, 'child, claimable', '{}');

INSERT INTO ff_scanner_demo.shape_edge (shape, upstream, downstream, policy, edge_state, resolved_as)
SELECT 'fan-out', 0, n, '{}'::jsonb, 'satisfied', 'success' FROM generate_series(1, 5) AS n
 UNION ALL SELECT 'fan-in', n, 4, '{}', 'satisfied', 'success' FROM generate_series(0, 3) AS n
 UNION ALL SELECT 'chain that breaks', n, n + 1, '{}', 'impossible', 'skipped' FROM generate_series(1, 3) AS n
 UNION ALL VALUES
    ('fan-in, one fails', 0, 3, '{}'::jsonb, 'satisfied', 'success'),
    ('fan-in, one fails', 1, 3, '{}', 'impossible', 'failed'),
    ('fan-in, one fails', 2, 3, '{}', NULL, NULL),
    ('chain that breaks', 0, 1, '{}', 'impossible', 'failed'),
    ('any of', 0, 3, '{}', 'satisfied', 'success'),
    ('any of', 1, 3, '{}', 'impossible', 'cancelled'),
    ('any of', 2, 3, '{}', 'impossible', 'cancelled'),
    ('any of, let run', 0, 2, '{}', 'satisfied', 'success'),
    ('any of, let run', 1, 2, '{}', NULL, NULL),
    ('any of, none', 0, 2, '{}', 'impossible', 'failed'),
    ('any of, none', 1, 2, '{}', 'impossible', 'cancelled'),
    ('quorum', 0, 3, '{}', 'satisfied', 'success'),
    ('quorum', 1, 3, '{}', 'satisfied', 'success'),
    ('quorum', 2, 3, '{}', 'impossible', 'cancelled'),
    ('quorum, out of reach', 0, 4, '{}', 'impossible', 'failed'),
    ('quorum, out of reach', 1, 4, '{}', 'impossible', 'expired'),
    ('quorum, out of reach', 2, 4, '{}', 'impossible', 'cancelled'),
    ('quorum, out of reach', 3, 4, '{}', 'impossible', 'cancelled'),
    ('waits on', 0, 2, '{"edge_state": "applied", "applied_at_ms": 1}', 'satisfied', 'success'),
    ('waits on', 1, 2, '{"edge_state": "applied", "applied_at_ms": 1}', NULL, NULL),
    ('edge not applied', 0, 2, '{"edge_state": "applied", "applied_at_ms": 1}', 'satisfied', 'success'),
    ('edge not applied', 1, 2, '{"edge_state": "pending", "applied_at_ms": null}', NULL, NULL),
    ('told twice', 0, 2, '{}', 'satisfied', 'success'),
    ('told twice', 1, 2, '{}', NULL, NULL),
    ('only created', 0, 1, '{}', 'satisfied', 'success'),
    ('passes data', 0, 1, '{"data_passing_ref": "result"}', 'satisfied', 'success'),
    ('stale queue entry', 0, 1, '{"edge_state": "satisfied", "resolved_as": "success"}', NULL, NULL),
    ('nobody left to cancel', 0, 2, '{"edge_state": "satisfied", "resolved_as": "success"}', NULL, NULL),
    ('nobody left to cancel', 1, 2, '{"edge_state": "impossible", "resolved_as": "failed"}', NULL, NULL),
    ('lost queue entry', 0, 2, '{"edge_state": "satisfied", "resolved_as": "success"}', NULL, NULL),
    ('lost queue entry', 1, 2, '{}', 'impossible', 'cancelled');

INSERT INTO ff_scanner_demo.shape_group
    (shape, node, policy, fired, success_count, fail_count, skip_count, running_count, flagged, queued)
SELECT 'fan-out', n, '{"kind": "all_of"}'::jsonb, 'satisfied', 1, 0, 0, 0, NULL::integer, false FROM generate_series(1, 5) AS n
 UNION ALL
SELECT 'chain that breaks', n, '{"kind": "all_of"}', 'impossible', 0, 0, 1, 0, NULL, false FROM generate_series(2, 4) AS n
 UNION ALL VALUES
    ('fan-in', 4, '{"kind": "all_of"}'::jsonb, 'satisfied', 4, 0, 0, 0, NULL::integer, false),
    ('fan-in, one fails', 3, '{"kind": "all_of"}', 'impossible', 1, 1, 0, 1, NULL, false),
    ('chain that breaks', 1, '{"kind": "all_of"}', 'impossible', 0, 1, 0, 0, NULL, false),
    ('any of', 3, '{"kind": "any_of", "on_satisfied": "cancel_remaining"}', 'satisfied', 1, 2, 0, 0, NULL, false),
    ('any of, let run', 2, '{"kind": "any_of", "on_satisfied": "let_run"}', 'satisfied', 1, 0, 0, 1, NULL, false),
    ('any of, none', 2, '{"kind": "any_of"}', 'impossible', 0, 2, 0, 0, NULL, false),
    ('quorum', 3, '{"kind": "quorum", "k": 2}', 'satisfied', 2, 1, 0, 0, NULL, false),
    ('quorum, out of reach', 4, '{"kind": "quorum", "k": 3}', 'impossible', 0, 4, 0, 0, NULL, false),
    ('waits on', 2, '{"kind": "all_of"}', NULL, 1, 0, 0, 1, NULL, false),
    ('edge not applied', 2, '{"kind": "all_of"}', NULL, 1, 0, 0, 0, NULL, false),
    ('told twice', 2, '{"kind": "all_of"}', NULL, 1, 0, 0, 1, NULL, false),
    ('only created', 1, '{"kind": "all_of"}', 'satisfied', 1, 0, 0, 0, NULL, false),
    ('passes data', 1, '{"kind": "all_of"}', 'satisfied', 1, 0, 0, 0, NULL, false),
    ('stale queue entry', 1, '{"kind": "any_of", "fired": "satisfied"}', NULL, 1, 0, 0, 0, NULL, true),
    ('nobody left to cancel', 2, '{"kind": "any_of", "fired": "satisfied"}', NULL, 1, 1, 0, 0, 1, true),
    ('lost queue entry', 2, '{"kind": "any_of", "fired": "satisfied"}', NULL, 1, 1, 0, 0, 1, false);

INSERT INTO ff_scanner_demo.budget_kind (name, policy_json, late_by_ms, windows, ends) VALUES
    ('rolls over', '{"reset_interval_ms": 86400000}', 1000, 1, false),
    ('rolls over, windows missed', '{"reset_interval_ms": 3600000}', 9000000, 3, false),
    ('last window', '{"reset_interval_ms": 0}', 1000, 0, true),
    ('without an interval', '{"hard_limits": {"tokens": 1000}}', 1000, NULL, false),
    ('not due', '{"reset_interval_ms": 86400000}', -3600000, NULL, false);
