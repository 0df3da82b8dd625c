//! Which statements are there, and what must their plans look like?

use ff_scanner::attempt_timeout::{
    LOOK_LAPSED_SQL, LOOK_SQL as LOOK_OVERDUE_SQL, TIME_OUT_SQL as TIME_OUT_ATTEMPT_SQL,
};
use ff_scanner::budget::{self, BEGIN_WINDOW_SQL, CLEAR_LEDGER_SQL};
use ff_scanner::core::postgres::CLEAR_WAITS_SQL;
use ff_scanner::deps::sql as deps;
use ff_scanner::edge_cancel::{
    ANY_QUEUED_SQL, CANCEL_SQL, DEQUEUE_SQL, FIND_FLAGGED_SQL, FIND_LOST_SQL, FIND_STALE_SQL, RECONCILE_SQL, WALK_SQL,
};
use ff_scanner::lease_expiry::{CLEAN_SQL, LOOK_SQL as LOOK_LEASE_SQL, RELEASE_SQL};
use ff_scanner::suspension::{
    CLEAN_SQL as CLEAN_SUSPENSION_SQL, KEEP_SQL, LOOK_SQL as LOOK_SUSPENSION_SQL,
    TIME_OUT_SQL as TIME_OUT_SUSPENSION_SQL,
};

pub(crate) struct Statement {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
    /// What the indexes that the header names must appear as, in a child of the partitioned table.
    pub(crate) reads_by: &'static [&'static str],
    /// Tables that the header says are read whole.
    pub(crate) reads_whole: &'static [&'static str],
    /// SQL expressions, for partition 3.
    pub(crate) arguments: &'static [&'static str],
}

const KEYS: &str = "(SELECT array_agg(n)::smallint[] FROM generate_series(0, 63) AS n)";
const LOOK: &[&str] = &[KEYS, "NULL", "1000", "NULL", "NULL", "NULL", "'{}'"];
const GLOBAL_LOOK: &[&str] = &["1000", "NULL", "NULL", "NULL", "'{}'"];
const GROUP_LOOK: &[&str] = &["1000", "NULL", "NULL", "NULL", "'{}'", "'{}'"];

/// A few executions, and so on, of one kind.
macro_rules! few {
    ($column:literal, $table:literal, $condition:literal) => {
        concat!(
            "(SELECT array_agg(",
            $column,
            ") FROM (SELECT ctid, * FROM ",
            $table,
            " WHERE partition_key = 3 AND ",
            $condition,
            " ORDER BY ",
            $column,
            " LIMIT 10) AS few)"
        )
    };
}

const LAPSED: &str = few!("execution_id", "ff_exec_core", "lane_id = 'lapsed'");
const OVERDUE: &str = few!("execution_id", "ff_exec_core", "lane_id = 'overdue'");
const SUSPENDED: &str = few!("execution_id", "ff_exec_core", "lane_id = 'suspended'");
const ZEROS: &str = "(SELECT array_agg(0) FROM generate_series(1, 10))";
const BUDGETS: &str = few!("budget_id", "ff_budget_policy", "next_reset_at_ms <= extract(epoch FROM now()) * 1000");
const EVENTS: &str = few!("event_id", "ff_completion_event", "dispatched_at_ms IS NULL");
const UNTOLD: &str = few!("execution_id", "ff_exec_core", "lifecycle_phase = 'terminal'");
const ENDED: &str = "(SELECT array_agg(execution_id) FROM (SELECT * FROM ff_completion_event \
                     WHERE partition_key = 3 AND dispatched_at_ms IS NULL ORDER BY event_id LIMIT 10) AS few)";
const ENDED_FLOWS: &str = "(SELECT array_agg(flow_id) FROM (SELECT * FROM ff_completion_event \
                           WHERE partition_key = 3 AND dispatched_at_ms IS NULL ORDER BY event_id LIMIT 10) AS few)";
const BLOCKED: &str = few!("execution_id", "ff_exec_core", "eligibility_state = 'blocked_by_dependencies'");
const BLOCKED_FLOWS: &str = "(SELECT array_agg(flow_id) FROM (SELECT * FROM ff_exec_core WHERE partition_key = 3 \
                             AND eligibility_state = 'blocked_by_dependencies' ORDER BY execution_id LIMIT 10) AS few)";
const EDGE_CTIDS: &str = few!("ctid", "ff_edge", "policy = '{}'");
const GROUP_CTIDS: &str = few!("ctid", "ff_edge_group", "true");
const QUEUED: &str = few!("downstream_eid", "ff_pending_cancel_groups", "true");
const QUEUED_FLOWS: &str = "(SELECT array_agg(flow_id) FROM (SELECT * FROM ff_pending_cancel_groups \
                            WHERE partition_key = 3 ORDER BY downstream_eid LIMIT 10) AS few)";
const ONES: &str = "(SELECT array_agg(1) FROM generate_series(1, 10))";
const THREES: &str = "(SELECT array_agg(3)::smallint[] FROM generate_series(1, 10))";
const NO: &str = "(SELECT array_agg(false) FROM generate_series(1, 10))";
const WORDS: &str = "(SELECT array_agg('success'::text) FROM generate_series(1, 10))";

const CORE: &str = "ff_exec_core_p[0-9]+_pkey";
const ATTEMPT: &str = "ff_attempt_p[0-9]+_pkey";
const SUSPENSION: &str = "ff_suspension_current_p[0-9]+_pkey";
const GROUP: &str = "ff_edge_group_p[0-9]+_pkey";
const QUEUE: &str = "ff_pending_cancel_groups_p[0-9]+_pkey";
const LEASE: &str = "partition_key_lease_expires_at_ms_idx";

const fn statement(
    name: &'static str,
    sql: &'static str,
    reads_by: &'static [&'static str],
    arguments: &'static [&'static str],
) -> Statement {
    Statement { name, sql, reads_by, reads_whole: &[], arguments }
}

const fn reads_queue_whole(
    name: &'static str,
    sql: &'static str,
    reads_by: &'static [&'static str],
    arguments: &'static [&'static str],
) -> Statement {
    Statement { name, sql, reads_by, reads_whole: &["ff_pending_cancel_groups"], arguments }
}

pub(crate) const STATEMENTS: [Statement; 37] = [
    statement("clear_waits", CLEAR_WAITS_SQL, &[SUSPENSION], &["3", SUSPENDED]),
    statement("lease_expiry/look", LOOK_LEASE_SQL, &[LEASE], LOOK),
    statement("lease_expiry/release", RELEASE_SQL, &[CORE, ATTEMPT], &["3", LAPSED, ZEROS, "NULL", "false", "false"]),
    statement("lease_expiry/clean", CLEAN_SQL, &[CORE, ATTEMPT], &["3", LAPSED, ZEROS, "NULL"]),
    statement("attempt_timeout/look", LOOK_OVERDUE_SQL, &[LEASE, CORE], LOOK),
    statement("attempt_timeout/look_lapsed", LOOK_LAPSED_SQL, &[LEASE], LOOK),
    statement(
        "attempt_timeout/time_out",
        TIME_OUT_ATTEMPT_SQL,
        &[CORE, ATTEMPT],
        &["3", OVERDUE, "NULL", "false", "false"],
    ),
    statement("suspension_timeout/look", LOOK_SUSPENSION_SQL, &["partition_key_timeout_at_ms_idx"], LOOK),
    statement("suspension_timeout/time_out", TIME_OUT_SUSPENSION_SQL, &[CORE, SUSPENSION], &["3", SUSPENDED, "NULL"]),
    statement("suspension_timeout/keep", KEEP_SQL, &[SUSPENSION], &["3", SUSPENDED, "NULL", WORDS]),
    statement("suspension_timeout/clean", CLEAN_SUSPENSION_SQL, &[CORE, SUSPENSION], &["3", SUSPENDED, "NULL"]),
    statement("budget_reset/look", budget::LOOK_SQL, &["partition_key_next_reset_at_ms_idx"], LOOK),
    statement("budget_reset/lock", budget::LOCK_SQL, &["ff_budget_policy_p[0-9]+_"], &["3", BUDGETS, "NULL"]),
    statement("budget_reset/wait", budget::WAIT_SQL, &["ff_budget_policy_p[0-9]+_"], &["3", BUDGETS, "NULL"]),
    statement("budget_reset/clear_ledger", CLEAR_LEDGER_SQL, &["ff_budget_usage_by_exec_p[0-9]+_"], &["3", BUDGETS]),
    statement(
        "budget_reset/begin_window",
        BEGIN_WINDOW_SQL,
        &["ff_budget_usage_p[0-9]+_pkey", "ff_budget_policy_p[0-9]+_pkey"],
        &["3", BUDGETS, "1"],
    ),
    statement("dependency/look_told", deps::LOOK_TOLD, &["partition_key_committed_at_ms_idx"], GLOBAL_LOOK),
    statement(
        "dependency/look_waiting",
        deps::LOOK_WAITING,
        // The children, too, and not only the lanes: by the primary key it would read all that has ended.
        &["partition_key_lane_id_lifecycle_phase_idx on ff_exec_core_p[0-9]+ core"],
        &[KEYS, "-1", "'00000000-0000-0000-0000-000000000000'", "20000"],
    ),
    statement(
        "dependency/look_untold",
        deps::LOOK_UNTOLD,
        &["partition_key_flow_id_downstream_eid_", CORE],
        &[THREES, BLOCKED_FLOWS, BLOCKED, "NULL", "0", "NULL", "NULL", "NULL", "'{}'", "1000"],
    ),
    statement("dependency/lock_told", deps::LOCK_TOLD, &["ff_completion_event_p[0-9]+_"], &["3", EVENTS]),
    statement(
        "dependency/judge_untold",
        deps::JUDGE_UNTOLD,
        &[CORE, ATTEMPT, "ff_completion_event_p[0-9]+_partition_key_execution_id_occurre_idx"],
        &["3", UNTOLD, "NULL", "0"],
    ),
    statement(
        "dependency/lock_groups",
        deps::LOCK_GROUPS,
        &["partition_key_flow_id_upstream_eid_idx", GROUP],
        &["3", ENDED_FLOWS, ENDED, "10000", "NULL", "NULL"],
    ),
    statement("dependency/reopen", deps::REOPEN, &[CORE], &["3", BLOCKED_FLOWS, BLOCKED]),
    statement("dependency/weigh", deps::WEIGH, &["Tid Scan on ff_edge_p"], &["3", EDGE_CTIDS]),
    statement("dependency/pass_data", deps::PASS_DATA, &[CORE], &["3", BLOCKED, BLOCKED]),
    statement("dependency/promote", deps::PROMOTE, &[CORE], &["3", BLOCKED, "NULL"]),
    statement("dependency/skip", deps::SKIP, &[CORE], &["3", BLOCKED, BLOCKED_FLOWS, "NULL"]),
    statement(
        "dependency/settle",
        deps::SETTLE,
        &["Tid Scan on ff_edge_p", "Tid Scan on ff_edge_group_p", "ff_completion_event_p[0-9]+_"],
        &["3", EDGE_CTIDS, NO, WORDS, ONES, GROUP_CTIDS, ONES, ONES, ONES, ONES, WORDS, EVENTS, "NULL"],
    ),
    statement("dependency/ask_cancel", deps::ASK_CANCEL, &[GROUP, CORE], &["3", BLOCKED_FLOWS, BLOCKED, "NULL"]),
    statement("edge_cancel/any_queued", ANY_QUEUED_SQL, &[], &[]),
    statement("edge_cancel_dispatcher/find_flagged", FIND_FLAGGED_SQL, &[QUEUE, GROUP], GROUP_LOOK),
    statement(
        "edge_cancel_dispatcher/cancel",
        CANCEL_SQL,
        &[GROUP, CORE],
        &["3", QUEUED_FLOWS, QUEUED, "NULL", "1000", "'{}'"],
    ),
    statement("edge_cancel_reconciler/find_stale", FIND_STALE_SQL, &[QUEUE, GROUP], GROUP_LOOK),
    statement(
        "edge_cancel_reconciler/walk",
        WALK_SQL,
        &["Tid Range Scan on ff_edge_group"],
        &[KEYS, "3", "'(0,0)'", "5000"],
    ),
    statement(
        "edge_cancel_reconciler/find_lost",
        FIND_LOST_SQL,
        &[QUEUE],
        &["1000", "NULL", "NULL", "NULL", "'{}'", "'{}'", THREES, QUEUED_FLOWS, QUEUED],
    ),
    reads_queue_whole("edge_cancel_reconciler/dequeue", DEQUEUE_SQL, &[GROUP], &["3", QUEUED_FLOWS, QUEUED]),
    reads_queue_whole(
        "edge_cancel_reconciler/reconcile",
        RECONCILE_SQL,
        &[GROUP],
        &["3", QUEUED_FLOWS, QUEUED, "NULL"],
    ),
];
