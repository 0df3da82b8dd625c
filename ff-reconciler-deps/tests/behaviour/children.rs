//! Which children are moved, and to what state?

use ff_scanner_testkit::{EdgeState, FlowSeed, Seed, State, read};

use crate::support::{BLOCKED, CLAIMABLE, LONG_AGO_MS, NOW_MS, SKIPPED, Tenant, all_of, any_of, quorum};

#[tokio::test]
async fn a_blocked_child_becomes_claimable_with_its_last_upstream() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(2, all_of(), State::Blocked).await;

    let event = flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
    let done = tenant.tick().await;

    assert_eq!(done.report.verdicts.get("dispatched"), Some(&1));
    assert_eq!(done.report.verdicts.get("promoted"), None);
    assert!(tenant.is_dispatched(event).await);
    assert_eq!(tenant.vector(&flow, child).await, BLOCKED);

    flow.finish(&tenant.pool, upstreams[1], "success", LONG_AGO_MS).await;
    let done = tenant.tick().await;

    assert_eq!(done.report.verdicts.get("promoted"), Some(&1));
    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
    let (reason, mutated): (String, String) = sqlx::query_as(
        "SELECT blocking_reason, raw_fields ->> 'last_mutation_at' FROM ff_exec_core WHERE execution_id = $1",
    )
    .bind(flow.id(child))
    .fetch_one(&tenant.pool)
    .await
    .expect("the child says why it waits and since when");
    assert_eq!((reason.as_str(), mutated), ("waiting_for_worker", NOW_MS.to_string()));
    assert_eq!(tenant.events(&flow, child).await, [""; 0], "it has not ended");
    assert_eq!(tenant.tick().await.report.examined(), 0, "a second tick changes nothing");
}

#[tokio::test]
async fn a_child_that_was_only_created_is_promoted() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Created).await;
    flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;

    tenant.tick().await;

    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
}

#[tokio::test]
async fn a_child_in_the_words_of_other_backends_is_promoted() {
    let tenant = Tenant::new().await;
    for (phase, eligibility) in
        [("blocked", "blocked_by_dependencies"), ("pending", "blocked"), ("blocked", "eligible_now")]
    {
        let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
        sqlx::query("UPDATE ff_exec_core SET lifecycle_phase = $2, eligibility_state = $3 WHERE execution_id = $1")
            .bind(flow.id(child))
            .bind(phase)
            .bind(eligibility)
            .execute(&tenant.pool)
            .await
            .expect("a word is a word");
        flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;

        tenant.tick().await;

        assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE, "{phase}/{eligibility}");
    }
}

#[tokio::test]
async fn a_child_that_cannot_run_any_more_is_skipped_with_an_event_and_an_attempt_that_says_so() {
    let tenant = Tenant::new().await;
    for outcome in ["failed", "cancelled", "expired", "skipped", "no_such_word"] {
        let (flow, upstreams, child) = tenant.fan_in(2, all_of(), State::Blocked).await;
        flow.finish(&tenant.pool, upstreams[0], outcome, LONG_AGO_MS).await;

        let done = tenant.cycle().await;

        assert_eq!(done.verdicts.get("skipped"), Some(&1), "{outcome}");
        assert_eq!(tenant.vector(&flow, child).await, SKIPPED, "{outcome}");
        let told = format!("completion:skipped:{}:blue", tenant.namespace);
        assert_eq!(tenant.events(&flow, child).await, [told], "{outcome}");
        let attempt = read::attempt(&tenant.pool, flow.partition, flow.id(child), 0).await;
        assert_eq!(attempt.outcome.as_deref(), Some("skipped"), "{outcome}");
        let other = usize::from(outcome == "skipped");
        assert_eq!(tenant.group(&flow, child).await.counts[1 + other], 1, "{outcome}");
    }
}

#[tokio::test]
async fn raw_fields_of_a_child_that_are_no_object_are_harmless() {
    let tenant = Tenant::new().await;
    for (outcome, end) in [("success", CLAIMABLE), ("failed", SKIPPED)] {
        let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
        let junk = "UPDATE ff_exec_core SET raw_fields = '7' WHERE partition_key = $1 AND execution_id = $2";
        tenant.execute(junk, &flow, child).await;
        flow.finish(&tenant.pool, upstreams[0], outcome, LONG_AGO_MS).await;

        assert_eq!(tenant.cycle().await.failed(), 0, "{outcome}");

        assert_eq!(tenant.vector(&flow, child).await, end, "{outcome}");
    }
}

#[tokio::test]
async fn what_a_skipped_child_held_is_released() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) =
        tenant.fan_in(1, all_of(), State::Suspended { times_out_in_ms: 1000, behavior: None }).await;
    let waits = "UPDATE ff_exec_core SET lifecycle_phase = 'runnable', ownership_state = 'unowned', \
                 eligibility_state = 'blocked_by_dependencies' WHERE partition_key = $1 AND execution_id = $2";
    tenant.execute(waits, &flow, child).await;
    let leased = "UPDATE ff_attempt SET lease_expires_at_ms = 1900000000000, worker_instance_id = 'w' \
                  WHERE partition_key = $1 AND execution_id = $2";
    tenant.execute(leased, &flow, child).await;
    flow.finish(&tenant.pool, upstreams[0], "failed", LONG_AGO_MS).await;

    tenant.cycle().await;

    let attempt = read::attempt(&tenant.pool, flow.partition, flow.id(child), 0).await;
    assert_eq!((attempt.lease_expires_at_ms, attempt.worker_instance_id), (None, None));
    assert_eq!((attempt.outcome.as_deref(), attempt.lease_epoch), (Some("skipped"), 2), "a zombie fails the fence");
    for table in ["ff_suspension_current", "ff_waitpoint_pending"] {
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE execution_id = $1"));
        let left: i64 = sqlx::query_scalar(sql).bind(flow.id(child)).fetch_one(&tenant.pool).await.expect("countable");
        assert_eq!(left, 0, "{table}");
    }
}

#[tokio::test]
async fn a_child_that_runs_or_waits_for_something_else_is_left_alone() {
    let tenant = Tenant::new().await;
    let running = State::Running { lease_ends_in_ms: 1000, running_for_ms: 1, typed: false };
    let suspended = State::Suspended { times_out_in_ms: 1000, behavior: None };
    for state in [running, suspended, State::Delayed, State::Completed] {
        for (outcome, fired) in [("success", "satisfied"), ("failed", "impossible")] {
            let (flow, upstreams, child) = tenant.fan_in(1, any_of(), state.clone()).await;
            let before = tenant.vector(&flow, child).await;
            flow.finish(&tenant.pool, upstreams[0], outcome, LONG_AGO_MS).await;

            let done = tenant.cycle().await;

            assert_eq!(done.changed, 1, "{state:?}");
            assert_eq!(tenant.vector(&flow, child).await, before, "{state:?} after {outcome}");
            assert_eq!(tenant.events(&flow, child).await, [""; 0], "{state:?} after {outcome}");
            assert_eq!(tenant.group(&flow, child).await.fired.as_deref(), Some(fired), "{state:?}");
        }
    }
}

#[tokio::test]
async fn a_child_that_was_promoted_before_its_time_and_not_claimed_yet_is_skipped_but_one_that_is_retried_is_not() {
    let tenant = Tenant::new().await;
    for (attempt_state, end) in [("pending", SKIPPED), ("pending_retry_attempt", "")] {
        let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Waiting).await;
        sqlx::query("UPDATE ff_exec_core SET attempt_state = $2 WHERE execution_id = $1")
            .bind(flow.id(child))
            .bind(attempt_state)
            .execute(&tenant.pool)
            .await
            .expect("legal");
        let before = tenant.vector(&flow, child).await;
        flow.finish(&tenant.pool, upstreams[0], "failed", LONG_AGO_MS).await;

        tenant.cycle().await;

        let expected = if end.is_empty() { before.as_str() } else { end };
        assert_eq!(tenant.vector(&flow, child).await, expected);
    }
}

#[tokio::test]
async fn an_execution_that_waits_for_its_children_in_rounds_goes_on_after_each() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, parent) = tenant.fan_in(2, all_of(), State::Blocked).await;
    // The second round: an edge that is added after the first.
    let later = "UPDATE ff_edge SET downstream_eid = gen_random_uuid() WHERE partition_key = $1 AND upstream_eid = $2";
    let added = "UPDATE ff_edge SET downstream_eid = (SELECT downstream_eid FROM ff_edge_group WHERE flow_id = ff_edge.flow_id) \
                 WHERE partition_key = $1 AND upstream_eid = $2";
    tenant.execute(later, &flow, upstreams[1]).await;
    flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
    tenant.cycle().await;
    assert_eq!(tenant.vector(&flow, parent).await, CLAIMABLE);
    let waits_again = "UPDATE ff_exec_core SET eligibility_state = 'blocked_by_dependencies', \
                       attempt_state = 'attempt_interrupted', blocking_reason = 'waiting_for_children' \
                       WHERE partition_key = $1 AND execution_id = $2";
    tenant.execute(waits_again, &flow, parent).await;
    tenant.execute(added, &flow, upstreams[1]).await;
    assert_eq!(tenant.tick().await.report.examined(), 0, "the second round is not over");

    flow.finish(&tenant.pool, upstreams[1], "success", LONG_AGO_MS).await;
    tenant.cycle().await;

    let resumed = "runnable/unowned/eligible_now/waiting/attempt_interrupted";
    assert_eq!(tenant.vector(&flow, parent).await, resumed, "its attempt goes on");
}

#[tokio::test]
async fn a_quorum_is_satisfied_by_as_many_as_it_asks_for_and_impossible_once_they_cannot_come() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(3, quorum(2), State::Blocked).await;
    for (upstream, outcome, then) in [(0, "success", BLOCKED), (1, "failed", BLOCKED), (2, "success", CLAIMABLE)] {
        flow.finish(&tenant.pool, upstreams[upstream], outcome, LONG_AGO_MS).await;
        tenant.cycle().await;
        assert_eq!(tenant.vector(&flow, child).await, then);
    }
    let (flow, upstreams, child) = tenant.fan_in(3, quorum(2), State::Blocked).await;
    for (upstream, outcome, then) in [(0, "success", BLOCKED), (1, "failed", BLOCKED), (2, "expired", SKIPPED)] {
        flow.finish(&tenant.pool, upstreams[upstream], outcome, LONG_AGO_MS).await;
        tenant.cycle().await;
        assert_eq!(tenant.vector(&flow, child).await, then);
    }
}

#[tokio::test]
async fn a_failure_skips_a_chain_of_ten_in_one_cycle() {
    let tenant = Tenant::new().await;
    let mut seed = FlowSeed::new();
    let first = seed.node(tenant.running());
    let mut chain = vec![first];
    for _ in 0..10 {
        let next = seed.node(tenant.seed(State::Blocked));
        seed.edge(chain[chain.len() - 1], next, EdgeState::Applied);
        chain.push(next);
    }
    let flow = seed.insert(&tenant.pool, tenant.partition, NOW_MS).await;
    flow.finish(&tenant.pool, first, "failed", LONG_AGO_MS).await;

    let done = tenant.cycle().await;

    assert_eq!((done.changed, done.skipped), (11, 0), "each ending is dispatched once");
    for node in &chain[1..] {
        assert_eq!(tenant.vector(&flow, *node).await, SKIPPED);
        assert_eq!(tenant.events(&flow, *node).await.len(), 1);
    }
}

#[tokio::test]
async fn a_child_or_a_group_that_is_gone_is_tolerated() {
    let tenant = Tenant::new().await;
    let mut seed = FlowSeed::new();
    let upstream = seed.node(tenant.running());
    let children: Vec<_> = (0..3).map(|_| seed.node(Seed::new(State::Blocked))).collect();
    for child in &children {
        seed.edge(upstream, *child, EdgeState::Applied);
    }
    seed.without_group(children[1]);
    let flow = seed.insert(&tenant.pool, tenant.partition, NOW_MS).await;
    tenant.execute("DELETE FROM ff_exec_core WHERE partition_key = $1 AND execution_id = $2", &flow, children[0]).await;
    let before = tenant.group(&flow, children[0]).await;
    let event = flow.finish(&tenant.pool, upstream, "success", LONG_AGO_MS).await;

    tenant.cycle().await;

    assert!(tenant.is_dispatched(event).await);
    assert!(tenant.marks(&flow, upstream).await.iter().all(|mark| mark[0] == "satisfied"), "all edges are marked");
    assert_eq!(tenant.group(&flow, children[0]).await, before);
    assert_eq!(tenant.vector(&flow, children[1]).await, BLOCKED);
    assert_eq!(tenant.vector(&flow, children[2]).await, CLAIMABLE);
}
