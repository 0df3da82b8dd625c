//! Does a notification start a cycle before its interval has passed?

use std::sync::Arc;
use std::time::Duration;

use ff_scanner::core::postgres::listen;
use ff_scanner::core::{Global, Reconciler, Scheduler, Tick, TickContext, TickError, TickReason, async_trait};
use ff_scanner_testkit::Database;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::mpsc;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);
const APPLICATION: &str = "the listener";

/// Says that it ticks, and why.
struct Echo(mpsc::UnboundedSender<TickReason>);

#[async_trait]
impl Reconciler for Echo {
    type Scope = Global;

    fn name(&self) -> &'static str {
        "echo"
    }

    fn scope(&self) -> Global {
        Global
    }

    fn interval(&self) -> Duration {
        Duration::from_hours(1)
    }

    async fn tick(&self, cx: TickContext<Global>) -> Result<Tick, TickError> {
        self.0.send(cx.reason()).expect("the test listens");
        Ok(Tick::default())
    }
}

async fn next(ticks: &mut mpsc::UnboundedReceiver<TickReason>) -> TickReason {
    timeout(PATIENCE, ticks.recv()).await.expect("it ticks in time").expect("it lives")
}

async fn execute(pool: &PgPool, sql: &'static str) {
    sqlx::query(sql).execute(pool).await.expect("the statement is legal");
}

fn options(database: &Database) -> PgConnectOptions {
    database.connect_options().application_name(APPLICATION)
}

#[tokio::test]
async fn a_notification_starts_a_cycle_and_so_does_a_connection_that_was_lost_and_is_back() {
    let database = Arc::new(Database::own().await.expect("a database"));
    let pool = database.pool(2);
    let (sender, mut ticks) = mpsc::unbounded_channel();
    let scheduler = Scheduler::builder().random(|| 0.0).register(Echo(sender)).build().expect("the set is valid");
    let _listener = listen(options(&database), scheduler.waker(), vec![("some_channel", "echo")]);
    let _handle = scheduler.spawn();

    // The first cycle, and the one that the first connection asks for; they may be one.
    let mut reason = next(&mut ticks).await;
    while reason != TickReason::Wake {
        reason = next(&mut ticks).await;
    }

    execute(&pool, "NOTIFY some_channel").await;
    assert_eq!(next(&mut ticks).await, TickReason::Wake);

    // What is said while nobody listens is lost, so the listener looks for itself when it is back.
    execute(&pool, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'the listener'")
        .await;
    assert_eq!(next(&mut ticks).await, TickReason::Wake);
}

#[tokio::test]
async fn a_notification_on_another_channel_wakes_nobody() {
    let database = Arc::new(Database::own().await.expect("a database"));
    let pool = database.pool(2);
    let (sender, mut ticks) = mpsc::unbounded_channel();
    let scheduler = Scheduler::builder().random(|| 0.0).register(Echo(sender)).build().expect("the set is valid");
    let _listener =
        listen(options(&database), scheduler.waker(), vec![("some_channel", "echo"), ("other_channel", "nobody")]);
    let _handle = scheduler.spawn();
    while next(&mut ticks).await != TickReason::Wake {}

    execute(&pool, "NOTIFY other_channel").await;
    execute(&pool, "NOTIFY some_channel").await;

    assert_eq!(next(&mut ticks).await, TickReason::Wake);
    assert!(ticks.try_recv().is_err(), "the second notification alone woke it");
}
