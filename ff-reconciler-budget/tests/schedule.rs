//! When does the window after the next one begin?

mod support;

use ff_reconciler_budget::BudgetReset;
use ff_scanner_core::{Backlog, Tick};
use ff_scanner_testkit::{Database, SeedBudget};
use serde_json::{Value, json};
use support::{HOUR_MS, NOW_MS, next_reset_at_ms, policy, spent, tick, tick_at};

#[tokio::test]
async fn a_window_does_not_drift_however_late_each_reset_is() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let budget = SeedBudget::due(0).insert(&pool, partition, NOW_MS).await;
    let reconciler = BudgetReset::new(pool.clone());

    for (window, late_ms) in [(0, 0), (1, 14_999), (2, 1), (3, HOUR_MS - 1)] {
        let done = tick_at(&reconciler, partition, NOW_MS + window * HOUR_MS + late_ms).await;
        assert_eq!(done.report.verdicts.get("reset"), Some(&1), "{late_ms} ms late");
        assert_eq!(next_reset_at_ms(&pool, partition, &budget).await, Some(NOW_MS + (window + 1) * HOUR_MS));
    }
}

#[tokio::test]
async fn windows_that_were_missed_are_skipped_together_and_counted() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    for (ago_ms, ahead_ms) in [(10 * HOUR_MS + 5, HOUR_MS - 5), (2 * HOUR_MS, HOUR_MS), (HOUR_MS, HOUR_MS)] {
        let budget = SeedBudget::due(ago_ms).insert(&pool, partition, NOW_MS).await;

        let done = tick(&pool, partition).await;

        assert_eq!(done.report.verdicts.get("caught_up"), Some(&1), "due for {ago_ms} ms");
        assert_eq!(next_reset_at_ms(&pool, partition, &budget).await, Some(NOW_MS + ahead_ms));
        assert_eq!(tick(&pool, partition).await, Tick::default(), "one reset makes up for all");
    }
}

#[tokio::test]
async fn an_interval_beyond_all_time_is_cut_off_and_no_error() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    for interval in [json!(i64::MAX), json!(i64::MAX - NOW_MS + 1), json!(u64::MAX), json!(1e30)] {
        let budget = SeedBudget::due(0).with_interval(interval.clone()).insert(&pool, partition, NOW_MS).await;

        let done = tick(&pool, partition).await;

        assert_eq!((done.report.changed, done.report.failed()), (1, 0), "{interval}");
        assert_eq!(next_reset_at_ms(&pool, partition, &budget).await, Some(i64::MAX), "{interval}");
        assert_eq!(spent(&pool, partition, &budget).await, 0);
    }
    // The longest number that Postgres has.
    let budget = SeedBudget::due(0).insert(&pool, partition, NOW_MS).await;
    sqlx::query(
        "UPDATE ff_budget_policy SET policy_json = jsonb_build_object('reset_interval_ms', repeat('9', 131072)::numeric) \
         WHERE partition_key = $1 AND budget_id = $2",
    )
    .bind(partition)
    .bind(&budget)
    .execute(&pool)
    .await
    .expect("it is a number");
    assert_eq!(tick(&pool, partition).await.report.changed, 1);
    assert_eq!(next_reset_at_ms(&pool, partition, &budget).await, Some(i64::MAX));
}

#[tokio::test]
async fn a_budget_that_is_due_since_the_beginning_of_time_catches_up_in_one_step() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let budget = SeedBudget::due(0).with_interval(1).insert(&pool, partition, NOW_MS).await;
    sqlx::query("UPDATE ff_budget_policy SET next_reset_at_ms = $3 WHERE partition_key = $1 AND budget_id = $2")
        .bind(partition)
        .bind(&budget)
        .bind(i64::MIN)
        .execute(&pool)
        .await
        .expect("it is a time");

    assert_eq!(tick(&pool, partition).await.report.verdicts.get("caught_up"), Some(&1));
    assert_eq!(next_reset_at_ms(&pool, partition, &budget).await, Some(NOW_MS + 1));
}

#[tokio::test]
async fn an_interval_of_zero_or_less_ends_the_schedule_with_a_last_reset() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    for interval in [json!(0), json!(-1), json!(i64::MIN), json!(-1e30)] {
        let budget = SeedBudget::due(5).with_interval(interval.clone()).insert(&pool, partition, NOW_MS).await;

        let done = tick(&pool, partition).await;

        assert_eq!(done.report.verdicts.get("ended"), Some(&1), "{interval}");
        assert_eq!(next_reset_at_ms(&pool, partition, &budget).await, None);
        assert_eq!(spent(&pool, partition, &budget).await, 0);
        assert_eq!(tick(&pool, partition).await, Tick::default());
    }
}

#[tokio::test]
async fn a_budget_without_a_readable_interval_keeps_its_schedule_and_holds_up_nobody() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let mut unreadable = Vec::new();
    for interval in [json!(null), json!("3600000"), json!(1.5), json!(true), json!([3_600_000]), json!({"ms": 1})] {
        unreadable.push(SeedBudget::due(9).with_interval(interval).insert(&pool, partition, NOW_MS).await);
    }
    for policy in [json!({}), json!([]), json!(7), json!("reset_interval_ms"), Value::Null] {
        unreadable.push(SeedBudget::due(9).with_policy(policy).insert(&pool, partition, NOW_MS).await);
    }
    let mut before = Vec::new();
    for budget in &unreadable {
        before.push(policy(&pool, partition, budget).await);
    }
    let sound = SeedBudget::due(0).insert(&pool, partition, NOW_MS).await;

    let reconciler = BudgetReset::new(pool.clone()).with_batch_limit(2);
    let mut ticks = 0;
    while tick_at(&reconciler, partition, NOW_MS).await.backlog == Backlog::Remaining {
        ticks += 1;
        assert!(ticks < 20, "the cycle ends");
    }

    assert_eq!(spent(&pool, partition, &sound).await, 0, "it was behind several batches of others");
    for (budget, before) in unreadable.iter().zip(before) {
        assert_eq!(policy(&pool, partition, budget).await, before);
        assert_eq!(spent(&pool, partition, budget).await, 73);
    }
}

#[tokio::test]
async fn a_budget_is_reset_once_its_interval_is_mended() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let budget = SeedBudget::due(9).with_interval("1h").insert(&pool, partition, NOW_MS).await;
    assert_eq!(tick(&pool, partition).await, Tick::default());

    sqlx::query(
        "UPDATE ff_budget_policy SET policy_json = policy_json || '{\"reset_interval_ms\": 3600000}' \
         WHERE partition_key = $1 AND budget_id = $2",
    )
    .bind(partition)
    .bind(&budget)
    .execute(&pool)
    .await
    .expect("it can be mended");

    assert_eq!(tick(&pool, partition).await.report.changed, 1);
    assert_eq!(next_reset_at_ms(&pool, partition, &budget).await, Some(NOW_MS - 9 + HOUR_MS));
}
