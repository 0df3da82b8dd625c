//! Is what others lost made good?

use std::time::Duration;

use ff_scanner_core::{Backlog, Reconciler, TickReason};
use ff_scanner_testkit::{EdgeState, FlowSeed, State};
use serde_json::json;

use crate::support::{BLOCKED, CLAIMABLE, LONG_AGO_MS, NOW_MS, SKIPPED, Tenant, all_of, cycle};

#[tokio::test]
async fn the_children_of_an_upstream_that_an_operator_cancelled_do_not_wait_for_ever() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(2, all_of(), State::Blocked).await;
    flow.end(&tenant.pool, upstreams[0], "cancelled", LONG_AGO_MS).await;

    let done = tenant.cycle().await;

    assert_eq!(
        done.verdicts,
        [("healed", 1), ("skipped", 1), ("dispatched", 1)].map(|(w, n)| (w.to_owned(), n)).into()
    );
    assert_eq!(tenant.vector(&flow, child).await, SKIPPED);
    assert_eq!(tenant.marks(&flow, upstreams[0]).await, [json!(["impossible", "cancelled", null, NOW_MS])]);
    assert_eq!(tenant.cycle().await.examined(), 0);
}

#[tokio::test]
async fn an_event_that_was_marked_and_not_applied_is_made_good_by_what_the_rows_say() {
    let tenant = Tenant::new().await;
    for (outcome, end) in
        [("success", CLAIMABLE), ("failed", SKIPPED), ("expired", SKIPPED), ("skipped", SKIPPED), ("failure", SKIPPED)]
    {
        let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
        flow.finish(&tenant.pool, upstreams[0], outcome, LONG_AGO_MS).await;
        let lost = "UPDATE ff_completion_event SET dispatched_at_ms = 1 WHERE partition_key = $1 AND execution_id = $2";
        tenant.execute(lost, &flow, upstreams[0]).await;

        assert_eq!(tenant.cycle().await.verdicts.get("healed"), Some(&1), "{outcome}");
        assert_eq!(tenant.vector(&flow, child).await, end, "{outcome}");
        let skipped = tenant.group(&flow, child).await.counts[2];
        assert_eq!(skipped, i32::from(outcome == "skipped"), "{outcome}");
    }
}

#[tokio::test]
async fn a_typed_completion_is_read_from_its_latest_attempt_or_from_its_public_state() {
    let tenant = Tenant::new().await;
    for break_it in [
        // The pointer is one past the attempt.
        "UPDATE ff_exec_core SET attempt_index = 1, public_state = 'running' WHERE partition_key = $1 AND execution_id = $2",
        "UPDATE ff_attempt SET outcome = NULL WHERE partition_key = $1 AND execution_id = $2",
    ] {
        let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
        flow.end(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
        tenant.execute(break_it, &flow, upstreams[0]).await;
        tenant.cycle().await;
        assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
    }
}

#[tokio::test]
async fn what_ended_just_now_is_left_to_whoever_may_be_applying_it() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
    flow.end(&tenant.pool, upstreams[0], "cancelled", NOW_MS - 14_999).await;

    assert_eq!(tenant.cycle().await.examined(), 0);
    let eager = tenant.reconciler().with_heal_after(Duration::from_secs(14));
    assert_eq!(cycle(&eager, tenant.context()).await.verdicts.get("healed"), Some(&1));
    assert_eq!(tenant.vector(&flow, child).await, SKIPPED);
}

#[tokio::test]
async fn what_was_marked_just_now_is_left_to_whoever_marked_it_however_long_ago_it_ended() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
    flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
    let mark = "UPDATE ff_completion_event SET dispatched_at_ms = 1799999985001 WHERE partition_key = $1 AND execution_id = $2";
    tenant.execute(mark, &flow, upstreams[0]).await;

    let done = tenant.cycle().await;

    assert_eq!((done.changed, done.skipped), (0, 1));
    assert_eq!(tenant.group(&flow, child).await.counts, [0, 0, 0, 1]);
    let later = tenant.context().pinned(NOW_MS + 1);
    assert_eq!(cycle(&tenant.reconciler(), later).await.verdicts.get("healed"), Some(&1));
    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
}

#[tokio::test]
async fn an_upstream_whose_rows_are_gone_is_not_judged() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
    tenant
        .execute("DELETE FROM ff_exec_core WHERE partition_key = $1 AND execution_id = $2", &flow, upstreams[0])
        .await;
    assert_eq!(tenant.cycle().await.examined(), 0);
    assert_eq!(tenant.vector(&flow, child).await, BLOCKED);
}

#[tokio::test]
async fn a_cycle_by_hand_examines_every_waiting_child_however_small_its_page() {
    let tenant = Tenant::new().await;
    let mut healed = Vec::new();
    for _ in 0..5 {
        let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Created).await;
        flow.end(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
        healed.push((flow, child));
    }
    let reconciler = tenant.reconciler().with_page(2).with_batch_limit(3);

    assert_eq!(cycle(&reconciler, tenant.context()).await.verdicts.get("healed"), Some(&5));
    for (flow, child) in healed {
        assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
    }
}

#[tokio::test]
async fn a_notification_does_not_walk_over_the_children_again_before_the_interval_is_over() {
    let tenant = Tenant::new().await;
    let reconciler = tenant.reconciler();
    let woken = || tenant.context().because(TickReason::Wake);
    reconciler.tick(woken()).await.expect("the first walks");
    let (flow, upstreams, _) = tenant.fan_in(1, all_of(), State::Blocked).await;
    flow.end(&tenant.pool, upstreams[0], "cancelled", LONG_AGO_MS).await;

    let tick = reconciler.tick(woken()).await.expect("it succeeds");
    assert_eq!((tick.report.examined(), tick.backlog), (0, Backlog::Drained));
    let interval = tenant.context().because(TickReason::Interval);
    let tick = reconciler.tick(interval).await.expect("it succeeds");
    assert_eq!(tick.report.verdicts.get("healed"), Some(&1));
}

#[tokio::test]
async fn children_are_found_in_every_lane_and_every_phase_that_waits() {
    let tenant = Tenant::new().await;
    let mut seed = FlowSeed::new();
    let upstream = seed.node(tenant.seed(State::Completed));
    let lanes = ["a", "default", "z"];
    let phases = ["submitted", "runnable", "blocked", "pending"];
    let children: Vec<_> = (0..lanes.len() * phases.len()).map(|_| seed.node(tenant.seed(State::Blocked))).collect();
    for child in &children {
        seed.edge(upstream, *child, EdgeState::Applied);
    }
    let flow = seed.insert(&tenant.pool, tenant.partition, NOW_MS).await;
    for (at, child) in children.iter().enumerate() {
        sqlx::query("UPDATE ff_exec_core SET lane_id = $2, lifecycle_phase = $3 WHERE execution_id = $1")
            .bind(flow.id(*child))
            .bind(lanes[at % lanes.len()])
            .bind(phases[at / lanes.len()])
            .execute(&tenant.pool)
            .await
            .expect("legal");
    }
    // One at a time, so that each child is found for itself.
    let reconciler = tenant.reconciler().with_page(1);
    cycle(&reconciler, tenant.context()).await;
    for child in children {
        assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
    }
}
