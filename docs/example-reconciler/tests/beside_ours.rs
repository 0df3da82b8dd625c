//! Do reconcilers of another team run beside those of this workspace, in one scheduler?

mod support;

use std::time::Duration;

use example_reconciler::{DelayedPromoter, GrantExpiry, migrate};
use ff_scanner::core::{Exit, Scheduler};
use ff_scanner::{Config, register_enabled};
use ff_scanner_testkit::{Database, Seed, State, read};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

/// The server's time, milliseconds since the epoch.
async fn now_ms(pool: &PgPool) -> i64 {
    let sql = "SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint";
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("the server has a clock")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_scheduler_moves_the_rows_of_both_teams_and_accounts_for_each_reconciler() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(6);
    migrate(&pool).await.expect("the table can be created");
    let now_ms = now_ms(&pool).await;
    let lapsed = Seed::lapsed(5).insert(&pool, 7, now_ms).await;
    let granted = Seed::new(State::Waiting).insert(&pool, 7, now_ms).await;
    support::granted(&pool, 7, &[granted], now_ms - 5).await;
    let delayed = Seed::running(1000).insert(&pool, 8, now_ms).await;
    support::delay(&pool, 8, &[delayed], Some(now_ms - 5)).await;

    let scheduler = register_enabled(Scheduler::builder(), &Config::new(pool.clone()))
        .register(GrantExpiry::new(pool.clone()))
        .register(DelayedPromoter::new(pool.clone()))
        .build()
        .expect("no two have the same name");
    let handle = scheduler.spawn();

    let moved = ["lease_expiry", GrantExpiry::NAME, DelayedPromoter::NAME];
    let changed = || {
        let status = handle.status().into_iter().filter(|one| moved.contains(&one.name));
        status.map(|one| (one.name, one.changed)).collect::<Vec<_>>()
    };
    let deadline = Instant::now() + Duration::from_mins(1);
    while changed().iter().any(|(_, rows)| *rows == 0) {
        assert!(Instant::now() < deadline, "not done in time: {:?}", handle.status());
        sleep(Duration::from_millis(10)).await;
    }

    assert_eq!(changed(), moved.map(|name| (name, 1)));
    for (partition, id) in [(7, lapsed), (7, granted), (8, delayed)] {
        let (vector, _) = read::vector(&pool, partition, id).await;
        assert!(vector.starts_with("runnable/unowned/eligible_now/waiting/"), "{vector}");
    }
    let exits = handle.shutdown(Duration::from_secs(30)).await;
    assert_eq!(exits.len(), ff_scanner::names().len() + 2);
    for (name, exit) in exits {
        assert!(matches!(exit, Exit::Stopped), "{name}: {exit:?}");
    }
}
