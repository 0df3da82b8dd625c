//! Does each ending count once, for the edges that it is about?

use ff_scanner_testkit::{EdgeState, FlowSeed, State};
use serde_json::json;

use crate::support::{BLOCKED, CLAIMABLE, LONG_AGO_MS, NOW_MS, SKIPPED, Tenant, all_of, quorum};

#[tokio::test]
async fn an_upstream_that_completes_twice_counts_once() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(2, all_of(), State::Blocked).await;
    let first = flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
    let second = flow.tell(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;

    assert_eq!(tenant.cycle().await.changed, 2);
    let third = flow.tell(&tenant.pool, upstreams[0], "expired", LONG_AGO_MS).await;
    assert_eq!(tenant.cycle().await.changed, 1);

    assert_eq!(tenant.vector(&flow, child).await, BLOCKED);
    assert_eq!(tenant.group(&flow, child).await.counts, [1, 0, 0, 1]);
    assert_eq!(tenant.marks(&flow, upstreams[0]).await, [json!(["satisfied", "success", first, NOW_MS])]);
    for event in [first, second, third] {
        assert!(tenant.is_dispatched(event).await);
    }
}

#[tokio::test]
async fn of_two_events_at_one_instant_that_disagree_the_first_decides() {
    let tenant = Tenant::new().await;
    for (first, second, end) in [("failed", "success", SKIPPED), ("success", "expired", CLAIMABLE)] {
        let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
        flow.finish(&tenant.pool, upstreams[0], first, LONG_AGO_MS).await;
        flow.tell(&tenant.pool, upstreams[0], second, LONG_AGO_MS).await;

        tenant.cycle().await;

        assert_eq!(tenant.vector(&flow, child).await, end);
    }
}

#[tokio::test]
async fn a_resume_is_not_an_ending() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
    let resumed = flow.tell(&tenant.pool, upstreams[0], "resumable", LONG_AGO_MS).await;

    assert_eq!(tenant.cycle().await.changed, 1);
    assert!(tenant.is_dispatched(resumed).await);
    assert_eq!(tenant.vector(&flow, child).await, BLOCKED);

    flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
    tenant.cycle().await;
    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
}

#[tokio::test]
async fn an_event_of_an_upstream_that_still_looks_active_is_believed() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
    flow.tell(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;

    tenant.cycle().await;

    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
}

#[tokio::test]
async fn edges_written_by_hand_count_as_applied() {
    let tenant = Tenant::new().await;
    let mut seed = FlowSeed::new();
    let (upstream, child) = (seed.node(tenant.running()), seed.node(tenant.seed(State::Blocked)));
    seed.edge(upstream, child, EdgeState::Bare);
    let flow = seed.insert(&tenant.pool, tenant.partition, NOW_MS).await;
    let event = flow.finish(&tenant.pool, upstream, "success", LONG_AGO_MS).await;

    tenant.cycle().await;

    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
    assert_eq!(tenant.marks(&flow, upstream).await, [json!(["satisfied", "success", event, NOW_MS])]);
}

#[tokio::test]
async fn an_edge_that_is_not_applied_is_waited_for_and_its_upstream_moves_no_counter() {
    let tenant = Tenant::new().await;
    for policy in [all_of(), quorum(2)] {
        let mut seed = FlowSeed::new();
        let (applied, staged) = (seed.node(tenant.running()), seed.node(tenant.running()));
        let child = seed.node(tenant.seed(State::Blocked));
        seed.edge(applied, child, EdgeState::Applied);
        seed.edge(staged, child, EdgeState::Staged);
        seed.group(child, policy);
        let flow = seed.insert(&tenant.pool, tenant.partition, NOW_MS - 120_000).await;
        let early = flow.finish(&tenant.pool, staged, "success", LONG_AGO_MS).await;
        flow.finish(&tenant.pool, applied, "success", LONG_AGO_MS).await;

        tenant.cycle().await;

        assert_eq!(tenant.vector(&flow, child).await, BLOCKED);
        assert!(tenant.is_dispatched(early).await, "it does not wait for an edge that may never be applied");
        // Applying an edge adds one to the running ones, so they must not have it before.
        assert_eq!(tenant.group(&flow, child).await.counts, [1, 0, 0, 0]);
        assert_eq!(tenant.marks(&flow, staged).await, [json!(["pending", null, null, null])]);

        let apply = "UPDATE ff_edge SET policy = policy || '{\"edge_state\": \"applied\", \"applied_at_ms\": 1}' \
                     WHERE partition_key = $1 AND upstream_eid = $2";
        tenant.execute(apply, &flow, staged).await;
        assert_eq!(tenant.cycle_later().await.verdicts.get("healed"), Some(&1), "applied after its upstream has ended");
        assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
    }
}

#[tokio::test]
async fn counters_that_somebody_got_wrong_are_put_right_from_the_edges() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(3, all_of(), State::Blocked).await;
    let wrong = "UPDATE ff_edge_group SET success_count = 2, fail_count = 1, running_count = 0 \
                 WHERE partition_key = $1 AND downstream_eid = $2";
    tenant.execute(wrong, &flow, child).await;
    flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;

    tenant.cycle().await;

    assert_eq!(tenant.vector(&flow, child).await, BLOCKED);
    assert_eq!(tenant.group(&flow, child).await.counts, [1, 0, 0, 2]);
}

#[tokio::test]
async fn a_policy_with_numbers_and_depths_that_no_reader_takes_is_read_as_far_as_it_matters() {
    let tenant = Tenant::new().await;
    for (open, close) in [("1e4000", ""), (&*"[".repeat(500), &*"]".repeat(500))] {
        let policy = format!(r#"{{"kind": "any_of", "k": {open}{close}, "more": {open}{close}}}"#);
        let (flow, upstreams, child) = tenant.fan_in(2, all_of(), State::Blocked).await;
        let query = sqlx::query("UPDATE ff_edge_group SET policy = $2::jsonb WHERE flow_id = $1").bind(flow.flow_id);
        query.bind(policy).execute(&tenant.pool).await.expect("it is JSON");
        flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;

        assert_eq!(tenant.cycle().await.failed(), 0);

        assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
    }
}

#[tokio::test]
async fn a_quorum_of_no_whole_number_is_one_of_one() {
    let tenant = Tenant::new().await;
    for k in [
        json!("2"),
        json!(-1),
        json!(1.5),
        json!(null),
        json!(0),
        json!([2]),
        json!(u64::MAX),
        json!(9_999_999_999_u64),
    ] {
        let policy = json!({"kind": "quorum", "k": k, "on_satisfied": "let_run"});
        let (flow, upstreams, child) = tenant.fan_in(3, policy, State::Blocked).await;
        flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;

        tenant.cycle().await;

        assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE, "{k}");
    }
}

#[tokio::test]
async fn policies_that_are_no_objects_are_harmless() {
    let tenant = Tenant::new().await;
    for junk in ["null", "[]", "7", "\"all_of\"", "{\"kind\": 7}", "{\"kind\": \"no_such_kind\"}"] {
        let (flow, upstreams, child) = tenant.fan_in(2, all_of(), State::Blocked).await;
        for table in ["ff_edge", "ff_edge_group"] {
            let sql = sqlx::AssertSqlSafe(format!("UPDATE {table} SET policy = $2::jsonb WHERE flow_id = $1"));
            sqlx::query(sql).bind(flow.flow_id).bind(junk).execute(&tenant.pool).await.expect("it is JSON");
        }
        flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
        flow.finish(&tenant.pool, upstreams[1], "success", LONG_AGO_MS).await;

        let done = tenant.cycle().await;

        assert_eq!((done.changed, done.failed()), (2, 0), "{junk}");
        assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE, "{junk}: it is taken for all_of");
    }
}

#[tokio::test]
async fn events_that_nothing_waits_for_are_only_dispatched() {
    let tenant = Tenant::new().await;
    let alone = tenant.seed(State::Completed).insert(&tenant.pool, tenant.partition, NOW_MS).await;
    let sql = "INSERT INTO ff_completion_event (partition_key, execution_id, outcome, occurred_at_ms) \
               SELECT $1, $2, 'success', $3 FROM generate_series(1, 100) RETURNING event_id";
    let events: Vec<i64> = sqlx::query_scalar(sql)
        .bind(tenant.partition)
        .bind(alone)
        .bind(NOW_MS)
        .fetch_all(&tenant.pool)
        .await
        .expect("legal");

    let done = tenant.tick().await;

    assert_eq!(done.report.verdicts, [("dispatched".to_owned(), 100)].into());
    assert!(tenant.is_dispatched(events[99]).await);
}

#[tokio::test]
async fn an_event_that_commits_after_a_later_number_was_dispatched_is_found() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(2, all_of(), State::Blocked).await;
    let mut slow = tenant.pool.begin().await.expect("a transaction");
    let sql = "INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, occurred_at_ms) \
               VALUES ($1, $2, $3, 'success', $4) RETURNING event_id";
    let earlier: i64 = sqlx::query_scalar(sql)
        .bind(flow.partition)
        .bind(flow.id(upstreams[0]))
        .bind(flow.flow_id)
        .bind(NOW_MS)
        .fetch_one(&mut *slow)
        .await
        .expect("legal");
    let later = flow.finish(&tenant.pool, upstreams[1], "success", LONG_AGO_MS).await;
    assert!(earlier < later);
    tenant.cycle().await;
    slow.commit().await.expect("it commits");

    tenant.cycle().await;

    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
}

#[tokio::test]
async fn what_hangs_below_one_ending_may_be_more_than_fits_into_a_transaction() {
    for (outcome, edge_state, end) in [("success", "satisfied", CLAIMABLE), ("failed", "impossible", SKIPPED)] {
        let tenant = Tenant::new().await;
        let mut seed = FlowSeed::new();
        let (upstream, child) = (seed.node(tenant.running()), seed.node(tenant.seed(State::Blocked)));
        let other = seed.node(tenant.running());
        seed.edge(upstream, child, EdgeState::Applied);
        seed.edge(other, child, EdgeState::Applied);
        let flow = seed.insert(&tenant.pool, tenant.partition, NOW_MS).await;
        // Children that are gone: their edges are all that there is to do.
        let sql = "INSERT INTO ff_edge (partition_key, flow_id, edge_id, upstream_eid, downstream_eid, policy) \
                   SELECT $1, $2, gen_random_uuid(), $3, gen_random_uuid(), '{}' FROM generate_series(1, 12000)";
        sqlx::query(sql)
            .bind(flow.partition)
            .bind(flow.flow_id)
            .bind(flow.id(upstream))
            .execute(&tenant.pool)
            .await
            .expect("legal");
        let event = flow.finish(&tenant.pool, upstream, outcome, LONG_AGO_MS).await;
        flow.finish(&tenant.pool, other, "success", LONG_AGO_MS).await;

        let done = tenant.tick().await;

        assert_eq!(done.report.skipped, 0);
        assert!(tenant.is_dispatched(event).await, "{outcome}");
        assert_eq!(tenant.vector(&flow, child).await, end);
        let sql =
            "SELECT count(*) FROM ff_edge WHERE flow_id = $1 AND upstream_eid = $2 AND policy ->> 'edge_state' = $3";
        let query = sqlx::query_scalar(sql).bind(flow.flow_id).bind(flow.id(upstream)).bind(edge_state);
        let marked: i64 = query.fetch_one(&tenant.pool).await.expect("countable");
        assert_eq!(marked, 12_001);
    }
}
