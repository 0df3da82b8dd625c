//! Which columns do our statements read?

use ff_scanner_migrations::EngineVersion;

use crate::evil::{Target, Values};

use Values::{Bigint, Integer, Json, Members, Text, Uuid};

const WORD: Values = Text { nullable: false };
const NAME: Values = Text { nullable: true };
const POLICY: Values = Json {
    nullable: true,
    paths: &[
        "timeout_policy",
        "timeout_policy/attempt_timeout_ms",
        "timeout_policy/max_reclaim_count",
        "attempt_timeout_ms",
        "max_reclaim_count",
        "retry_policy",
        "retry_policy/max_retries",
    ],
};
const RAW_FIELDS: Values = Json {
    nullable: false,
    paths: &[
        "namespace",
        "tags",
        "tags/cairn.instance_id",
        "retry_count",
        "replay_count",
        "last_mutation_at",
        "lease_reclaim_count",
        "terminal_outcome",
    ],
};
const EDGE: Values =
    Json { nullable: false, paths: &["edge_state", "applied_at_ms", "data_passing_ref", "resolved_as"] };
const GROUP: Values = Json { nullable: false, paths: &["kind", "k", "on_satisfied", "fired"] };
const BUDGET: Values = Json { nullable: false, paths: &["reset_interval_ms", "hard_limits"] };
const SIGNALS: Values = Json { nullable: false, paths: &["__timeout__", "wp:go"] };

const fn target(
    table: &'static str,
    column: &'static str,
    key: (&'static str, &'static str),
    values: Values,
) -> Target {
    Target { table, column, key, values }
}

/// The columns of an execution.
fn core(of: &'static str) -> Vec<Target> {
    let target = |column, values| target("ff_exec_core", column, ("execution_id", of), values);
    vec![
        target("policy", POLICY),
        target("raw_fields", RAW_FIELDS),
        target("raw_fields", RAW_FIELDS),
        target("raw_fields", RAW_FIELDS),
        target("lifecycle_phase", WORD),
        target("ownership_state", WORD),
        target("eligibility_state", WORD),
        target("public_state", WORD),
        target("attempt_state", WORD),
        target("blocking_reason", NAME),
        target("cancellation_reason", NAME),
        target("cancelled_by", NAME),
        target("lane_id", WORD),
        target("attempt_index", Integer),
        target("terminal_at_ms", Bigint),
        target("flow_id", Uuid),
    ]
}

fn attempt(of: &'static str) -> Vec<Target> {
    let target = |column, values| target("ff_attempt", column, ("execution_id", of), values);
    vec![
        target("policy", POLICY),
        target("lease_expires_at_ms", Bigint),
        target("started_at_ms", Bigint),
        target("terminal_at_ms", Bigint),
        target("lease_epoch", Bigint),
        target("attempt_index", Integer),
        target("outcome", NAME),
    ]
}

fn suspension() -> Vec<Target> {
    let target = |column, values| target("ff_suspension_current", column, ("execution_id", "execution_id"), values);
    vec![
        target("timeout_at_ms", Bigint),
        target("timeout_behavior", NAME),
        target("member_map", SIGNALS),
        target("member_map", SIGNALS),
        target("satisfied_set", SIGNALS),
        target("condition", SIGNALS),
    ]
}

fn group() -> Vec<Target> {
    let target = |column, values| target("ff_edge_group", column, ("flow_id", "flow_id"), values);
    vec![
        target("policy", GROUP),
        target("policy", GROUP),
        target("k_target", Integer),
        target("success_count", Integer),
        target("running_count", Integer),
        target("cancel_siblings_pending_members", Members),
    ]
}

fn edge() -> Vec<Target> {
    vec![
        target("ff_edge", "policy", ("flow_id", "flow_id"), EDGE),
        target("ff_edge", "policy", ("edge_id", "edge_id"), EDGE),
        target("ff_edge", "upstream_eid", ("edge_id", "edge_id"), Uuid),
        target("ff_edge", "downstream_eid", ("edge_id", "edge_id"), Uuid),
    ]
}

fn event() -> Vec<Target> {
    let target = |column, values| target("ff_completion_event", column, ("execution_id", "upstream"), values);
    vec![
        target("outcome", WORD),
        target("outcome", WORD),
        target("namespace", NAME),
        target("instance_tag", NAME),
        target("occurred_at_ms", Bigint),
        target("committed_at_ms", Bigint),
        target("flow_id", Uuid),
    ]
}

fn queue() -> Vec<Target> {
    vec![target("ff_pending_cancel_groups", "enqueued_at_ms", ("flow_id", "flow_id"), Bigint)]
}

fn budget() -> Vec<Target> {
    vec![
        target("ff_budget_policy", "policy_json", ("budget_id", "execution_id"), BUDGET),
        target("ff_budget_policy", "policy_json", ("budget_id", "execution_id"), BUDGET),
        target("ff_budget_policy", "next_reset_at_ms", ("budget_id", "execution_id"), Bigint),
        target("ff_budget_policy", "last_breach_dim", ("budget_id", "execution_id"), NAME),
        target("ff_budget_usage", "current_value", ("budget_id", "execution_id"), Bigint),
    ]
}

/// What subjects of that kind are made of.
pub(crate) fn of(kind: &str, version: EngineVersion) -> Vec<Target> {
    let mut targets = match kind {
        "lapsed" | "overdue" => [core("execution_id"), attempt("execution_id")].into_iter().flatten().collect(),
        "suspended" => [core("execution_id"), attempt("execution_id"), suspension()].into_iter().flatten().collect(),
        "told" => [core("execution_id"), core("upstream"), core("sibling"), group(), edge(), event()]
            .into_iter()
            .flatten()
            .collect(),
        "flagged" | "stale" => [core("execution_id"), core("sibling"), attempt("sibling"), group(), edge(), queue()]
            .into_iter()
            .flatten()
            .collect(),
        "budget" => budget(),
        other => panic!("no such kind: {other}"),
    };
    if version != EngineVersion::V0_11 && matches!(kind, "lapsed" | "overdue") {
        let key = ("execution_id", "execution_id");
        targets.push(target("ff_exec_core", "lease_reclaim_count", key, Integer));
    }
    targets
}
