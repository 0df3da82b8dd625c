//! What must hold before a file is applied.

use sqlx::PgConnection;
use sqlx::migrate::{AppliedMigration, Migrate};

use crate::set::Set;
use crate::{EngineVersion, MigrateError};

/// In whichever schema: a deployment may keep the engine's tables in one of their own.
const FIND_DEPLOYMENT: &str = "\
    SELECT oid::regclass::text FROM pg_class \
    WHERE relname IN ('ff_exec_core', '_sqlx_migrations') AND relkind IN ('r', 'p') \
    ORDER BY relname DESC LIMIT 1";

/// The executions stand for all tables: they come first, and one setting makes them all.
const COUNT_CHILDREN: &str = "\
    SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('ff_exec_core') \
    HAVING to_regclass('ff_exec_core') IS NOT NULL";

/// What the ledger lists, or `None` when there is no ledger.
pub(crate) async fn read_ledger(
    connection: &mut PgConnection,
    set: &Set,
) -> Result<Option<Vec<AppliedMigration>>, MigrateError> {
    let exists: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(set.ledger)
        .fetch_one(&mut *connection)
        .await
        .map_err(MigrateError::statement("look for the ledger"))?;
    if !exists {
        return Ok(None);
    }
    let applied = connection.list_applied_migrations(set.ledger).await;
    applied.map(Some).map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(source) => MigrateError::statement("read the ledger")(source),
        other => MigrateError::statement("read the ledger")(sqlx::Error::Migrate(Box::new(other))),
    })
}

/// Whether the engine's set may go on here.
pub(crate) async fn check_engine(
    connection: &mut PgConnection,
    ledger: Option<&[AppliedMigration]>,
    wanted: EngineVersion,
    hash_children: u16,
) -> Result<(), MigrateError> {
    let Some(applied) = ledger else {
        return refuse_deployment(connection).await;
    };
    let last = applied.iter().map(|entry| entry.version).max();
    let found = last.map(EngineVersion::of_file);
    if let Some(found) = found.filter(|found| *found > wanted) {
        return Err(MigrateError::Newer { found, wanted });
    }
    let found: Option<i64> = sqlx::query_scalar(COUNT_CHILDREN)
        .fetch_optional(connection)
        .await
        .map_err(MigrateError::statement("count hash children"))?;
    match found {
        Some(found) if found != i64::from(hash_children) => {
            Err(MigrateError::OtherChildren { found, wanted: hash_children })
        }
        _ => Ok(()),
    }
}

async fn refuse_deployment(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let relation: Option<String> = sqlx::query_scalar(FIND_DEPLOYMENT)
        .fetch_optional(connection)
        .await
        .map_err(MigrateError::statement("look for the engine's tables"))?;
    match relation {
        Some(relation) => Err(MigrateError::RealDeployment { relation }),
        None => Ok(()),
    }
}
