//! What must be known of a reconciler to try it?

use ff_scanner_core::{Global, PartitionSet, Partitioned, Reconciler, Scope, TickContext, async_trait};
use sqlx::PgPool;

use crate::Seed;

/// A reconciler with a seeder.
#[async_trait]
pub trait Subject: Send + Sync {
    /// What is tried.
    type Reconciler: Reconciler<Scope: Ground>;

    /// A new instance on `pool` which takes at most `batch_limit` rows a tick, in a partition or altogether.
    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> Self::Reconciler;

    /// Every table that a tick may write, and how to find a seeded row's rows in it.
    fn tables(&self) -> Vec<Table>;

    /// Writes `rows.count` rows that become due at `rows.due_at_ms`, independent of each other, and returns a key of
    /// each: what [`Table::key`] finds it by and what a reported failure names.
    async fn seed(&self, pool: &PgPool, rows: &Rows<'_>) -> Vec<String>;

    /// Creates what the engine's schema has not got. Called once a database.
    async fn prepare(&self, _pool: &PgPool) {}

    /// Whether [`prepare`](Self::prepare) changes the schema, so that no other test may share the database.
    fn needs_own_database(&self) -> bool {
        false
    }

    /// Whether rows become due because time passes. Otherwise a seeded row is due at once.
    fn is_time_driven(&self) -> bool {
        true
    }

    /// Whether rows belong to a tenant, and so are subject to the filter.
    fn has_tenants(&self) -> bool {
        true
    }

    /// Whether a tick waits, for a bounded time, for rows that others hold. Otherwise it must skip them at once.
    fn waits_for_locks(&self) -> bool {
        false
    }

    /// Whether there is nothing to seed yet; then all that is tried is that a tick does nothing.
    fn is_scaffold(&self) -> bool {
        false
    }
}

/// Rows to be seeded.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The partition that they live in.
    pub partition: i16,
    /// How many.
    pub count: u32,
    /// From when on they are due, milliseconds since the epoch.
    pub due_at_ms: i64,
    /// Whose they are.
    pub tenant: Tenant<'a>,
}

impl Rows<'_> {
    /// Writes them as executions like `seed`, which must be due at the time that it is inserted for.
    ///
    /// # Panics
    ///
    /// When the database refuses them.
    pub async fn insert(&self, pool: &PgPool, seed: Seed) -> Vec<String> {
        let seed = seed.with_namespace(self.tenant.namespace).with_instance_id(self.tenant.instance_id);
        let mut keys = Vec::new();
        for _ in 0..self.count {
            keys.push(seed.insert(pool, self.partition, self.due_at_ms).await.to_string());
        }
        keys
    }
}

/// Whose rows they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenant<'a> {
    /// The namespace of the execution.
    pub namespace: &'a str,
    /// Its tag `cairn.instance_id`.
    pub instance_id: &'a str,
}

/// A table that a tick may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The column that holds, as text, the key which the seeder returned.
    pub key: &'static str,
    /// Whether each seeded row has a row here which others lock.
    pub locked: bool,
    /// Whether each seeded row has a row here which a tick inserts, updates or deletes.
    pub written: bool,
}

impl Table {
    /// A table that is only compared. It need not have the column `key`.
    #[must_use]
    pub const fn new(name: &'static str, key: &'static str) -> Self {
        Self { name, key, locked: false, written: false }
    }

    /// A table of executions, keyed by `execution_id`.
    #[must_use]
    pub const fn of_executions(name: &'static str) -> Self {
        Self::new(name, "execution_id")
    }

    /// Each seeded row has a row here which others lock.
    #[must_use]
    pub const fn locked(mut self) -> Self {
        self.locked = true;
        self
    }

    /// Each seeded row has a row here which a tick inserts, updates or deletes.
    #[must_use]
    pub const fn written(mut self) -> Self {
        self.written = true;
        self
    }
}

/// A [`Scope`] that the suite can tick in.
pub trait Ground: Scope {
    /// Whether a tick keeps to one partition, so that others can be tried in the same database.
    const KEEPS_TO_PARTITION: bool;

    /// A context for a tick by hand that covers `partition`.
    fn context(partition: i16) -> TickContext<Self>;
}

impl Ground for Partitioned {
    const KEEPS_TO_PARTITION: bool = true;

    fn context(partition: i16) -> TickContext<Self> {
        TickContext::over(PartitionSet::from_iter([partition]))
    }
}

impl Ground for Global {
    const KEEPS_TO_PARTITION: bool = false;

    fn context(_: i16) -> TickContext<Self> {
        TickContext::global()
    }
}
