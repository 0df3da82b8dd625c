#![doc = include_str!("../README.md")]

use std::collections::HashSet;
use std::time::Duration;

use ff_scanner_core::postgres::{Pools, Transaction, failed, look};
use ff_scanner_core::{
    Act, Due, LookThenAct, Page, PartitionSpace, Partitioned, Reconciler, Sweep, Tick, TickContext, TickError, Verdict,
    async_trait,
};
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use uuid::Uuid;

/// The look, as it is run.
pub const LOOK_SQL: &str = include_str!("../sql/look.sql");
/// The act, as it is run.
pub const TIME_OUT_SQL: &str = include_str!("../sql/time_out.sql");
/// What is done about the suspensions that stay.
pub const KEEP_SQL: &str = include_str!("../sql/keep.sql");
/// What is done about the suspensions of executions that are gone.
pub const CLEAN_SQL: &str = include_str!("../sql/clean.sql");

const INTERVAL_DEFAULT: Duration = Duration::from_secs(2);
const BATCH_LIMIT_DEFAULT: u32 = 1000;

/// Acts on suspensions that waited longer than they may. See the crate's documentation.
#[derive(Debug)]
pub struct SuspensionTimeout {
    pools: Pools,
    interval: Duration,
    batch_limit: u32,
    sweep: Sweep<Uuid>,
}

impl SuspensionTimeout {
    /// Its name in spans, statuses and on the command line.
    pub const NAME: &str = "suspension_timeout";

    /// Works on the database of `pools`, with the defaults of the crate's documentation.
    #[must_use]
    pub fn new(pools: impl Into<Pools>) -> Self {
        Self {
            pools: pools.into(),
            interval: INTERVAL_DEFAULT,
            batch_limit: BATCH_LIMIT_DEFAULT,
            sweep: Sweep::default(),
        }
    }

    /// Sets the time from the end of one cycle to the start of the next (default 2 s).
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
impl Reconciler for SuspensionTimeout {
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
impl LookThenAct for SuspensionTimeout {
    type Scope = Partitioned;
    type Key = Uuid;

    fn batch_limit(&self) -> u32 {
        self.batch_limit
    }

    async fn look(&self, page: Page<'_, Partitioned, Uuid>) -> Result<Vec<Due<Uuid>>, TickError> {
        let sql = LOOK_SQL;
        let rows: Vec<(i16, Uuid)> =
            look(&self.pools.looks, sql, &page, self.batch_limit, |id| *id, "look for due suspensions").await?;
        let due = |(partition, key)| Due { partition, key, problem: None };
        Ok(rows.into_iter().map(due).collect())
    }

    async fn act(&self, act: Act<'_, Uuid>) -> Result<Vec<Verdict<Uuid>>, TickError> {
        let failed = failed("time out suspensions");
        let mut tx = Transaction::act(&self.pools.acts).await.map_err(&failed)?;
        let rows = time_out_all(&mut tx, &act).await;
        let rows = tx.end(rows).await.map_err(&failed)?;
        Ok(rows.into_iter().map(|(key, word)| Verdict { key, word }).collect())
    }
}

/// Returns what became of each. Few suspensions stay, and fewer executions are gone: what those need is in statements of
/// their own, so that it costs the others nothing.
async fn time_out_all(tx: &mut Transaction, act: &Act<'_, Uuid>) -> Result<Vec<Settled>, sqlx::Error> {
    let mut rows = with_keys(TIME_OUT_SQL, act, act.keys).fetch_all(&mut **tx).await?;
    let answered: HashSet<Uuid> = rows.iter().map(|(execution_id, _)| *execution_id).collect();
    let unanswered: Vec<Uuid> = act.keys.iter().copied().filter(|key| !answered.contains(key)).collect();
    let stays = |(_, word): &&Settled| matches!(word.as_str(), "resumed" | "escalated" | "stale");
    let (staying, words): (Vec<Uuid>, Vec<String>) = rows.iter().filter(stays).cloned().unzip();
    if !staying.is_empty() {
        Transaction::plan_for_partition(tx).await?;
        with_keys(KEEP_SQL, act, &staying).bind(words).fetch_all(&mut **tx).await?;
    }
    if !unanswered.is_empty() {
        Transaction::plan_for_partition(tx).await?;
        rows.extend(with_keys(CLEAN_SQL, act, &unanswered).fetch_all(&mut **tx).await?);
    }
    Ok(rows)
}

/// An execution, and what was done about its suspension.
type Settled = (Uuid, String);

/// `sql` with the parameters that all statements of the act begin with.
fn with_keys(
    sql: &'static str,
    act: &Act<'_, Uuid>,
    keys: &[Uuid],
) -> QueryAs<'static, Postgres, Settled, PgArguments> {
    sqlx::query_as(sql).bind(act.partition).bind(keys.to_vec()).bind(act.now_ms)
}
