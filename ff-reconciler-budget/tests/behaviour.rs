//! What becomes of budgets whose next window has begun?

mod support;

use ff_reconciler_budget::BudgetReset;
use ff_scanner_core::{Filter, PartitionSet, Reconciler, Tick, TickContext};
use ff_scanner_testkit::{Database, SeedBudget};
use support::{HOUR_MS, NOW_MS, Policy, give_back, ledger, policy, spend, spent, tick, usage};
use uuid::Uuid;

#[tokio::test]
async fn a_due_budget_begins_its_window_with_nothing_spent() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let budget = SeedBudget::due(0).spent_by(Uuid::new_v4()).insert(&pool, partition, NOW_MS).await;

    let done = tick(&pool, partition).await;

    assert_eq!((done.report.changed, done.report.skipped, done.report.failed()), (1, 0, 0));
    assert_eq!(done.report.verdicts.get("reset"), Some(&1));
    let zero = |dimension: &str| (dimension.to_owned(), 0, Some(NOW_MS), NOW_MS);
    assert_eq!(usage(&pool, partition, &budget).await, [zero("calls"), zero("tokens")]);
    assert_eq!(ledger(&pool, partition, &budget).await, (0, 0));
    let begun = Policy {
        next_reset_at_ms: Some(NOW_MS + HOUR_MS),
        last_breach_at_ms: None,
        last_breach_dim: None,
        breach_count: 2,
        soft_breach_count: 1,
        updated_at_ms: NOW_MS,
    };
    assert_eq!(policy(&pool, partition, &budget).await, begun, "breaches stay counted");
    assert_eq!(tick(&pool, partition).await, Tick::default(), "a second tick changes nothing");
}

#[tokio::test]
async fn budgets_without_a_schedule_or_with_time_left_are_left_alone() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    SeedBudget::due(-1).insert(&pool, partition, NOW_MS).await;
    SeedBudget::unscheduled().insert(&pool, partition, NOW_MS).await;

    assert_eq!(tick(&pool, partition).await, Tick::default());
}

#[tokio::test]
async fn an_execution_that_gives_back_after_a_reset_does_not_take_from_the_new_window() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let (old, new) = (Uuid::new_v4(), Uuid::new_v4());
    let budget = SeedBudget::due(0).spent_by(old).insert(&pool, partition, NOW_MS).await;

    tick(&pool, partition).await;
    spend(&pool, partition, &budget, Some(new)).await.expect("the new window can be spent from");
    give_back(&pool, partition, &budget, old).await.expect("giving back twice is legal");

    assert_eq!(spent(&pool, partition, &budget).await, 1);
    give_back(&pool, partition, &budget, new).await.expect("giving back is legal");
    assert_eq!(spent(&pool, partition, &budget).await, 0);
}

#[tokio::test]
async fn budgets_of_others_and_their_ledgers_are_not_touched() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let other = SeedBudget::due(-1).spent_by(Uuid::new_v4()).insert(&pool, partition, NOW_MS).await;
    SeedBudget::due(0).spent_by(Uuid::new_v4()).insert(&pool, partition, NOW_MS).await;

    assert_eq!(tick(&pool, partition).await.report.changed, 1);

    assert_eq!(spent(&pool, partition, &other).await, 73);
    assert_eq!(ledger(&pool, partition, &other).await, (2, 73));
}

#[tokio::test]
async fn a_scanner_that_keeps_to_one_tenant_resets_every_budget() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let budget = SeedBudget::due(0).insert(&pool, partition, NOW_MS).await;
    let filter = Filter::default().with_namespace("nobody").with_instance_tag("cairn.instance_id", "nowhere");
    let cx = TickContext::over(PartitionSet::from_iter([partition])).pinned(NOW_MS).filtered(filter);

    let done = BudgetReset::new(pool.clone()).tick(cx).await.expect("the tick succeeds");

    assert_eq!(done.report.changed, 1);
    assert_eq!(spent(&pool, partition, &budget).await, 0);
}
