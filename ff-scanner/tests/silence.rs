//! Is nothing overlooked when looks are left out because nobody writes?
#![cfg(feature = "full")]

use std::time::Duration;

use ff_scanner::core::postgres::{Transaction, look, silence};
use ff_scanner::core::{Ask, Page, PartitionSet, Partitioned, Quiet, TickContext, TickReason};
use ff_scanner::lease_expiry::LOOK_SQL;
use ff_scanner_migrations::apply_engine;
use ff_scanner_testkit::{Database, EngineVersion, Options, Seed, Server};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

const PARTITION: i16 = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// A server of its own: what other tests write, in whatever database, ends the silence.
struct Silent {
    _server: Server,
    _database: Database,
    pool: PgPool,
    quiet: Quiet,
    cx: TickContext<Partitioned>,
}

impl Silent {
    async fn new() -> Self {
        let server = Server::start(&Options::new().with_setting("autovacuum", "off")).expect("a Postgres");
        let database = Database::empty(&server).await.expect("a database");
        let migrated = apply_engine(&database.connect_options(), EngineVersion::default(), 4).await;
        migrated.expect("the engine's tables");
        let cx = TickContext::over(PartitionSet::from_iter([PARTITION])).because(TickReason::Interval);
        Self { pool: database.pool(1), _server: server, _database: database, quiet: Quiet::default(), cx }
    }

    fn page(&self) -> Page<'_, Partitioned, Uuid> {
        Page { cx: &self.cx, avoid: &[], quiet: &self.quiet }
    }

    async fn found(&self) -> Vec<Uuid> {
        let rows = look(&self.pool, LOOK_SQL, &self.page(), 10, |id| *id, "look for lapsed leases").await;
        let rows: Vec<(i16, Uuid, i32)> = rows.expect("the look succeeds");
        rows.into_iter().map(|(_, execution_id, _)| execution_id).collect()
    }

    async fn asks(&self) -> Ask {
        let mut tx = Transaction::look(&self.pool).await.expect("a transaction begins");
        let silence = silence(&mut tx, &self.page()).await;
        tx.end(silence).await.expect("the server answers").expect("the interval has passed").ask
    }

    async fn now_ms(&self) -> i64 {
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect("the server has a clock")
    }
}

#[tokio::test]
async fn the_third_look_at_a_silent_database_is_left_out_and_what_is_written_then_is_found_by_the_next() {
    let silent = Silent::new().await;
    assert_eq!(silent.asks().await, Ask::Now);
    assert!(silent.found().await.is_empty());
    assert!(matches!(silent.asks().await, Ask::Ahead(_)));
    assert!(silent.found().await.is_empty());
    assert_eq!(silent.asks().await, Ask::Nothing);

    let now_ms = silent.now_ms().await;
    let lapsed = Seed::lapsed(0).insert(&silent.pool, PARTITION, now_ms).await;

    assert_eq!(silent.asks().await, Ask::Now);
    assert_eq!(silent.found().await, [lapsed]);
}

#[tokio::test]
async fn what_becomes_due_while_nobody_writes_is_found() {
    let silent = Silent::new().await;
    let due_at_ms = silent.now_ms().await + 1000;
    let lapses = Seed::lapsed(0).insert(&silent.pool, PARTITION, due_at_ms).await;
    let started = Instant::now();
    let found = loop {
        let found = silent.found().await;
        if !found.is_empty() || started.elapsed() > PATIENCE {
            break found;
        }
        assert_ne!(silent.asks().await, Ask::Nothing, "it is near");
        sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(found, [lapses]);
    assert!(silent.now_ms().await >= due_at_ms);
}

#[tokio::test]
async fn a_transaction_that_was_open_during_the_silence_ends_it() {
    let silent = Silent::new().await;
    let other = silent.pool.options().clone().connect_with(silent.pool.connect_options().as_ref().clone()).await;
    let mut tx = other.expect("another connection").begin().await.expect("a transaction begins");
    let now_ms = silent.now_ms().await;
    let lapsed = Seed::lapsed(0).insert(&silent.pool, PARTITION, now_ms + 600_000).await;
    let lapse = "UPDATE ff_attempt SET lease_expires_at_ms = $3 WHERE partition_key = $1 AND execution_id = $2";
    sqlx::query(lapse).bind(PARTITION).bind(lapsed).bind(now_ms).execute(&mut *tx).await.expect("a row");
    while silent.asks().await != Ask::Nothing {
        assert!(silent.found().await.is_empty());
    }
    tx.commit().await.expect("it commits");
    assert_eq!(silent.found().await, [lapsed]);
}
