//! Databases with the whole schema in a fraction of a second: one template a server, clones of it for the tests.
//!
//! A test that covers partitions takes the clone of its test binary, [`Database::shared`], and a partition of its own,
//! [`Database::next_partition`]. A test that covers everything takes a clone of its own, [`Database::own`].

mod shared;
mod sql;
mod template;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use ff_scanner_migrations::{EngineVersion, MigrateError, apply_engine, apply_scanner, fingerprint};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};
use tokio::sync::OnceCell;

use crate::{Server, ServerError, blocking};
pub use template::Template;

/// Into how many hash children the tests' schema divides each of the engine's partitioned tables. The engine's 256
/// take twenty times as long to create and mean the same.
pub const HASH_CHILDREN: u16 = 4;

/// A server that does not answer within this will not drop a database for us either.
const DROP_MAX: Duration = Duration::from_secs(10);

/// Why there is no database.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// There is no server to have it on.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The template's schema could not be applied.
    #[error("cannot migrate the template: {0}")]
    Migrate(#[from] MigrateError),
    /// The template could not be filled by the caller of [`Database::template_with`].
    #[error("cannot fill the template: {0}")]
    Fill(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server refused.
    #[error("cannot {operation}: {source}")]
    Sql {
        /// What was being done.
        operation: &'static str,
        /// What the server said.
        source: sqlx::Error,
    },
}

/// A database of its own on a [`Server`], dropped with this value.
pub struct Database {
    server: Server,
    name: String,
}

impl Database {
    /// The database of this test binary, on [`Server::shared`], with the latest engine's schema in [`HASH_CHILDREN`].
    ///
    /// Hold it for as long as the test runs. It holds no connection: each test makes a [`pool`](Self::pool) on its own
    /// runtime. Cancel safe: at worst, a database is left behind that a later run removes.
    pub async fn shared() -> Result<Arc<Self>, DatabaseError> {
        static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
        let find = async || Self::template(&Server::shared()?, EngineVersion::default(), HASH_CHILDREN).await;
        shared::get(TEMPLATE.get_or_try_init(find).await?).await
    }

    /// The clone of `template` that the tests of this binary share, otherwise as [`shared`](Self::shared).
    pub async fn shared_clone_of(template: &Template) -> Result<Arc<Self>, DatabaseError> {
        shared::get(template).await
    }

    /// A database for one test alone, otherwise as [`shared`](Self::shared).
    pub async fn own() -> Result<Self, DatabaseError> {
        Self::of_engine(EngineVersion::default()).await
    }

    /// A database for one test alone with the schema of that engine, otherwise as [`shared`](Self::shared).
    pub async fn of_engine(version: EngineVersion) -> Result<Self, DatabaseError> {
        Self::clone_of(&Self::template(&Server::shared()?, version, HASH_CHILDREN).await?).await
    }

    /// A partition that no other test of this process has. Counts from 0.
    ///
    /// # Panics
    ///
    /// After 32768 partitions there are no more.
    pub fn next_partition() -> i16 {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        i16::try_from(next).expect("a test binary has fewer tests than a smallint has numbers")
    }

    /// The template for that engine on that server, with both migration sets applied; built by the first who asks,
    /// in any process, while the others wait. Takes a second for [`HASH_CHILDREN`] and some twenty for 256.
    pub async fn template(
        server: &Server,
        version: EngineVersion,
        hash_children: u16,
    ) -> Result<Template, DatabaseError> {
        let version_name = format!("{version:?}");
        let parts: [&[u8]; 3] = [&fingerprint().to_be_bytes(), version_name.as_bytes(), &hash_children.to_be_bytes()];
        let migrate = async |database: &Self| {
            apply_engine(&database.connect_options(), version, hash_children).await?;
            apply_scanner(&database.connect_options()).await?;
            Ok(())
        };
        template::get(server, crate::fnv1a(&parts), migrate).await
    }

    /// A template of your own, which `fill` migrates and seeds; otherwise as [`template`](Self::template).
    ///
    /// `key` has to name all that `fill` does: it is called only where no template of that key is there yet.
    pub async fn template_with<F>(server: &Server, key: &str, fill: F) -> Result<Template, DatabaseError>
    where
        F: AsyncFnOnce(&Self) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
    {
        let fill = async |database: &Self| fill(database).await.map_err(DatabaseError::Fill);
        template::get(server, crate::fnv1a(&[key.as_bytes()]), fill).await
    }

    /// A new copy of `template`, on its server.
    ///
    /// Cancel safe: at worst, a database is left behind that a later run removes.
    pub async fn clone_of(template: &Template) -> Result<Self, DatabaseError> {
        let database = Self::named(template.server());
        sql::create(template.server(), &database.name, Some(template.name())).await?;
        Ok(database)
    }

    /// A new database without any table, to test migrations on.
    pub async fn empty(server: &Server) -> Result<Self, DatabaseError> {
        let database = Self::named(server);
        sql::create(server, &database.name, None).await?;
        Ok(database)
    }

    /// What [`create`](sql::create) is about to create: were it to fail or be dropped halfway, the value cleans up.
    fn named(server: &Server) -> Self {
        // The name holds the time of its making, which tells later runs when nobody can be using it any more.
        Self { server: server.clone(), name: format!("{}{}", sql::PREFIX, uuid::Uuid::now_v7().simple()) }
    }

    /// What it is called on its server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How to connect to it.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        self.server.connect_options().database(&self.name)
    }

    /// The same as a URL, for a program that takes one. With `DATABASE_URL`, it holds that one's password.
    #[must_use]
    pub fn url(&self) -> String {
        self.connect_options().to_url_lossy().into()
    }

    /// A pool of at most `max_connections`, which connects when it is first used.
    ///
    /// It belongs to the runtime of the caller, so a test makes its own and shares it with no other.
    #[must_use]
    pub fn pool(&self, max_connections: u32) -> PgPool {
        PgPoolOptions::new().max_connections(max_connections).connect_lazy_with(self.connect_options())
    }
}

impl Drop for Database {
    /// Drops the database and ends whatever sessions it still has. Blocks for some tens of milliseconds.
    fn drop(&mut self) {
        let work = sql::drop_database(self.server.connect_options(), self.name.clone());
        // Best effort: the server may be stopped, and then a later run removes what is left.
        drop(blocking::run(async move { tokio::time::timeout(DROP_MAX, work).await }));
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("name", &self.name).field("server", &self.server).finish()
    }
}

impl fmt::Debug for DatabaseError {
    /// The same text as `Display`: tests `unwrap`, and what they print has to be readable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
