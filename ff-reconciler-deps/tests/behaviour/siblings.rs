//! Are the upstreams that nobody waits for any more asked to be cancelled, once?

use ff_scanner_testkit::State;
use serde_json::json;

use crate::support::{CLAIMABLE, LONG_AGO_MS, SKIPPED, Tenant, all_of, any_of, quorum};

#[tokio::test]
async fn a_group_that_is_satisfied_asks_for_its_remaining_upstreams_to_be_cancelled() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(3, any_of(), State::Blocked).await;
    flow.finish(&tenant.pool, upstreams[0], "failed", LONG_AGO_MS).await;
    // The winner's rows may still say that it is active.
    flow.tell(&tenant.pool, upstreams[1], "success", LONG_AGO_MS).await;

    tenant.cycle().await;

    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
    let group = tenant.group(&flow, child).await;
    assert_eq!((group.flag, group.pending), (true, 1));
    assert_eq!(group.members, [flow.id(upstreams[2]).to_string()]);
    assert_eq!((group.fired.as_deref(), group.counts), (Some("satisfied"), vec![1, 1, 0, 1]));
}

#[tokio::test]
async fn a_group_that_is_impossible_asks_for_it_too() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(4, quorum(3), State::Blocked).await;
    flow.finish(&tenant.pool, upstreams[0], "failed", LONG_AGO_MS).await;
    flow.finish(&tenant.pool, upstreams[1], "skipped", LONG_AGO_MS).await;

    tenant.cycle().await;

    assert_eq!(tenant.vector(&flow, child).await, SKIPPED);
    let group = tenant.group(&flow, child).await;
    assert_eq!((group.flag, group.pending, group.members.len()), (true, 1, 2));
}

#[tokio::test]
async fn a_group_that_lets_its_upstreams_run_or_needs_them_all_asks_for_nothing() {
    let tenant = Tenant::new().await;
    let lets_run = json!({"kind": "any_of", "on_satisfied": "let_run"});
    for (policy, outcome) in [(lets_run, "success"), (all_of(), "failed")] {
        let (flow, upstreams, child) = tenant.fan_in(2, policy, State::Blocked).await;
        flow.finish(&tenant.pool, upstreams[0], outcome, LONG_AGO_MS).await;
        tenant.cycle().await;
        let group = tenant.group(&flow, child).await;
        assert!(group.fired.is_some());
        assert_eq!((group.flag, group.pending), (false, 0));
    }
}

#[tokio::test]
async fn a_group_with_nobody_left_to_cancel_asks_for_nothing() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(2, any_of(), State::Blocked).await;
    flow.finish(&tenant.pool, upstreams[0], "failed", LONG_AGO_MS).await;
    flow.finish(&tenant.pool, upstreams[1], "success", LONG_AGO_MS).await;
    tenant.cycle().await;
    let group = tenant.group(&flow, child).await;
    assert_eq!((group.flag, group.pending), (false, 0));
}

#[tokio::test]
async fn a_late_success_after_the_siblings_were_cancelled_asks_for_nothing_more() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(3, any_of(), State::Blocked).await;
    flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
    tenant.cycle().await;
    let drained = "UPDATE ff_edge_group SET cancel_siblings_pending_flag = false, \
                   cancel_siblings_pending_members = '{}' WHERE partition_key = $1 AND downstream_eid = $2";
    tenant.execute(drained, &flow, child).await;
    let gone = "DELETE FROM ff_pending_cancel_groups WHERE partition_key = $1 AND downstream_eid = $2";
    tenant.execute(gone, &flow, child).await;
    // It has been tried once and is to be tried again at its time.
    let delayed = "UPDATE ff_exec_core SET eligibility_state = 'not_eligible_until_time' \
                   WHERE partition_key = $1 AND execution_id = $2";
    tenant.execute(delayed, &flow, child).await;
    let before = tenant.vector(&flow, child).await;

    flow.finish(&tenant.pool, upstreams[1], "success", LONG_AGO_MS).await;
    tenant.cycle().await;

    let group = tenant.group(&flow, child).await;
    assert_eq!((group.flag, group.pending, group.members), (false, 0, vec![]));
    assert_eq!(group.counts, [2, 0, 0, 1], "it is counted");
    assert_eq!(tenant.vector(&flow, child).await, before);
}

#[tokio::test]
async fn a_group_that_the_engine_had_decided_before_is_not_asked_about_again() {
    let tenant = Tenant::new().await;
    let running = State::Running { lease_ends_in_ms: 1000, running_for_ms: 1, typed: false };
    let (flow, upstreams, child) = tenant.fan_in(3, any_of(), running).await;
    // As the engine's dispatcher leaves it: counted, nothing marked, the siblings cancelled and one started again.
    let counted = "UPDATE ff_edge_group SET success_count = 1, running_count = 2 \
                   WHERE partition_key = $1 AND downstream_eid = $2";
    tenant.execute(counted, &flow, child).await;
    flow.finish(&tenant.pool, upstreams[1], "success", LONG_AGO_MS).await;

    tenant.cycle().await;

    let group = tenant.group(&flow, child).await;
    assert_eq!((group.fired.as_deref(), group.flag, group.pending), (Some("satisfied"), false, 0));
}
