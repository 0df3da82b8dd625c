//! Do rows that others hold keep the rest from being moved?
#![cfg(feature = "full")]

mod support;

use ff_scanner::core::{Backlog, Scheduler};
use ff_scanner::{Config, register_enabled};
use ff_scanner_testkit::Database;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_locked_rows_of_each_kind_do_not_keep_the_rest_of_the_cycle_waiting() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    support::seed(&pool, 3000).await;
    let mut holder = pool.begin().await.expect("a transaction");
    let held = sqlx::query(
        "SELECT FROM ff_exec_core WHERE execution_id IN (SELECT execution_id FROM ( \
             SELECT execution_id, row_number() OVER (PARTITION BY lane_id) AS place FROM ff_exec_core) AS ranked \
         WHERE place <= 1000) FOR UPDATE",
    )
    .execute(&mut *holder)
    .await
    .expect("rows can be locked");
    assert_eq!(held.rows_affected(), 3000);

    // A batch limit below what is held in a partition: the held rows fill whole looks.
    let config = Config::new(database.pool(6)).with_only(support::TIME_DRIVEN).with_batch_limit(10);
    let builder = Scheduler::builder().partitions(support::counts());
    let scheduler = register_enabled(builder, &config).build().expect("the set is valid");
    for name in scheduler.names() {
        let cycle = scheduler.cycle(name).await.expect("it is registered").expect("the cycle succeeds");
        assert_eq!((cycle.report.changed, cycle.report.failed()), (2000, 0), "{name}");
        assert_eq!(cycle.backlog, Backlog::Drained, "{name}");
    }

    holder.rollback().await.expect("the locks are given back");
    for name in scheduler.names() {
        let cycle = scheduler.cycle(name).await.expect("it is registered").expect("the cycle succeeds");
        assert_eq!((cycle.report.changed, cycle.report.skipped), (1000, 0), "{name}");
    }
    assert_eq!(support::outcomes(&pool).await, support::all_moved_once(3000));
}
