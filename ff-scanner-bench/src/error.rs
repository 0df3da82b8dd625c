//! Why is there no result?

/// One sentence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error(transparent)]
    Server(#[from] ff_scanner_testkit::ServerError),
    #[error(transparent)]
    Migrate(#[from] ff_scanner_migrations::MigrateError),
    #[error("the database refuses: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("cannot read or write {0}: {1}")]
    File(String, std::io::Error),
    #[error("{0}")]
    Wrong(String),
}
