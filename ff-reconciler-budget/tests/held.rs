//! What if somebody holds a budget for good?

mod support;

use ff_scanner_testkit::{Database, SeedBudget};
use support::{NOW_MS, spent, tick};
use uuid::Uuid;

#[tokio::test]
async fn one_stuck_budget_costs_its_neighbours_nothing_but_a_moment() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(3), Database::next_partition());
    for hold in [
        "SELECT FROM ff_budget_policy WHERE partition_key = $1 AND budget_id = $2 FOR UPDATE",
        "SELECT FROM ff_budget_usage_by_exec WHERE partition_key = $1 AND budget_id = $2 FOR UPDATE",
        "SELECT FROM ff_budget_usage WHERE partition_key = $1 AND budget_id = $2 FOR UPDATE",
    ] {
        let stuck = SeedBudget::due(9).spent_by(Uuid::new_v4()).insert(&pool, partition, NOW_MS).await;
        let mut neighbours = Vec::new();
        for _ in 0..4 {
            neighbours.push(SeedBudget::due(0).spent_by(Uuid::new_v4()).insert(&pool, partition, NOW_MS).await);
        }
        let mut holder = pool.begin().await.expect("a transaction");
        sqlx::query(hold).bind(partition).bind(&stuck).execute(&mut *holder).await.expect("the row can be held");

        let done = tick(&pool, partition).await.report;

        assert_eq!((done.changed, done.skipped, done.failed()), (4, 1, 0), "{hold}");
        for budget in &neighbours {
            assert_eq!(spent(&pool, partition, budget).await, 0);
        }
        assert_eq!(spent(&pool, partition, &stuck).await, 73, "all or nothing");
        holder.rollback().await.expect("it lets go");
        assert_eq!(tick(&pool, partition).await.report.changed, 1, "it is next");
    }
}
