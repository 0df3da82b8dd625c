//! Does a chain of steps go on as each of them ends, rather than one step an interval?
#![cfg(feature = "deps")]

use std::time::Duration;

use ff_scanner::core::{Scheduler, postgres};
use ff_scanner::{Config, register_enabled, wake_channels};
use ff_scanner_testkit::{Database, EdgeState, FlowSeed, Seed, State, read};
use tokio::time::{Instant, sleep, timeout};

const STEPS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_chain_of_ten_cascades_by_its_notifications_alone() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(2);
    // Within which the test is over: nothing moves because an interval has passed.
    let config = Config::new(database.pool(4)).with_only(["dependency"]).with_interval(Duration::from_hours(1));
    let scheduler = register_enabled(Scheduler::builder(), &config).build().expect("the set is valid");
    let _listener = postgres::listen(database.connect_options(), scheduler.waker(), wake_channels());
    let handle = scheduler.spawn();
    // Until it is heard, and no cycle is due any more.
    let heard = async {
        while handle.status()[0].cycles < 3 {
            sqlx::query("NOTIFY ff_completion").execute(&pool).await.expect("anybody may notify");
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, heard).await.expect("the listener connects");

    let mut seed = FlowSeed::new();
    let mut steps = vec![seed.node(Seed::running(0))];
    for _ in 1..STEPS {
        let next = seed.node(Seed::new(State::Blocked));
        seed.edge(*steps.last().expect("there is one"), next, EdgeState::Applied);
        steps.push(next);
    }
    let flow = seed.insert(&pool, 7, 0).await;
    let started = Instant::now();
    for pair in steps.windows(2) {
        flow.finish(&pool, pair[0], "success", 0).await;
        let claimable = async {
            while !read::vector(&pool, flow.partition, flow.id(pair[1])).await.0.contains("/eligible_now/") {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, claimable).await.expect("the next step becomes claimable");
    }
    println!("{STEPS} steps in {:?}", started.elapsed());
    handle.shutdown(Duration::from_secs(10)).await;
}
