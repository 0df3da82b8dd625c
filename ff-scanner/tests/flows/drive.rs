//! Who drives the flows: two of each reconciler at once, whose ticks are cut off anywhere.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use ff_scanner::core::{Backlog, Global, Reconciler, TickContext, TickReason};
use ff_scanner::deps::Dependency;
use ff_scanner::edge_cancel::{EdgeCancelDispatcher, EdgeCancelReconciler};
use ff_scanner_testkit::Database;
use sqlx::PgPool;

/// Of one process.
struct Process {
    pool: PgPool,
    dependency: Dependency,
    dispatcher: EdgeCancelDispatcher,
    reconciler: EdgeCancelReconciler,
}

pub(crate) struct Drivers([Process; 2]);

impl Process {
    fn new(database: &Database) -> Self {
        let pool = database.pool(4);
        Self {
            dependency: Dependency::new(pool.clone()).with_heal_after(Duration::ZERO),
            dispatcher: EdgeCancelDispatcher::new(pool.clone()),
            reconciler: EdgeCancelReconciler::new(pool.clone()),
            pool,
        }
    }

    /// A cycle of each, all at once. Each tick is cut off after so many awaits, if at all. Returns how many rows changed.
    async fn cycles(&self, cuts: [Option<u32>; 3]) -> u64 {
        let (a, b, c) = tokio::join!(
            cycle(&self.dependency, cuts[0]),
            cycle(&self.dispatcher, cuts[1]),
            cycle(&self.reconciler, cuts[2])
        );
        a + b + c
    }
}

impl Drivers {
    pub(crate) fn new(database: &Database) -> Self {
        Self([Process::new(database), Process::new(database)])
    }

    /// Until nothing is left to do.
    pub(crate) async fn drain(&self, random: &mut fastrand::Rng) {
        let [one, two] = &self.0;
        loop {
            let mut cut = || (random.u8(..3) > 0).then(|| random.u32(1..25));
            let (first, second) = ([cut(), cut(), cut()], [cut(), cut(), cut()]);
            tokio::join!(one.cycles(first), two.cycles(second));
            // A transaction that was cut off holds its rows until the server notices.
            if one.cycles([None; 3]).await == 0 && two.cycles([None; 3]).await == 0 && !self.cut_off_is_open().await {
                return;
            }
        }
    }

    async fn cut_off_is_open(&self) -> bool {
        let sql = "SELECT EXISTS (SELECT FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle')";
        sqlx::query_scalar(sql).fetch_one(&self.0[0].pool).await.expect("activity can be read")
    }

    pub(crate) async fn close(&self) {
        for process in &self.0 {
            process.pool.close().await;
        }
    }
}

/// As the scheduler runs one by hand. Returns how many rows changed.
async fn cycle(reconciler: &impl Reconciler<Scope = Global>, cut: Option<u32>) -> u64 {
    let (mut changed, mut reason) = (0, TickReason::Manual);
    loop {
        let mut tick = pin!(reconciler.tick(TickContext::global().because(reason)));
        let mut left = cut;
        let ended = poll_fn(|cx| match tick.as_mut().poll(cx) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if left == Some(0) => Poll::Ready(None),
            Poll::Pending => {
                left = left.map(|left| left - 1);
                Poll::Pending
            }
        });
        let Some(ended) = ended.await else { return changed };
        let tick = ended.expect("no tick fails");
        assert_eq!(tick.report.failed(), 0, "{:?}", tick.report);
        changed += tick.report.changed;
        if tick.backlog == Backlog::Drained {
            return changed;
        }
        reason = TickReason::Drain;
    }
}
