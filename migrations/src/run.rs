//! One connection, and a transaction a file.

use sqlx::migrate::AppliedMigration;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::set::{ENGINE, SCANNER, Set, Step};
use crate::{EngineVersion, HASH_CHILDREN, MigrateError, guard};

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// What this call applied, in order. Another process may have applied the rest meanwhile.
    pub applied: Vec<Step>,
    /// How many of the set are there now.
    pub total: usize,
}

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// What is there already, by number.
    pub present: Vec<i64>,
    /// What would be applied, in order.
    pub pending: Vec<Step>,
}

/// Which set, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request {
    Scanner,
    Engine { version: EngineVersion, hash_children: u16 },
}

/// Longer than a file takes with 256 children on a slow disk, several times over: one file is what others wait for.
pub(crate) const LOCK_TIMEOUT_S: u32 = 30;

/// Explicit, because a role or a database may have other defaults: a snapshot from before the wait for the lock would
/// show a ledger of the past.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// Of the transaction rather than of the session, so that all of it ends with the file and a pooler is no obstacle.
/// Comes with a warning level because creating what exists is announced with a notice each time.
const PREPARE: &str = "\
    SELECT set_config('lock_timeout', $1 || 's', true), \
           set_config('statement_timeout', '0', true), \
           set_config('client_min_messages', 'warning', true), \
           set_config('ff_scanner.hash_children', $2, true)";

/// Any constant, as long as nobody else takes it.
const LOCK: i64 = i64::from_be_bytes(*b"ff_migr8");

impl Request {
    pub(crate) fn engine(version: EngineVersion, hash_children: u16) -> Result<Self, MigrateError> {
        if !HASH_CHILDREN.contains(&hash_children) {
            return Err(MigrateError::ChildrenOutOfRange { given: hash_children });
        }
        Ok(Self::Engine { version, hash_children })
    }

    fn set(self) -> &'static Set {
        match self {
            Self::Scanner => &SCANNER,
            Self::Engine { .. } => &ENGINE,
        }
    }

    /// What the ledger lists and what it lacks, once everything that forbids going on is ruled out.
    async fn look(self, connection: &mut PgConnection) -> Result<(Vec<AppliedMigration>, Vec<Step>), MigrateError> {
        let ledger = guard::read_ledger(connection, self.set()).await?;
        let mut last = i64::MAX;
        // What the ledger lists comes first: of files that we do not know, we cannot tell the version.
        self.set().pending(ledger.as_deref().unwrap_or_default(), last)?;
        if let Self::Engine { version, hash_children } = self {
            last = version.last_file();
            guard::check_engine(connection, ledger.as_deref(), version, hash_children).await?;
        }
        let present = ledger.unwrap_or_default();
        let pending = self.set().pending(&present, last)?;
        Ok((present, pending))
    }
}

pub(crate) async fn apply(options: &PgConnectOptions, request: Request) -> Result<Applied, MigrateError> {
    let mut connection = connect(options).await?;
    let mut applied = Vec::new();
    let result = loop {
        match apply_next(&mut connection, request).await {
            Ok(Next::Applied(step)) => applied.push(step),
            Ok(Next::Nothing { total }) => break Ok(Applied { applied, total }),
            Err(error) => break Err(error),
        }
    };
    close(connection).await;
    result
}

pub(crate) async fn plan(options: &PgConnectOptions, request: Request) -> Result<Plan, MigrateError> {
    let mut connection = connect(options).await?;
    let result = look_only(&mut connection, request).await;
    close(connection).await;
    result
}

enum Next {
    Applied(Step),
    Nothing { total: usize },
}

/// Applies the first file that is missing, unless there is none. The ledger is read under the lock each time, so it
/// does not matter who applied the file before.
async fn apply_next(connection: &mut PgConnection, request: Request) -> Result<Next, MigrateError> {
    let begin = connection.begin_with(BEGIN).await;
    let mut transaction = begin.map_err(MigrateError::statement("begin a transaction"))?;
    prepare(&mut transaction, request).await?;
    let (present, pending) = request.look(&mut transaction).await?;
    let Some(step) = pending.into_iter().next() else {
        return Ok(Next::Nothing { total: present.len() });
    };
    create_schema(&mut transaction).await?;
    let migrator = request.set().migrator();
    migrator.run_to(step.version, &mut *transaction).await.map_err(MigrateError::step(&step))?;
    let commit = transaction.commit().await;
    commit.map_err(MigrateError::statement("commit a migration"))?;
    Ok(Next::Applied(step))
}

/// The server itself makes sure that nothing is written.
async fn look_only(connection: &mut PgConnection, request: Request) -> Result<Plan, MigrateError> {
    let begin = connection.begin_with("BEGIN READ ONLY").await;
    let mut transaction = begin.map_err(MigrateError::statement("begin a transaction"))?;
    let (present, pending) = request.look(&mut transaction).await?;
    Ok(Plan { present: present.iter().map(|entry| entry.version).collect(), pending })
}

async fn prepare(connection: &mut PgConnection, request: Request) -> Result<(), MigrateError> {
    let hash_children = match request {
        Request::Scanner => String::new(),
        Request::Engine { hash_children, .. } => hash_children.to_string(),
    };
    sqlx::query(PREPARE)
        .bind(LOCK_TIMEOUT_S.to_string())
        .bind(hash_children)
        .execute(&mut *connection)
        .await
        .map_err(MigrateError::statement("prepare a transaction"))?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(connection)
        .await
        .map_err(MigrateError::statement("wait for other migrations"))?;
    Ok(())
}

/// Only when it is missing: `IF NOT EXISTS` asks for the right to create schemas even when there is nothing to create.
async fn create_schema(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let failed = MigrateError::statement("create schema ff_scanner");
    let look = sqlx::query_scalar("SELECT to_regnamespace('ff_scanner') IS NOT NULL");
    match look.fetch_one(&mut *connection).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            let create = sqlx::query("CREATE SCHEMA ff_scanner").execute(connection);
            create.await.map(drop).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, MigrateError> {
    // A file with 256 children is slow, as it should be; nobody needs its text as a warning.
    let options = options.clone().disable_statement_logging();
    options.connect().await.map_err(MigrateError::Connect)
}

/// Everything is committed or rolled back by then, so a farewell that fails changes nothing.
async fn close(mut connection: PgConnection) {
    // Dropping a transaction only queues its rollback; without an answer to wait for, the server's log would complain.
    connection.ping().await.ok();
    connection.close().await.ok();
}
