//! A server that goes away and comes back under `ff-scanner run`.

use std::time::{Duration, Instant};

use ff_scanner_migrations::EngineVersion;
use ff_scanner_testkit::{Database, HASH_CHILDREN, Options, Seed, Server, Shutdown};
use rustix::process::Signal;
use sqlx::PgPool;

use crate::support::{Running, block_on, now_ms};

const PATIENCE: Duration = Duration::from_secs(20);

async fn due_row(pool: &PgPool) {
    let now = now_ms(pool).await;
    Seed::lapsed(1000).insert(pool, 1, now).await;
}

async fn wait_until_moved(pool: &PgPool, rows: i64) {
    let moved = async {
        loop {
            let told: i64 = sqlx::query_scalar("SELECT count(*) FROM ff_lease_event")
                .fetch_one(pool)
                .await
                .expect("it can be read");
            if told >= rows {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, moved).await.expect("the row is moved");
}

#[test]
fn ten_seconds_without_a_server_are_one_line_when_it_goes_and_one_when_it_is_back() {
    let server = Server::start(&Options::new().with_durable(true)).expect("a server starts");
    let database = block_on(async {
        let template = Database::template(&server, EngineVersion::default(), HASH_CHILDREN).await;
        Database::clone_of(&template.expect("there is a template")).await.expect("there is a database")
    });
    let mut running = Running::start(&database.url(), &[]);
    running.wait_for("running", PATIENCE);
    block_on(async {
        let pool = database.pool(1);
        due_row(&pool).await;
        wait_until_moved(&pool, 1).await;
        // Due while nobody is there to see it.
        let now = now_ms(&pool).await;
        Seed::lapsed(-5000).insert(&pool, 2, now).await;
        pool.close().await;
    });

    server.stop_postmaster(Shutdown::Fast).expect("it stops");
    std::thread::sleep(Duration::from_secs(10));
    server.start_postmaster().expect("it starts");
    let back = Instant::now();
    block_on(async {
        let pool = database.pool(1);
        wait_until_moved(&pool, 2).await;
        pool.close().await;
    });
    assert!(back.elapsed() < Duration::from_secs(2), "work resumed after {:?}", back.elapsed());

    // The other two come back within their own backoff.
    running.wait_for("back after", PATIENCE);
    running.signal(Signal::TERM);
    let (code, _, seen) = running.end();
    assert_eq!(code, Some(0), "{seen:#?}");
    let noisy: Vec<&String> = seen.iter().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    assert_eq!(noisy.len(), 1, "{seen:#?}");
    assert_eq!(seen.iter().filter(|line| line.contains("back after")).count(), 1, "{seen:#?}");
    drop(database);
    server.stop().expect("it is removed");
}
