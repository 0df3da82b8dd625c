#![doc = include_str!("../README.md")]

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use ff_scanner_core::postgres::{Pools, Transaction, clear_waits, failed, for_engine_0_11, has_column, look};
use ff_scanner_core::{
    Act, Due, LookThenAct, Page, PartitionSpace, Partitioned, Reconciler, Sweep, Tick, TickContext, TickError, Verdict,
    async_trait,
};
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::QueryAs;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The look, as it is run.
pub const LOOK_SQL: &str = include_str!("../sql/look.sql");
/// The act on a schema of engine 0.12 or later.
pub const RELEASE_SQL: &str = include_str!("../sql/release.sql");
/// What is done about the leases of executions that are gone.
pub const CLEAN_SQL: &str = include_str!("../sql/clean.sql");

const INTERVAL_DEFAULT: Duration = Duration::from_millis(1500);
const BATCH_LIMIT_DEFAULT: u32 = 1000;
/// What the act says of an execution that it has left alone, because what it may wait for is to go first.
const ENDS: &str = "ends";

/// What happens to an execution whose lease has lapsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnLapse {
    /// It is put back, claimable by every claim path.
    #[default]
    Requeue,
    /// It stays active with ownership `lease_expired_reclaimable`, for deployments that hand out reclaim grants.
    MarkReclaimable,
}

/// Releases lapsed leases. See the crate's documentation.
#[derive(Debug)]
pub struct LeaseExpiry {
    pools: Pools,
    interval: Duration,
    batch_limit: u32,
    on_lapse: OnLapse,
    /// Set with the first act: whether the schema is of engine 0.12 or later.
    counts_in_column: OnceCell<bool>,
    sweep: Sweep<Lease>,
}

impl LeaseExpiry {
    /// Its name in spans, statuses and on the command line.
    pub const NAME: &str = "lease_expiry";

    /// Works on the database of `pools`, with the defaults of the crate's documentation.
    #[must_use]
    pub fn new(pools: impl Into<Pools>) -> Self {
        Self {
            pools: pools.into(),
            interval: INTERVAL_DEFAULT,
            batch_limit: BATCH_LIMIT_DEFAULT,
            on_lapse: OnLapse::default(),
            counts_in_column: OnceCell::new(),
            sweep: Sweep::default(),
        }
    }

    /// Sets the time from the end of one cycle to the start of the next (default 1.5 s).
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

    /// Sets what happens to an execution whose lease has lapsed (default [`OnLapse::Requeue`]).
    #[must_use]
    pub fn with_on_lapse(mut self, on_lapse: OnLapse) -> Self {
        self.on_lapse = on_lapse;
        self
    }
}

impl LeaseExpiry {
    /// Few executions end, and fewer are gone: what they need is in statements of their own, so that it costs the others
    /// nothing.
    async fn release_all(
        &self,
        tx: &mut Transaction,
        act: &Act<'_, Lease>,
        sql: &str,
    ) -> Result<Vec<Verdict<Lease>>, sqlx::Error> {
        let mut verdicts = self.release(tx, act, act.keys, sql, false).await?;
        let answered: HashSet<Lease> = verdicts.iter().map(|verdict| verdict.key).collect();
        let ending: Vec<Lease> = verdicts.extract_if(.., |verdict| verdict.word == ENDS).map(|one| one.key).collect();
        if !ending.is_empty() {
            let execution_ids: Vec<Uuid> = ending.iter().map(|lease| lease.execution_id).collect();
            let cleared = clear_waits(tx, act.partition, &execution_ids).await?;
            let cleared: Vec<Lease> =
                ending.into_iter().filter(|lease| cleared.contains(&lease.execution_id)).collect();
            verdicts.extend(self.release(tx, act, &cleared, sql, true).await?);
        }
        let unanswered: Vec<Lease> = act.keys.iter().copied().filter(|lease| !answered.contains(lease)).collect();
        if !unanswered.is_empty() {
            Transaction::plan_for_partition(tx).await?;
            verdicts.extend(returned(with_leases(CLEAN_SQL, act, &unanswered), tx).await?);
        }
        Ok(verdicts)
    }

    async fn release(
        &self,
        tx: &mut Transaction,
        act: &Act<'_, Lease>,
        leases: &[Lease],
        sql: &str,
        cleared: bool,
    ) -> Result<Vec<Verdict<Lease>>, sqlx::Error> {
        let query = with_leases(sql, act, leases).bind(self.on_lapse == OnLapse::MarkReclaimable).bind(cleared);
        returned(query, tx).await
    }
}

/// A row that a statement returns.
type Returned = (Uuid, i32, String);
type Query = QueryAs<'static, Postgres, Returned, PgArguments>;

/// `sql` with the parameters that both statements begin with.
fn with_leases(sql: &str, act: &Act<'_, Lease>, leases: &[Lease]) -> Query {
    let execution_ids: Vec<Uuid> = leases.iter().map(|lease| lease.execution_id).collect();
    let attempt_indexes: Vec<i32> = leases.iter().map(|lease| lease.attempt_index).collect();
    let query = sqlx::query_as(AssertSqlSafe(sql.to_owned()));
    query.bind(act.partition).bind(execution_ids).bind(attempt_indexes).bind(act.now_ms)
}

async fn returned(query: Query, tx: &mut Transaction) -> Result<Vec<Verdict<Lease>>, sqlx::Error> {
    let rows = query.fetch_all(&mut **tx).await?;
    let verdict = |(execution_id, attempt_index, word)| Verdict { key: Lease { execution_id, attempt_index }, word };
    Ok(rows.into_iter().map(verdict).collect())
}

#[async_trait]
impl Reconciler for LeaseExpiry {
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
impl LookThenAct for LeaseExpiry {
    type Scope = Partitioned;
    type Key = Lease;

    fn batch_limit(&self) -> u32 {
        self.batch_limit
    }

    async fn look(&self, page: Page<'_, Partitioned, Lease>) -> Result<Vec<Due<Lease>>, TickError> {
        let rows: Vec<(i16, Uuid, i32)> = look(
            &self.pools.looks,
            LOOK_SQL,
            &page,
            self.batch_limit,
            |lease| lease.execution_id,
            "look for lapsed leases",
        )
        .await?;
        let due = |(partition, execution_id, attempt_index)| Due {
            partition,
            key: Lease { execution_id, attempt_index },
            problem: None,
        };
        Ok(rows.into_iter().map(due).collect())
    }

    async fn act(&self, act: Act<'_, Lease>) -> Result<Vec<Verdict<Lease>>, TickError> {
        let failed = failed("release lapsed leases");
        let counts_in_column = || has_column(&self.pools.acts, "ff_exec_core", "lease_reclaim_count");
        let sql = if *self.counts_in_column.get_or_try_init(counts_in_column).await? {
            RELEASE_SQL.to_owned()
        } else {
            for_engine_0_11(RELEASE_SQL)
        };
        let mut tx = Transaction::act(&self.pools.acts).await.map_err(&failed)?;
        let verdicts = self.release_all(&mut tx, &act, &sql).await;
        tx.end(verdicts).await.map_err(&failed)
    }
}

/// The lease of one attempt. Displays as `execution/attempt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The execution.
    pub execution_id: Uuid,
    /// Which of its attempts.
    pub attempt_index: i32,
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.execution_id, self.attempt_index)
    }
}
