#![doc = include_str!("../README.md")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ff_scanner_core::postgres::{Pools, Transaction, failed, has_column, look};
use ff_scanner_core::{
    Act, Due, LookThenAct, Page, PartitionSpace, Partitioned, Reconciler, Sweep, Tick, TickContext, TickError, Verdict,
    async_trait,
};
use sqlx::PgConnection;

/// The look, as it is run.
pub const LOOK_SQL: &str = include_str!("../sql/look.sql");
/// The first statement of an act on many budgets: locks those that are free.
pub const LOCK_SQL: &str = include_str!("../sql/lock.sql");
/// The first statement of an act on one budget that was not free: waits for it.
pub const WAIT_SQL: &str = include_str!("../sql/wait.sql");
/// The second statement of an act on a schema of engine 0.13 or later.
pub const CLEAR_LEDGER_SQL: &str = include_str!("../sql/clear_ledger.sql");
/// The last statement of an act.
pub const BEGIN_WINDOW_SQL: &str = include_str!("../sql/begin_window.sql");

const INTERVAL_DEFAULT: Duration = Duration::from_secs(15);
const BATCH_LIMIT_DEFAULT: u32 = 5000;
/// Nobody can spend from the budgets of an act, which takes a tenth of a second.
const ACT_BUDGETS_MAX: usize = 2000;

/// Starts the next window of budgets that roll over. See the crate's documentation.
#[derive(Debug)]
pub struct BudgetReset {
    pools: Pools,
    interval: Duration,
    batch_limit: u32,
    has_ledger: AtomicBool,
    sweep: Sweep<String>,
}

impl BudgetReset {
    /// Its name in spans, statuses and on the command line.
    pub const NAME: &str = "budget_reset";

    /// Works on the database of `pools`, with the defaults of the crate's documentation.
    #[must_use]
    pub fn new(pools: impl Into<Pools>) -> Self {
        Self {
            pools: pools.into(),
            interval: INTERVAL_DEFAULT,
            batch_limit: BATCH_LIMIT_DEFAULT,
            has_ledger: AtomicBool::new(false),
            sweep: Sweep::default(),
        }
    }

    /// Sets the time from the end of one cycle to the start of the next (default 15 s).
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the most budgets that one look takes from a partition (default 5000).
    #[must_use]
    pub fn with_batch_limit(mut self, budgets: u32) -> Self {
        self.batch_limit = budgets;
        self
    }

    /// Whether the schema is of engine 0.13 or later. Asked until it is: an engine may be upgraded under a running
    /// scanner, and from then on a ledger that is not cleared gives the last window's spend back to the next.
    async fn has_ledger(&self) -> Result<bool, TickError> {
        if !self.has_ledger.load(Ordering::Relaxed) {
            let found = has_column(&self.pools.acts, "ff_budget_usage_by_exec", "budget_id").await?;
            self.has_ledger.store(found, Ordering::Relaxed);
        }
        Ok(self.has_ledger.load(Ordering::Relaxed))
    }
}

#[async_trait]
impl Reconciler for BudgetReset {
    type Scope = Partitioned;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn scope(&self) -> Partitioned {
        Partitioned::over(PartitionSpace::Budget)
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn tick(&self, cx: TickContext<Partitioned>) -> Result<Tick, TickError> {
        self.sweep.tick(self, &cx).await
    }
}

#[async_trait]
impl LookThenAct for BudgetReset {
    type Scope = Partitioned;
    type Key = String;

    fn batch_limit(&self) -> u32 {
        self.batch_limit
    }

    fn act_limit(&self) -> usize {
        ACT_BUDGETS_MAX
    }

    fn waits_for_held(&self) -> bool {
        true
    }

    async fn look(&self, page: Page<'_, Partitioned, String>) -> Result<Vec<Due<String>>, TickError> {
        let rows: Vec<(i16, String, Option<String>)> =
            look(&self.pools.looks, LOOK_SQL, &page, self.batch_limit, String::clone, "look for due budgets").await?;
        Ok(rows.into_iter().map(|(partition, key, problem)| Due { partition, key, problem }).collect())
    }

    async fn act(&self, act: Act<'_, String>) -> Result<Vec<Verdict<String>>, TickError> {
        let failed = failed("reset budgets");
        let has_ledger = self.has_ledger().await?;
        let mut tx = Transaction::act(&self.pools.acts).await.map_err(&failed)?;
        let verdicts = reset(&mut tx, &act, has_ledger).await;
        tx.end(verdicts).await.map_err(&failed)
    }
}

/// Resets the budgets of `act` and says what was done to each. The first two tables have a statement each, because the parts
/// of one lock in no particular order; and the ledger is read once nobody can add to it any more.
async fn reset(
    connection: &mut PgConnection,
    act: &Act<'_, String>,
    has_ledger: bool,
) -> Result<Vec<Verdict<String>>, sqlx::Error> {
    let partition = act.partition;
    let lock = sqlx::query_as(if act.waits { WAIT_SQL } else { LOCK_SQL });
    let locked: Vec<(String, String, i64)> =
        lock.bind(partition).bind(act.keys).bind(act.now_ms).fetch_all(&mut *connection).await?;
    let Some(&(.., now_ms)) = locked.first() else {
        return Ok(Vec::new());
    };
    let budgets: Vec<&str> = locked.iter().map(|(key, ..)| key.as_str()).collect();
    if has_ledger {
        sqlx::query(CLEAR_LEDGER_SQL).bind(partition).bind(&budgets).execute(&mut *connection).await?;
    }
    sqlx::query(BEGIN_WINDOW_SQL).bind(partition).bind(&budgets).bind(now_ms).execute(connection).await?;
    Ok(locked.into_iter().map(|(key, word, _)| Verdict { key, word }).collect())
}
