//! What went wrong with a tick, and what is to be done about it?

use std::error::Error;
use std::fmt;

/// Why a tick failed as a whole.
///
/// Displays as the operation and the kind, lower case, without the source: sources are chained, not printed twice.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation}: {kind} error")]
#[non_exhaustive]
pub struct TickError {
    /// Decides what the scheduler does next.
    pub kind: ErrorKind,
    /// What was being done, as a verb phrase: "release lapsed leases".
    pub operation: &'static str,
    /// What the cause said.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl TickError {
    /// An error of `kind` while doing `operation`.
    pub fn new(kind: ErrorKind, operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, operation, source: source.into() }
    }

    /// The error and its causes in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            line.push_str(": ");
            line.push_str(&error.to_string());
            cause = error.source();
        }
        line
    }
}

/// What kind of failure it is; each kind has one treatment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Lost against another transaction: retried at once, and no error in the statistics.
    Contention,
    /// The database is away or overloaded: backed off from.
    Transient,
    /// The data would not do: `sweep` narrows it down to the rows concerned.
    Data,
    /// It cannot succeed until somebody mends it, such as a missing table: that reconciler stops.
    Terminal,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Contention => "contention",
            Self::Transient => "transient",
            Self::Data => "data",
            Self::Terminal => "terminal",
        })
    }
}
