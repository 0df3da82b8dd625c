//! Who makes a delayed execution claimable when its time has come?

use std::time::Duration;

use ff_scanner_core::postgres::{Transaction, failed};
use ff_scanner_core::{
    Act, Due, Global, LookThenAct, Page, PartitionCount, PartitionCounts, PartitionSet, Reconciler, Sweep, Tick,
    TickContext, TickError, Verdict, async_trait,
};
use sqlx::PgPool;
use uuid::Uuid;

/// The look, as it is run.
pub const LOOK_SQL: &str = include_str!("../sql/delays/look.sql");
/// The act, as it is run.
pub const PROMOTE_SQL: &str = include_str!("../sql/delays/promote.sql");

/// Makes delayed executions claimable when their time has come. See the crate's documentation.
#[derive(Debug)]
pub struct DelayedPromoter {
    pool: PgPool,
    partitions: PartitionSet,
    interval: Duration,
    batch_limit: u32,
    sweep: Sweep<Uuid>,
}

impl DelayedPromoter {
    /// Its name in spans, statuses and metrics.
    pub const NAME: &str = "delayed_promoter";

    /// Works on the database of `pool`, with the defaults of the crate's documentation.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        let partitions = PartitionSet::all(PartitionCounts::default().flow);
        Self { pool, partitions, interval: Duration::from_secs(2), batch_limit: 5000, sweep: Sweep::default() }
    }

    /// Sets how many flow partitions the engine has (default 256).
    #[must_use]
    pub fn with_partitions(mut self, flow: PartitionCount) -> Self {
        self.partitions = PartitionSet::all(flow);
        self
    }

    /// Sets the time from the end of one cycle to the start of the next (default 2 s).
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the most rows that one look takes altogether (default 5000).
    #[must_use]
    pub fn with_batch_limit(mut self, rows: u32) -> Self {
        self.batch_limit = rows;
        self
    }
}

#[async_trait]
impl Reconciler for DelayedPromoter {
    type Scope = Global;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn scope(&self) -> Global {
        Global
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn tick(&self, cx: TickContext<Global>) -> Result<Tick, TickError> {
        self.sweep.tick(self, &cx).await
    }
}

#[async_trait]
impl LookThenAct for DelayedPromoter {
    type Scope = Global;
    type Key = Uuid;

    fn batch_limit(&self) -> u32 {
        self.batch_limit
    }

    async fn look(&self, page: Page<'_, Global, Uuid>) -> Result<Vec<Due<Uuid>>, TickError> {
        let failed = failed("look for delays that are over");
        let filter = page.cx.filter();
        let mut tx = Transaction::look(&self.pool).await.map_err(&failed)?;
        let rows = sqlx::query_as(LOOK_SQL)
            .bind(self.partitions.keys())
            .bind(page.cx.now_ms())
            .bind(i64::from(self.batch_limit))
            .bind(filter.namespace.as_deref())
            .bind(filter.tag_key())
            .bind(filter.tag_value())
            .bind(page.avoid)
            .fetch_all(&mut *tx)
            .await;
        let rows: Vec<(i16, Uuid, bool)> = tx.end(rows).await.map_err(&failed)?;
        let due = |(partition, key, has_time): (i16, Uuid, bool)| {
            let problem = (!has_time).then(|| "delayed, but not until any time".to_owned());
            Due { partition, key, problem }
        };
        Ok(rows.into_iter().map(due).collect())
    }

    async fn act(&self, act: Act<'_, Uuid>) -> Result<Vec<Verdict<Uuid>>, TickError> {
        let failed = failed("promote delayed executions");
        let mut tx = Transaction::act(&self.pool).await.map_err(&failed)?;
        let rows =
            sqlx::query_as(PROMOTE_SQL).bind(act.partition).bind(act.keys).bind(act.now_ms).fetch_all(&mut *tx).await;
        let rows: Vec<(Uuid, String)> = tx.end(rows).await.map_err(&failed)?;
        Ok(rows.into_iter().map(|(key, word)| Verdict { key, word }).collect())
    }
}
