-- Tells the planner what was seeded, as the server does by itself for tables that fill more slowly.
--
-- Takes and returns nothing.
-- Reads samples of each table.
-- Locks nothing that stands in anybody's way.
-- Idempotent: the second time finds the same.
ANALYZE ff_exec_core, ff_attempt, ff_suspension_current, ff_waitpoint_pending, ff_completion_event, ff_edge, ff_edge_group,
        ff_pending_cancel_groups, ff_budget_policy, ff_budget_usage, ff_budget_usage_by_exec, ff_scanner_demo.plan, ff_scanner_demo.before
