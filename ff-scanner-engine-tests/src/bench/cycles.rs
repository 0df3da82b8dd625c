//! How do reconcilers run over what belongs to one test?

use std::time::Duration;

use ff_scanner::budget::BudgetReset;
use ff_scanner::core::{Backlog, Filter, Global, Partitioned, Reconciler, TickContext, TickReason, TickReport};
use tokio::time::{Instant, sleep};

use super::{Bench, PARTITION, PATIENCE};
use crate::engine::Budget;

impl Bench {
    /// A cycle of `budget_reset` over the partition of `budget` at that time, milliseconds since the epoch.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn reset_budgets(&self, budget: &Budget, now_ms: i64) -> TickReport {
        let cx = TickContext::over([budget.partition].into_iter().collect()).pinned(now_ms);
        let tick = BudgetReset::new(self.pool()).tick(cx).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(tick.report.failures, []);
        tick.report
    }

    /// One cycle of a partitioned reconciler over the executions of this test.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn cycle(&self, reconciler: &impl Reconciler<Scope = Partitioned>) -> TickReport {
        self.cycle_in(reconciler, self.context()).await
    }

    /// The same at that time, milliseconds since the epoch.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn cycle_at(&self, reconciler: &impl Reconciler<Scope = Partitioned>, now_ms: i64) -> TickReport {
        self.cycle_in(reconciler, self.context().pinned(now_ms)).await
    }

    fn context(&self) -> TickContext<Partitioned> {
        TickContext::over([PARTITION].into_iter().collect()).filtered(self.filter())
    }

    async fn cycle_in(
        &self,
        reconciler: &impl Reconciler<Scope = Partitioned>,
        cx: TickContext<Partitioned>,
    ) -> TickReport {
        let tick = reconciler.tick(cx).await.unwrap_or_else(|error| panic!("{}: {error}", reconciler.name()));
        assert_eq!(tick.report.failures, [], "{}", reconciler.name());
        tick.report
    }

    /// One whole cycle of a global reconciler over the executions of this test.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn global_cycle(&self, reconciler: &impl Reconciler<Scope = Global>) -> TickReport {
        self.global_cycle_for(reconciler, self.filter()).await
    }

    /// One whole cycle of a global reconciler over what `filter` lets pass.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn global_cycle_for(&self, reconciler: &impl Reconciler<Scope = Global>, filter: Filter) -> TickReport {
        let report = self.global_report(reconciler, filter).await;
        assert_eq!(report.failures, [], "{}", reconciler.name());
        report
    }

    /// The same, whatever it could not do.
    ///
    /// # Panics
    ///
    /// When the cycle as a whole fails.
    pub async fn global_report(&self, reconciler: &impl Reconciler<Scope = Global>, filter: Filter) -> TickReport {
        let mut report = TickReport::default();
        let mut reason = TickReason::Manual;
        loop {
            let cx = TickContext::global().filtered(filter.clone()).because(reason);
            let tick = reconciler.tick(cx).await.unwrap_or_else(|error| panic!("{}: {error}", reconciler.name()));
            report.merge(tick.report);
            if tick.backlog == Backlog::Drained {
                return report;
            }
            reason = TickReason::Drain;
        }
    }

    /// Cycles of `reconciler` until it has changed something.
    ///
    /// # Panics
    ///
    /// When it fails, and when nothing ever becomes due.
    pub async fn settle(&self, reconciler: &impl Reconciler<Scope = Partitioned>) -> TickReport {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let report = self.cycle(reconciler).await;
            if report.changed > 0 {
                return report;
            }
            assert!(Instant::now() < deadline, "nothing becomes due for {}", reconciler.name());
            sleep(Duration::from_millis(1)).await;
        }
    }
}
