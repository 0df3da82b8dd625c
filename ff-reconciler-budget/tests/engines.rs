//! Does it run on every schema of the engine?

mod support;

use ff_reconciler_budget::BudgetReset;
use ff_scanner_migrations::{EngineVersion, apply_engine};
use ff_scanner_testkit::{Database, HASH_CHILDREN, SeedBudget, Server};
use support::{HOUR_MS, NOW_MS, ledger, next_reset_at_ms, spent, tick_at};
use uuid::Uuid;

#[tokio::test]
async fn without_a_ledger_budgets_are_reset_and_with_one_it_is_cleared_even_if_it_came_meanwhile() {
    let server = Server::shared().expect("a Postgres");
    let template = Database::template(&server, EngineVersion::V0_11, HASH_CHILDREN).await.expect("a template");
    let database = Database::clone_of(&template).await.expect("a database");
    let (pool, partition) = (database.pool(2), 0);
    let reconciler = BudgetReset::new(pool.clone());
    let early = SeedBudget::due(0).insert(&pool, partition, NOW_MS).await;

    let done = tick_at(&reconciler, partition, NOW_MS).await;

    assert_eq!((done.report.changed, done.report.failed()), (1, 0));
    assert_eq!(spent(&pool, partition, &early).await, 0);
    assert_eq!(next_reset_at_ms(&pool, partition, &early).await, Some(NOW_MS + HOUR_MS));

    apply_engine(&database.connect_options(), EngineVersion::V0_13, HASH_CHILDREN).await.expect("an upgrade");
    let late = SeedBudget::due(0).spent_by(Uuid::new_v4()).insert(&pool, partition, NOW_MS).await;

    assert_eq!(tick_at(&reconciler, partition, NOW_MS).await.report.changed, 1);
    assert_eq!(ledger(&pool, partition, &late).await, (0, 0));
}
