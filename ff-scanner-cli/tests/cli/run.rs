//! `ff-scanner run` and signals.

use std::time::Duration;

use ff_scanner_testkit::Seed;
use rustix::process::Signal;

use crate::support::{Running, block_on, now_ms, own_database};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_signal_ends_it_in_order_and_every_reconciler_is_accounted_for() {
    for signal in [Signal::TERM, Signal::INT] {
        let database = own_database();
        let mut running = Running::start(
            &database.url(),
            &["--only", "attempt_timeout,lease_expiry,dependency", "--except", "dependency"],
        );
        running.wait_for("running", PATIENCE);
        running.signal(signal);
        let (code, stdout, seen) = running.end();
        assert_eq!(code, Some(0), "{seen:#?}");
        assert_eq!(stdout, "attempt_timeout: stopped\nlease_expiry: stopped\n");
    }
}

#[test]
fn due_rows_are_moved_while_it_runs() {
    let database = own_database();
    let mut running = Running::start(&database.url(), &["--only", "lease_expiry"]);
    running.wait_for("running", PATIENCE);
    block_on(async {
        let pool = database.pool(1);
        let now = now_ms(&pool).await;
        Seed::lapsed(1000).insert(&pool, 1, now).await;
        let moved = async {
            while sqlx::query("SELECT FROM ff_lease_event")
                .fetch_optional(&pool)
                .await
                .expect("it can be read")
                .is_none()
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, moved).await.expect("the row is moved");
        pool.close().await;
    });
}
