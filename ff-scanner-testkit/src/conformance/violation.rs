//! What did a reconciler do that it must not?

use std::fmt;

/// A promise of the [`Reconciler`](ff_scanner_core::Reconciler) contract that was broken, as a sentence.
///
/// Only a reconciler causes it. When the database or the subject's seeder fails, the suite panics.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Violation(String);

impl fmt::Debug for Violation {
    /// The same text as `Display`: tests `expect`, and what they print has to be readable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `Err` with what `sentence` says, unless `promise` holds.
pub(super) fn ensure(promise: bool, sentence: impl FnOnce() -> String) -> Result<(), Violation> {
    if promise { Ok(()) } else { Err(violated(sentence())) }
}

pub(super) fn violated(sentence: impl Into<String>) -> Violation {
    Violation(sentence.into())
}
