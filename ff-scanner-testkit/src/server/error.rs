//! What can go wrong between "give me a Postgres" and having one.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why there is no server.
///
/// It is `Clone`, because all tests of a process share one attempt and so one answer.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No Postgres is installed and none could be fetched. The text says what was searched and the one command that fixes it.
    #[error("no Postgres found; searched:\n{searched}\nto fix it: {fix}")]
    NoPostgres {
        /// One indented line for each place: where, and why it did not do.
        searched: String,
        /// The command to type.
        fix: String,
    },
    /// `DATABASE_URL` is set and cannot be used. Nothing else is tried: a wrong database is worse than none.
    #[error("DATABASE_URL is set, but its database cannot be used (unset it to get a private Postgres): {source}")]
    Unreachable {
        /// What the connection attempt said; never contains the password.
        source: Arc<sqlx::Error>,
    },
    /// A program that we ran failed.
    #[error("{operation} failed: {detail}")]
    Failed {
        /// What was being done.
        operation: &'static str,
        /// The end of what the program printed.
        detail: String,
    },
    /// The file system refused.
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        /// What was being done.
        operation: &'static str,
        /// To which path.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// The postmaster of a server that other processes use, or that is not ours, is not for us to stop.
    #[error("only a private server can be stopped and started")]
    NotPrivate,
}

impl ServerError {
    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { operation, path, source: Arc::new(source) }
    }

    /// Keeps the end of `detail`: that is where programs say what went wrong.
    pub(super) fn failed(operation: &'static str, detail: &str) -> Self {
        let lines: Vec<&str> = detail.lines().filter(|line| !line.trim().is_empty()).collect();
        let tail = lines[lines.len().saturating_sub(6)..].join("\n");
        Self::Failed { operation, detail: tail }
    }
}

impl fmt::Debug for ServerError {
    /// The same text as `Display`: tests `unwrap`, and what they print has to be readable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
