//! What if budgets are spent from all the time?

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ff_reconciler_budget::BudgetReset;
use ff_scanner_testkit::{Database, SeedBudget};
use sqlx::PgPool;
use support::{HOUR_MS, NOW_MS, give_back, ledger, next_reset_at_ms, spend, spent, tick_at};
use tokio::task::JoinSet;
use uuid::Uuid;

const WORKERS: u32 = 8;
/// Windows that begin meanwhile.
const WINDOWS: i64 = 10;
/// A tick waits for a busy budget, but not for ever: now and then it is left to the next.
const TICKS_MAX: u32 = 50;

/// Lets windows of `budget` begin while workers run `round` of an execution each, over and over, and none of them fails.
async fn beside<F>(
    pool: &PgPool,
    partition: i16,
    budget: &str,
    round: impl Fn(PgPool, i16, String, Uuid) -> F + Copy + Send + 'static,
) where
    F: Future<Output = Result<(), sqlx::Error>> + Send + 'static,
{
    let stop = Arc::new(AtomicBool::new(false));
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let (pool, budget, stop) = (pool.clone(), budget.to_owned(), Arc::clone(&stop));
        workers.spawn(async move {
            let id = Uuid::new_v4();
            while !stop.load(Ordering::Relaxed) {
                round(pool.clone(), partition, budget.clone(), id).await?;
            }
            Ok::<(), sqlx::Error>(())
        });
    }
    let reconciler = BudgetReset::new(pool.clone());
    for window in 0..WINDOWS {
        let mut ticks = 0;
        loop {
            let report = tick_at(&reconciler, partition, NOW_MS + window * HOUR_MS).await.report;
            assert_eq!(report.failures, [], "window {window}");
            ticks += 1;
            if report.changed == 1 {
                break;
            }
            assert!(ticks < TICKS_MAX, "window {window} does not begin while others spend");
        }
    }
    stop.store(true, Ordering::Relaxed);
    for done in workers.join_all().await {
        done.expect("no worker loses against a reset");
    }
    assert_eq!(next_reset_at_ms(pool, partition, budget).await, Some(NOW_MS + WINDOWS * HOUR_MS));
}

#[tokio::test]
async fn a_budget_that_is_spent_from_without_pause_is_reset_all_the_same() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(WORKERS + 2), Database::next_partition());
    let budget = SeedBudget::due(0).insert(&pool, partition, NOW_MS).await;

    beside(&pool, partition, &budget, async |pool, partition, budget, _| spend(&pool, partition, &budget, None).await)
        .await;

    let last = tick_at(&BudgetReset::new(pool.clone()), partition, NOW_MS + WINDOWS * HOUR_MS).await;
    assert_eq!(last.report.changed, 1);
    assert_eq!(spent(&pool, partition, &budget).await, 0);
}

#[tokio::test]
async fn a_reset_beside_spending_and_giving_back_deadlocks_with_nobody_and_keeps_the_ledger_true() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(WORKERS + 2), Database::next_partition());
    let budget = SeedBudget::due(0).insert(&pool, partition, NOW_MS).await;

    beside(&pool, partition, &budget, async |pool, partition, budget, id| {
        spend(&pool, partition, &budget, Some(id)).await?;
        spend(&pool, partition, &budget, Some(id)).await?;
        give_back(&pool, partition, &budget, id).await?;
        spend(&pool, partition, &budget, Some(id)).await
    })
    .await;

    let (_, owed) = ledger(&pool, partition, &budget).await;
    assert_eq!(spent(&pool, partition, &budget).await, owed, "what is spent is what the ledger says");
}
