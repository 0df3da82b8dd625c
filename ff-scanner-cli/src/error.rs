//! How can a command fail, and with which exit code?

use ff_scanner::core::{ErrorKind, TickError};
use ff_scanner_migrations::MigrateError;

/// One sentence a person can act on. The codes are a contract with scripts; clap has 2, and 3 is reserved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("no database given: set DATABASE_URL or pass --database-url")]
    NoDatabase,
    #[error("cannot read the database URL ({0}); write it as postgres://user:password@host:port/name")]
    BadUrl(String),
    #[error("cannot reach the database: {0}; check that the server runs, its address, and that it lets this role in")]
    Unreachable(String),
    #[error(
        "this database lacks {0}; point it at a FlowFabric database, or, for development, run \
         `ff-scanner migrate --engine-schema`"
    )]
    Schema(String),
    #[error("{0}")]
    Terminal(String),
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::NoDatabase | Self::BadUrl(_) | Self::Unreachable(_) => 4,
            Self::Schema(_) | Self::Terminal(_) => 5,
        }
    }

    /// What a statement of a command's own said.
    pub(crate) fn sql(operation: &'static str) -> impl Fn(sqlx::Error) -> Self {
        move |error| Self::Failed(format!("cannot {operation}: {error}"))
    }
}

impl From<TickError> for CliError {
    fn from(error: TickError) -> Self {
        match error.kind {
            ErrorKind::Transient => Self::Unreachable(error.chain()),
            ErrorKind::Terminal => Self::Terminal(error.chain()),
            _ => Self::Failed(error.chain()),
        }
    }
}

impl From<MigrateError> for CliError {
    fn from(error: MigrateError) -> Self {
        let text = chain(&error);
        match error {
            MigrateError::Connect(_) => Self::Unreachable(text),
            MigrateError::RealDeployment { .. }
            | MigrateError::OtherChildren { .. }
            | MigrateError::Newer { .. }
            | MigrateError::UnknownStep { .. }
            | MigrateError::ChangedStep { .. } => Self::Terminal(text),
            _ => Self::Failed(text),
        }
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some errors print their source themselves.
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}
