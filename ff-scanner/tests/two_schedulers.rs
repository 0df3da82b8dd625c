//! Do two processes on one database move each row once?
#![cfg(feature = "full")]

mod support;

use std::time::Duration;

use ff_scanner::core::{Exit, Scheduler, SchedulerHandle};
use ff_scanner::{Config, register_enabled};
use ff_scanner_testkit::Database;
use tokio::time::{Instant, sleep};

const EACH: u64 = 10_000;

fn spawn(database: &Database) -> SchedulerHandle {
    let config = Config::new(database.pool(6)).with_only(support::TIME_DRIVEN).with_interval(Duration::from_millis(50));
    let builder = Scheduler::builder().partitions(support::counts());
    register_enabled(builder, &config).build().expect("the set is valid").spawn()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_schedulers_move_ten_thousand_rows_of_each_kind_exactly_once() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(2);
    support::seed(&pool, i64::try_from(EACH).expect("small")).await;

    let handles = [spawn(&database), spawn(&database)];
    let deadline = Instant::now() + Duration::from_mins(3);
    let changed = |name: &str| -> u64 {
        let of = |handle: &SchedulerHandle| {
            handle.status().iter().filter(|one| one.name == name).map(|one| one.changed).sum::<u64>()
        };
        handles.iter().map(of).sum()
    };
    while support::TIME_DRIVEN.iter().any(|name| changed(name) < EACH) {
        assert!(Instant::now() < deadline, "not done in time: {:?}", handles.each_ref().map(SchedulerHandle::status));
        sleep(Duration::from_millis(20)).await;
    }

    for name in support::TIME_DRIVEN {
        assert_eq!(changed(name), EACH, "{name}");
    }
    for handle in handles {
        for status in handle.status() {
            assert_eq!((status.errors, status.panics, status.failed), (0, 0, 0), "{}", status.name);
        }
        for (name, exit) in handle.shutdown(Duration::from_secs(10)).await {
            assert!(matches!(exit, Exit::Stopped), "{name}: {exit:?}");
        }
    }
    let each = i64::try_from(EACH).expect("small");
    assert_eq!(support::outcomes(&pool).await, support::all_moved_once(each));
}
