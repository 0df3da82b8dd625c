//! Why a database was not migrated, and what to do about it.

use crate::{EngineVersion, HASH_CHILDREN, Step};

/// Why a database was not migrated. Files that were applied before the one that failed stay applied.
///
/// None of it contains a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// Asked for no children, or for more than anybody needs.
    #[error(
        "cannot make {given} hash children; ask for {} to {} (the engine has 256)",
        HASH_CHILDREN.start(),
        HASH_CHILDREN.end()
    )]
    ChildrenOutOfRange {
        /// What was asked for.
        given: u16,
    },
    /// There is no connection to migrate on.
    #[error("cannot connect to the database; check its address, and that it lets this role in")]
    Connect(#[source] sqlx::Error),
    /// The tables are there, and it was not us who made them.
    #[error(
        "this is a real deployment: it has {relation}, which the engine made; apply only the scanner set here, \
         and the engine's set to a database that is empty"
    )]
    RealDeployment {
        /// What gives it away, with its schema.
        relation: String,
    },
    /// A table keeps the number of children that it was made with.
    #[error("the tables here have {found} hash children each, not {wanted}; ask for {found}, or use another database")]
    OtherChildren {
        /// As counted.
        found: i64,
        /// As asked for.
        wanted: u16,
    },
    /// Nothing is ever taken away.
    #[error("the tables here are those of engine {found}, and there is no way back to {wanted}; use another database")]
    Newer {
        /// The oldest version that has all of what is there.
        found: EngineVersion,
        /// As asked for.
        wanted: EngineVersion,
    },
    /// The ledger was written by a newer build.
    #[error(
        "{ledger} lists migration {version}, which this build does not have; use the build that applied it, or a newer one"
    )]
    UnknownStep {
        /// The table.
        ledger: &'static str,
        /// The row.
        version: i64,
    },
    /// The ledger was written by a build whose file was another.
    #[error(
        "{ledger} says that migration {step} was another when it was applied; use the build that applied it, \
         or, when nothing in it is needed, another database"
    )]
    ChangedStep {
        /// The table.
        ledger: &'static str,
        /// The file as it is in this build.
        step: Step,
    },
    /// Somebody kept a lock for too long.
    #[error(
        "waited {} seconds for a lock that another session holds; find it in pg_locks, and run this again",
        crate::run::LOCK_TIMEOUT_S
    )]
    Locked(#[source] sqlx::Error),
    /// A file failed and was rolled back.
    #[error("migration {step} failed and was rolled back; resolve the cause and run this again")]
    Step {
        /// Which file.
        step: Step,
        /// What the server said.
        source: Box<sqlx::migrate::MigrateError>,
    },
    /// Something around the files failed.
    #[error("cannot {operation}; resolve the cause and run this again")]
    Statement {
        /// What was being done.
        operation: &'static str,
        /// What the server said.
        source: sqlx::Error,
    },
}

impl MigrateError {
    pub(crate) fn statement(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| {
            if is_lock_timeout(&source) {
                return Self::Locked(source);
            }
            Self::Statement { operation, source }
        }
    }

    pub(crate) fn step(step: &Step) -> impl FnOnce(sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};

        move |source| match source {
            Execute(cause) | ExecuteMigration(cause, _) if is_lock_timeout(&cause) => Self::Locked(cause),
            source => Self::Step { step: step.clone(), source: Box::new(source) },
        }
    }
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some("55P03")
}
