#![doc = include_str!("../README.md")]

use std::time::Duration;

use ff_scanner_core::postgres::{Transaction, failed};
use ff_scanner_core::{
    Act, Due, Global, LookThenAct, Page, Reconciler, Sweep, Tick, TickContext, TickError, Verdict,
    async_trait,
};
use sqlx::PgPool;
use uuid::Uuid;

const INTERVAL_DEFAULT: Duration = Duration::from_secs(2);
const BATCH_LIMIT_DEFAULT: u32 = 1000;

/// Says in a sentence what it moves. See the crate's documentation.
#[derive(Debug)]
pub struct {Kind} {
    pool: PgPool,
    interval: Duration,
    batch_limit: u32,
    sweep: Sweep<Uuid>,
}

impl {Kind} {
    /// Its name in spans, statuses and logs.
    pub const NAME: &str = "{name}";

    /// Works on the database of `pool`, with the defaults of the crate's documentation.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, interval: INTERVAL_DEFAULT, batch_limit: BATCH_LIMIT_DEFAULT, sweep: Sweep::default() }
    }

    /// Sets the time from the end of one cycle to the start of the next (default 2 s).
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the most rows that one look takes (default 1000).
    #[must_use]
    pub fn with_batch_limit(mut self, rows: u32) -> Self {
        self.batch_limit = rows;
        self
    }
}

#[async_trait]
impl Reconciler for {Kind} {
    type Scope = {Scope};

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn scope(&self) -> {Scope} {
        Global
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn tick(&self, cx: TickContext<{Scope}>) -> Result<Tick, TickError> {
        self.sweep.tick(self, &cx).await
    }
}

#[async_trait]
impl LookThenAct for {Kind} {
    type Scope = {Scope};
    type Key = Uuid;

    fn batch_limit(&self) -> u32 {
        self.batch_limit
    }

    async fn look(&self, page: Page<'_, {Scope}, Uuid>) -> Result<Vec<Due<Uuid>>, TickError> {
        let failed = failed("look for due rows");
        let filter = page.cx.filter();
        let mut tx = Transaction::look(&self.pool).await.map_err(&failed)?;
        let rows = sqlx::query_as(include_str!("../sql/look.sql"))
            .bind(page.cx.now_ms())
            .bind(i64::from(self.batch_limit))
            .bind(filter.namespace.as_deref())
            .bind(filter.tag_key())
            .bind(filter.tag_value())
            .bind(page.avoid)
            .fetch_all(&mut *tx)
            .await;
        let rows: Vec<(i16, Uuid)> = tx.end(rows).await.map_err(&failed)?;
        Ok(rows.into_iter().map(|(partition, key)| Due { partition, key, problem: None }).collect())
    }

    async fn act(&self, act: Act<'_, Uuid>) -> Result<Vec<Verdict<Uuid>>, TickError> {
        let failed = failed("move due rows");
        let mut tx = Transaction::act(&self.pool).await.map_err(&failed)?;
        let rows = sqlx::query_as(include_str!("../sql/act.sql"))
            .bind(act.partition)
            .bind(act.keys)
            .bind(act.now_ms)
            .fetch_all(&mut *tx)
            .await;
        let rows: Vec<(Uuid, String)> = tx.end(rows).await.map_err(&failed)?;
        Ok(rows.into_iter().map(|(key, word)| Verdict { key, word }).collect())
    }
}
