//! Whose endings are applied?

use ff_reconciler_deps::Dependency;
use ff_scanner_core::{Filter, Reconciler, TickContext};
use ff_scanner_testkit::{Database, EdgeState, FlowSeed, Seed, State};
use sqlx::PgPool;

use crate::support::{LONG_AGO_MS, NOW_MS};

/// What the event says of its namespace and tag, and what its execution says.
async fn ending(pool: &PgPool, event: (Option<&str>, Option<&str>), core: (&str, serde_json::Value)) {
    let mut seed = FlowSeed::new();
    let fields = serde_json::json!({"tags": core.1});
    let upstream = seed.node(Seed::running(1).with_namespace(core.0).with_raw_fields(fields));
    let child = seed.node(Seed::new(State::Blocked));
    seed.edge(upstream, child, EdgeState::Applied);
    let flow = seed.insert(pool, Database::next_partition(), NOW_MS).await;
    let event_id = flow.finish(pool, upstream, "success", LONG_AGO_MS).await;
    sqlx::query("UPDATE ff_completion_event SET namespace = $2, instance_tag = $3 WHERE event_id = $1")
        .bind(event_id)
        .bind(event.0)
        .bind(event.1)
        .execute(pool)
        .await
        .expect("legal");
}

async fn taken(pool: &PgPool, filter: Filter) -> u64 {
    let cx = TickContext::global().pinned(NOW_MS).filtered(filter);
    Dependency::new(pool.clone()).tick(cx).await.expect("the tick succeeds").report.changed
}

#[tokio::test]
async fn a_namespace_is_the_events_or_else_the_executions() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(2);
    let ours = Filter::default().with_namespace("ours");
    ending(&pool, (Some("theirs"), None), ("ours", serde_json::json!({}))).await;
    ending(&pool, (None, None), ("theirs", serde_json::json!({}))).await;
    assert_eq!(taken(&pool, ours.clone()).await, 0);
    ending(&pool, (None, None), ("ours", serde_json::json!({}))).await;
    ending(&pool, (Some("ours"), None), ("theirs", serde_json::json!({}))).await;
    assert_eq!(taken(&pool, ours).await, 2);
}

#[tokio::test]
async fn a_tag_is_the_events_in_either_convention_or_else_the_executions() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(2);
    let blue = serde_json::json!({"cairn.instance_id": "blue", "team": "red"});
    let green = serde_json::json!({"cairn.instance_id": "green", "team": "green"});
    let ours = Filter::default().with_instance_tag("cairn.instance_id", "blue");
    ending(&pool, (None, Some("green")), ("tenant", blue.clone())).await;
    ending(&pool, (None, Some("cairn.instance_id=green")), ("tenant", blue.clone())).await;
    ending(&pool, (None, Some("team=blue")), ("tenant", green.clone())).await;
    ending(&pool, (None, None), ("tenant", green.clone())).await;
    assert_eq!(taken(&pool, ours.clone()).await, 0);
    ending(&pool, (None, Some("blue")), ("tenant", green.clone())).await;
    ending(&pool, (None, Some("cairn.instance_id=blue")), ("tenant", green)).await;
    ending(&pool, (None, None), ("tenant", blue.clone())).await;
    assert_eq!(taken(&pool, ours).await, 3);

    // Of another tag, a bare value says nothing.
    ending(&pool, (None, Some("red")), ("tenant", serde_json::json!({}))).await;
    let team = Filter::default().with_instance_tag("team", "red");
    assert_eq!(taken(&pool, team.clone()).await, 2, "the two of which the execution says so");
    ending(&pool, (None, Some("team=red")), ("tenant", serde_json::json!({}))).await;
    ending(&pool, (None, Some("blue")), ("tenant", blue)).await;
    assert_eq!(taken(&pool, team).await, 2);
}

#[tokio::test]
async fn many_events_of_another_tenant_are_not_in_the_way() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(2);
    for _ in 0..5 {
        ending(&pool, (None, None), ("theirs", serde_json::json!({}))).await;
    }
    ending(&pool, (None, None), ("ours", serde_json::json!({}))).await;
    let cx = TickContext::global().pinned(NOW_MS).filtered(Filter::default().with_namespace("ours"));
    let reconciler = Dependency::new(pool.clone()).with_batch_limit(2);
    assert_eq!(reconciler.tick(cx).await.expect("the tick succeeds").report.changed, 1);
}
