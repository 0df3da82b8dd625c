//! Who puts an execution back that was granted and never claimed?

use std::time::Duration;

use ff_scanner_core::postgres::{Transaction, failed, for_engine_0_11, has_column, look};
use ff_scanner_core::{
    Act, Due, LookThenAct, Page, PartitionSpace, Partitioned, Reconciler, Sweep, Tick, TickContext, TickError, Verdict,
    async_trait,
};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The look, as it is run.
pub const LOOK_SQL: &str = include_str!("../sql/grants/look.sql");
/// The act on a schema of engine 0.12 or later.
pub const PUT_BACK_SQL: &str = include_str!("../sql/grants/put_back.sql");

/// Puts executions back whose claim grant has expired. See the crate's documentation.
#[derive(Debug)]
pub struct GrantExpiry {
    pool: PgPool,
    interval: Duration,
    batch_limit: u32,
    /// Set with the first act: whether the schema is of engine 0.12 or later.
    has_grant_table: OnceCell<bool>,
    sweep: Sweep<Uuid>,
}

impl GrantExpiry {
    /// Its name in spans, statuses and metrics.
    pub const NAME: &str = "grant_expiry";

    /// Works on the database of `pool`, with the defaults of the crate's documentation.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        let (interval, batch_limit) = (Duration::from_secs(5), 1000);
        Self { pool, interval, batch_limit, has_grant_table: OnceCell::new(), sweep: Sweep::default() }
    }

    /// Sets the time from the end of one cycle to the start of the next (default 5 s).
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the most rows that one look takes from a partition (default 1000).
    #[must_use]
    pub fn with_batch_limit(mut self, rows: u32) -> Self {
        self.batch_limit = rows;
        self
    }
}

#[async_trait]
impl Reconciler for GrantExpiry {
    type Scope = Partitioned;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn scope(&self) -> Partitioned {
        Partitioned::over(PartitionSpace::Flow)
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn tick(&self, cx: TickContext<Partitioned>) -> Result<Tick, TickError> {
        self.sweep.tick(self, &cx).await
    }
}

#[async_trait]
impl LookThenAct for GrantExpiry {
    type Scope = Partitioned;
    type Key = Uuid;

    fn batch_limit(&self) -> u32 {
        self.batch_limit
    }

    async fn look(&self, page: Page<'_, Partitioned, Uuid>) -> Result<Vec<Due<Uuid>>, TickError> {
        let rows: Vec<(i16, Uuid)> =
            look(&self.pool, LOOK_SQL, &page, self.batch_limit, |id| *id, "look for expired grants").await?;
        Ok(rows.into_iter().map(|(partition, key)| Due { partition, key, problem: None }).collect())
    }

    async fn act(&self, act: Act<'_, Uuid>) -> Result<Vec<Verdict<Uuid>>, TickError> {
        let failed = failed("put executions back");
        let has_grant_table = || has_column(&self.pool, "ff_claim_grant", "expires_at_ms");
        let sql = if *self.has_grant_table.get_or_try_init(has_grant_table).await? {
            PUT_BACK_SQL.to_owned()
        } else {
            for_engine_0_11(PUT_BACK_SQL)
        };
        let mut tx = Transaction::act(&self.pool).await.map_err(&failed)?;
        let rows = sqlx::query_as(AssertSqlSafe(sql))
            .bind(act.partition)
            .bind(act.keys)
            .bind(act.now_ms)
            .fetch_all(&mut *tx)
            .await;
        let rows: Vec<(Uuid, String)> = tx.end(rows).await.map_err(&failed)?;
        Ok(rows.into_iter().map(|(key, word)| Verdict { key, word }).collect())
    }
}
