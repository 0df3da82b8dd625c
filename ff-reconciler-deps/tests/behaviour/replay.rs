//! Does a child that was skipped and replayed wait for its dependencies again?

use ff_scanner_testkit::{Flow, Node, State};

use crate::support::{CLAIMABLE, LONG_AGO_MS, SKIPPED, Tenant, all_of};

const WAITS_AGAIN: &str = "runnable/unowned/blocked_by_dependencies/waiting_children/pending_replay_attempt";

/// As the engine replays an execution that was skipped.
async fn replay_skipped(tenant: &Tenant, flow: &Flow, child: Node) {
    let core = "UPDATE ff_exec_core SET lifecycle_phase = 'runnable', ownership_state = 'unowned', \
                eligibility_state = 'blocked_by_dependencies', public_state = 'waiting_children', \
                attempt_state = 'pending_replay_attempt', terminal_at_ms = NULL \
                WHERE partition_key = $1 AND execution_id = $2";
    tenant.execute(core, flow, child).await;
    let attempt = "UPDATE ff_attempt SET outcome = NULL, terminal_at_ms = NULL, lease_epoch = lease_epoch + 1 \
                   WHERE partition_key = $1 AND execution_id = $2";
    tenant.execute(attempt, flow, child).await;
    let group = "UPDATE ff_edge_group SET skip_count = 0, fail_count = 0, running_count = 0 \
                 WHERE partition_key = $1 AND downstream_eid = $2";
    tenant.execute(group, flow, child).await;
}

/// As the engine replays an execution that failed: it can be claimed.
async fn replay_failed(tenant: &Tenant, flow: &Flow, upstream: Node) {
    let core = "UPDATE ff_exec_core SET lifecycle_phase = 'runnable', eligibility_state = 'eligible_now', \
                public_state = 'waiting', attempt_state = 'pending_replay_attempt', terminal_at_ms = NULL \
                WHERE partition_key = $1 AND execution_id = $2";
    tenant.execute(core, flow, upstream).await;
}

/// Two upstreams, one failed and one at work, above a child that was skipped for it.
async fn skipped(tenant: &Tenant) -> (Flow, Vec<Node>, Node) {
    let (flow, upstreams, child) = tenant.fan_in(2, all_of(), State::Blocked).await;
    flow.finish(&tenant.pool, upstreams[0], "failed", LONG_AGO_MS).await;
    tenant.cycle().await;
    assert_eq!(tenant.vector(&flow, child).await, SKIPPED);
    (flow, upstreams, child)
}

#[tokio::test]
async fn a_replayed_child_runs_when_the_upstream_that_failed_is_replayed_and_succeeds() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = skipped(&tenant).await;
    replay_failed(&tenant, &flow, upstreams[0]).await;
    replay_skipped(&tenant, &flow, child).await;
    assert_eq!(tenant.cycle().await.examined(), 0, "nothing has ended since");
    // The other one first: what failed before must not be held against the child.
    flow.finish(&tenant.pool, upstreams[1], "success", LONG_AGO_MS).await;
    tenant.cycle().await;
    assert_eq!(tenant.vector(&flow, child).await, WAITS_AGAIN);
    assert_eq!(tenant.group(&flow, child).await.counts, [1, 0, 0, 1]);

    flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
    tenant.cycle().await;

    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE.replace("/pending", "/pending_replay_attempt"));
    let group = tenant.group(&flow, child).await;
    assert_eq!((group.counts, group.fired.as_deref()), (vec![2, 0, 0, 0], Some("satisfied")));
}

#[tokio::test]
async fn a_child_that_is_replayed_after_its_upstreams_have_succeeded_runs() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = skipped(&tenant).await;
    replay_failed(&tenant, &flow, upstreams[0]).await;
    flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
    flow.finish(&tenant.pool, upstreams[1], "success", LONG_AGO_MS).await;
    tenant.cycle().await;
    assert_eq!(tenant.vector(&flow, child).await, SKIPPED, "an upstream's second try does not revive the child");

    replay_skipped(&tenant, &flow, child).await;
    tenant.cycle_later().await;

    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE.replace("/pending", "/pending_replay_attempt"));
}

#[tokio::test]
async fn a_child_that_is_replayed_before_the_upstream_that_failed_is_skipped_again() {
    let tenant = Tenant::new().await;
    let (flow, _, child) = skipped(&tenant).await;
    replay_skipped(&tenant, &flow, child).await;

    tenant.cycle_later().await;

    assert_eq!(tenant.vector(&flow, child).await, SKIPPED);
    assert_eq!(tenant.events(&flow, child).await.len(), 2);
}
