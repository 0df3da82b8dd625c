//! A reconciler over a table of its own, with a fault to order.

use std::time::Duration;

use ff_scanner_core::postgres::{Transaction, failed};
use ff_scanner_core::{
    Act, Due, ErrorKind, Global, LookThenAct, Page, Reconciler, Sweep, Tick, TickContext, TickError, Verdict,
    async_trait,
};
use ff_scanner_testkit::conformance::{Rows, Subject, Table};
use sqlx::{AssertSqlSafe, Connection, PgPool};
use uuid::Uuid;

/// What it does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Nothing,
    /// Believes its look: the act does not ask again whether a row is due.
    ForgetsToRecheck,
    /// Fills its batch first and drops foreign rows afterwards.
    FiltersAfterLimit,
    /// Believes that all rows are its own.
    IgnoresFilter,
    /// Locks without SKIP LOCKED.
    Waits,
    /// Finds what it has done.
    DoesItAgain,
    /// Commits the row, and its event later.
    CommitsTwice,
    /// Takes all that is due.
    IgnoresLimit,
    /// Lets the error of one row fail the whole tick.
    FailsAsAWhole,
    /// Takes rows before their time.
    IsEarly,
    /// Takes only what became due a moment ago.
    ForgetsTheOld,
    /// Nothing: it may wait, and waits for locked rows one by one.
    NothingButWaits,
    /// May wait, and does so for a whole batch.
    WaitsForAllAtOnce,
    /// May wait, and never does.
    SkipsAlways,
}

pub(crate) struct Chores {
    pool: PgPool,
    limit: u32,
    fault: Fault,
    sweep: Sweep<Uuid>,
}

#[async_trait]
impl Reconciler for Chores {
    type Scope = Global;

    fn name(&self) -> &'static str {
        "chores"
    }

    fn scope(&self) -> Global {
        Global
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn tick(&self, cx: TickContext<Global>) -> Result<Tick, TickError> {
        self.sweep.tick(self, &cx).await
    }
}

#[async_trait]
impl LookThenAct for Chores {
    type Scope = Global;
    type Key = Uuid;

    fn batch_limit(&self) -> u32 {
        self.limit
    }

    fn waits_for_held(&self) -> bool {
        self.fault == Fault::NothingButWaits
    }

    async fn look(&self, page: Page<'_, Global, Uuid>) -> Result<Vec<Due<Uuid>>, TickError> {
        let filter = page.cx.filter();
        let found: Vec<(Uuid, bool)> = sqlx::query_as(include_str!("look.sql"))
            .bind(page.cx.now_ms().filter(|_| self.fault != Fault::IsEarly))
            .bind(i64::from(if self.fault == Fault::IgnoresLimit { 1000 } else { self.limit }))
            .bind(filter.namespace.as_deref())
            .bind(filter.tag_value())
            .bind(page.avoid)
            .bind(matches!(self.fault, Fault::FiltersAfterLimit | Fault::IgnoresFilter))
            .bind(self.fault == Fault::DoesItAgain)
            .bind(self.fault == Fault::ForgetsTheOld)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("look for chores"))?;
        let kept = found.into_iter().filter(|(_, inside)| *inside || self.fault == Fault::IgnoresFilter);
        Ok(kept.map(|(key, _)| Due { partition: 0, key, problem: None }).collect())
    }

    async fn act(&self, act: Act<'_, Uuid>) -> Result<Vec<Verdict<Uuid>>, TickError> {
        let failed = failed("do chores");
        if act.waits || self.fault == Fault::WaitsForAllAtOnce {
            let mut tx = Transaction::act(&self.pool).await.map_err(&failed)?;
            let sql = include_str!("act.sql").replace("SKIP LOCKED", "");
            let done = sqlx::query_scalar(AssertSqlSafe(sql)).bind(act.keys).fetch_all(&mut *tx).await;
            return Ok(verdicts(tx.end(done).await.map_err(&failed)?));
        }
        let mut connection = self.pool.acquire().await.map_err(&failed)?;
        let mut sql = include_str!("act.sql").to_owned();
        match self.fault {
            Fault::ForgetsToRecheck | Fault::DoesItAgain => sql = sql.replace("AND done = 0", ""),
            Fault::Waits => sql = sql.replace("SKIP LOCKED", ""),
            Fault::CommitsTwice => sql = sql.replace("INSERT INTO chore_event (id) SELECT id FROM changed", "SELECT"),
            _ => {}
        }
        let done = sqlx::query_scalar(AssertSqlSafe(sql)).bind(act.keys).fetch_all(&mut *connection).await;
        if done.is_err() {
            // Locks are released after the error has been sent, and before this is answered.
            connection.ping().await.map_err(&failed)?;
        }
        let done: Vec<Uuid> = done.map_err(|error| {
            let mut error = failed(error);
            if self.fault == Fault::FailsAsAWhole {
                error.kind = ErrorKind::Transient;
            }
            error
        })?;
        if self.fault == Fault::CommitsTwice {
            let tell = "INSERT INTO chore_event (id) SELECT unnest($1::uuid[])";
            sqlx::query(tell).bind(&done).execute(&mut *connection).await.map_err(&failed)?;
        }
        Ok(verdicts(done))
    }
}

fn verdicts(done: Vec<Uuid>) -> Vec<Verdict<Uuid>> {
    done.into_iter().map(|key| Verdict { key, word: "done".to_owned() }).collect()
}

#[async_trait]
impl Subject for Fault {
    type Reconciler = Chores;

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> Chores {
        Chores { pool, limit: batch_limit, fault: *self, sweep: Sweep::default() }
    }

    fn tables(&self) -> Vec<Table> {
        vec![Table::new("chore", "id").locked().written(), Table::new("chore_event", "id").written()]
    }

    fn waits_for_locks(&self) -> bool {
        matches!(self, Self::NothingButWaits | Self::WaitsForAllAtOnce | Self::SkipsAlways)
    }

    async fn prepare(&self, pool: &PgPool) {
        sqlx::raw_sql(include_str!("tables.sql")).execute(pool).await.expect("tables can be created");
    }

    async fn seed(&self, pool: &PgPool, rows: &Rows<'_>) -> Vec<String> {
        sqlx::query_scalar(include_str!("seed.sql"))
            .bind(i64::from(rows.count))
            .bind(rows.due_at_ms)
            .bind(rows.tenant.namespace)
            .bind(rows.tenant.instance_id)
            .fetch_all(pool)
            .await
            .expect("chores can be seeded")
    }
}
