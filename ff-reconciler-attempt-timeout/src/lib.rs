#![doc = include_str!("../README.md")]

use std::time::Duration;

use ff_scanner_core::postgres::{Pools, Transaction, clear_waits, failed, look};
use ff_scanner_core::{
    Act, Due, LookThenAct, Page, PartitionSpace, Partitioned, Reconciler, Sweep, Tick, TickContext, TickError, Verdict,
    async_trait,
};
use uuid::Uuid;

/// The look by policy, as it is run.
pub const LOOK_SQL: &str = include_str!("../sql/look.sql");
/// The look by lapsed lease, as it is run.
pub const LOOK_LAPSED_SQL: &str = include_str!("../sql/look_lapsed.sql");
/// The act, as it is run.
pub const TIME_OUT_SQL: &str = include_str!("../sql/time_out.sql");

const INTERVAL_DEFAULT: Duration = Duration::from_secs(2);
const BATCH_LIMIT_DEFAULT: u32 = 1000;
/// What the act says of an execution that it has left alone, because it waits for something.
const WAITS: &str = "waits";

/// What makes an attempt time out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptTimeoutTrigger {
    /// It has run for longer than its policy's `attempt_timeout_ms`.
    #[default]
    Policy,
    /// Its lease has lapsed, for deployments that run without `lease_expiry`.
    LeaseLapse,
}

/// Ends attempts that ran longer than their policy allows. See the crate's documentation.
#[derive(Debug)]
pub struct AttemptTimeout {
    pools: Pools,
    interval: Duration,
    batch_limit: u32,
    trigger: AttemptTimeoutTrigger,
    sweep: Sweep<Uuid>,
}

impl AttemptTimeout {
    /// Its name in spans, statuses and on the command line.
    pub const NAME: &str = "attempt_timeout";

    /// Works on the database of `pools`, with the defaults of the crate's documentation.
    #[must_use]
    pub fn new(pools: impl Into<Pools>) -> Self {
        Self {
            pools: pools.into(),
            interval: INTERVAL_DEFAULT,
            batch_limit: BATCH_LIMIT_DEFAULT,
            trigger: AttemptTimeoutTrigger::default(),
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

    /// Sets what makes an attempt time out (default [`AttemptTimeoutTrigger::Policy`]).
    #[must_use]
    pub fn with_trigger(mut self, trigger: AttemptTimeoutTrigger) -> Self {
        self.trigger = trigger;
        self
    }
}

impl AttemptTimeout {
    async fn time_out_all(&self, tx: &mut Transaction, act: &Act<'_, Uuid>) -> Result<Vec<Verdict<Uuid>>, sqlx::Error> {
        let mut verdicts = self.time_out(tx, act, act.keys, false).await?;
        let waiting: Vec<Uuid> = verdicts.extract_if(.., |verdict| verdict.word == WAITS).map(|one| one.key).collect();
        if !waiting.is_empty() {
            let cleared = clear_waits(tx, act.partition, &waiting).await?;
            verdicts.extend(self.time_out(tx, act, &cleared, true).await?);
        }
        Ok(verdicts)
    }

    async fn time_out(
        &self,
        tx: &mut Transaction,
        act: &Act<'_, Uuid>,
        execution_ids: &[Uuid],
        cleared: bool,
    ) -> Result<Vec<Verdict<Uuid>>, sqlx::Error> {
        let rows: Vec<(Uuid, String)> = sqlx::query_as(TIME_OUT_SQL)
            .bind(act.partition)
            .bind(execution_ids)
            .bind(act.now_ms)
            .bind(self.trigger == AttemptTimeoutTrigger::LeaseLapse)
            .bind(cleared)
            .fetch_all(&mut **tx)
            .await?;
        Ok(rows.into_iter().map(|(key, word)| Verdict { key, word }).collect())
    }
}

#[async_trait]
impl Reconciler for AttemptTimeout {
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
impl LookThenAct for AttemptTimeout {
    type Scope = Partitioned;
    type Key = Uuid;

    fn batch_limit(&self) -> u32 {
        self.batch_limit
    }

    async fn look(&self, page: Page<'_, Partitioned, Uuid>) -> Result<Vec<Due<Uuid>>, TickError> {
        let sql = match self.trigger {
            AttemptTimeoutTrigger::Policy => LOOK_SQL,
            AttemptTimeoutTrigger::LeaseLapse => LOOK_LAPSED_SQL,
        };
        let rows: Vec<(i16, Uuid, Option<String>)> =
            look(&self.pools.looks, sql, &page, self.batch_limit, |id| *id, "look for overdue attempts").await?;
        let due = |(partition, key, problem)| Due { partition, key, problem };
        Ok(rows.into_iter().map(due).collect())
    }

    async fn act(&self, act: Act<'_, Uuid>) -> Result<Vec<Verdict<Uuid>>, TickError> {
        let failed = failed("time out attempts");
        let mut tx = Transaction::act(&self.pools.acts).await.map_err(&failed)?;
        let verdicts = self.time_out_all(&mut tx, &act).await;
        tx.end(verdicts).await.map_err(&failed)
    }
}
