//! Where is a property tried?

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ff_scanner_core::{Reconciler, TickContext};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::time::{Instant, sleep};

use super::relay::Relay;
use super::run::Run;
use super::snapshot::Snapshot;
use super::violation::{Violation, ensure};
use super::{Ground, NOW_MS, Rows, Subject, Tenant};
use crate::Database;

pub(super) const TENANT: Tenant<'_> = Tenant { namespace: "tenant", instance_id: "blue" };

/// How long the server may take to notice that a connection was closed.
const QUIET_MAX: Duration = Duration::from_secs(5);

/// Connections of an instance.
const CONNECTIONS: u32 = 3;

pub(super) type ScopeOf<S> = <<S as Subject>::Reconciler as Reconciler>::Scope;

/// A partition, or a database, that only this property works in.
pub(super) struct Stage<'s, S> {
    pub(super) subject: &'s S,
    /// Of the suite, not of the reconcilers.
    pub(super) pool: PgPool,
    /// Of the instances.
    relay: Relay,
    partition: i16,
    _database: Arc<Database>,
}

impl<'s, S: Subject> Stage<'s, S> {
    pub(super) async fn new(subject: &'s S) -> Self {
        let own = subject.needs_own_database() || !ScopeOf::<S>::KEEPS_TO_PARTITION;
        if own {
            return Self::own(subject).await;
        }
        Self::on(subject, Database::shared().await.expect("there is a database")).await
    }

    /// In a database of its own, for a property that adds triggers.
    pub(super) async fn own(subject: &'s S) -> Self {
        Self::on(subject, Arc::new(Database::own().await.expect("there is a database"))).await
    }

    async fn on(subject: &'s S, database: Arc<Database>) -> Self {
        let pool = database.pool(3);
        subject.prepare(&pool).await;
        let relay = Relay::new(database.connect_options()).await.expect("a port can be listened on");
        Self { subject, pool, relay, partition: Database::next_partition(), _database: database }
    }

    /// Leaves behind what has been seeded so far.
    pub(super) async fn clear(&mut self) {
        if ScopeOf::<S>::KEEPS_TO_PARTITION {
            self.partition = Database::next_partition();
        } else {
            let tables: Vec<&str> = self.subject.tables().iter().map(|table| table.name).collect();
            let statement = format!("TRUNCATE {} CASCADE", tables.join(", "));
            sqlx::query(AssertSqlSafe(statement)).execute(&self.pool).await.expect("tables can be emptied");
        }
    }

    /// A new instance, on connections of its own, as another process would be.
    pub(super) async fn instance(&self, batch_limit: u32) -> Run<S> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("conformance {}/{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let options = self.relay.options.clone().application_name(&name);
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_lazy_with(options);
        // So that a step of the tick is a step of the tick, and not of making a connection.
        drop(
            tokio::try_join!(pool.acquire(), pool.acquire(), pool.acquire()).expect("the database can be connected to"),
        );
        Run { reconciler: self.subject.reconciler(pool.clone(), batch_limit), pool, name }
    }

    pub(super) fn context(&self) -> TickContext<ScopeOf<S>> {
        ScopeOf::<S>::context(self.partition).pinned(NOW_MS)
    }

    pub(super) async fn seed(&self, count: u32) -> Vec<String> {
        self.seed_for(TENANT, count, NOW_MS).await
    }

    pub(super) async fn seed_for(&self, tenant: Tenant<'_>, count: u32, due_at_ms: i64) -> Vec<String> {
        let rows = Rows { partition: self.partition, count, due_at_ms, tenant };
        let keys = self.subject.seed(&self.pool, &rows).await;
        assert_eq!(keys.len(), count as usize, "the seeder returns a key for each row it was asked for");
        keys
    }

    pub(super) async fn snapshot(&self) -> Snapshot {
        let partition = ScopeOf::<S>::KEEPS_TO_PARTITION.then_some(self.partition);
        Snapshot::take(&self.pool, &self.subject.tables(), partition).await
    }

    /// What `count` rows look like before and after an undisturbed cycle. Clears the stage before and after.
    pub(super) async fn reference(&mut self, count: u32) -> Result<(Snapshot, Snapshot), Violation> {
        self.clear().await;
        self.seed(count).await;
        let before = self.snapshot().await;
        let done = self.instance(100).await.cycle(&self.context()).await?;
        let changed = done.report.changed;
        ensure(changed == u64::from(count), || format!("of {count} due rows, an undisturbed cycle changes {changed}"))?;
        let after = self.snapshot().await;
        self.clear().await;
        Ok((before, after))
    }

    /// Waits until the server is done with what `run` has sent; `Err` when a session stays in a transaction.
    pub(super) async fn quiet(&self, run: &Run<S>) -> Result<(), Violation> {
        // All at once, so that those which the dropped tick had are among them. Each answers only when it has come to
        // the end of what was sent before; one that was closed instead is over when the server has noticed.
        let pool = &run.pool;
        let all = tokio::try_join!(pool.acquire(), pool.acquire(), pool.acquire()).expect("connections come back");
        let start = Instant::now();
        loop {
            let statement = "SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity \
                             WHERE application_name = $1";
            let query = sqlx::query_as(statement).bind(&run.name).fetch_one(&self.pool);
            let (sessions, busy): (i64, i64) = query.await.expect("activity can be read");
            // A session more is that of a connection which was closed, and may yet read what was sent before.
            if busy == 0 && sessions <= i64::from(CONNECTIONS) {
                drop(all);
                return Ok(());
            }
            let sentence = "a transaction is left open, and the next user of its connection inherits it";
            ensure(start.elapsed() < QUIET_MAX, || sentence.to_owned())?;
            sleep(Duration::from_millis(2)).await;
        }
    }
}
