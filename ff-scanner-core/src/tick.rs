//! What did a tick do, and is more waiting?

use std::collections::BTreeMap;

/// The result of one tick.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// What was done.
    pub report: TickReport,
    /// Whether more is waiting.
    pub backlog: Backlog,
}

/// Whether due rows are left that another tick could move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backlog {
    /// Nothing is left that this process could move now.
    #[default]
    Drained,
    /// The batch was full: tick again.
    Remaining,
}

/// Counts of one tick. `examined` is their sum by construction, so the report cannot contradict itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TickReport {
    /// Rows that this tick moved.
    pub changed: u64,
    /// Rows that somebody else holds or has settled since the look.
    pub skipped: u64,
    /// Rows that are still due after an error, each with its key and the error.
    pub failures: Vec<Failure>,
    /// How many rows came out how, in the reconciler's own words; for spans, not for decisions.
    pub verdicts: BTreeMap<String, u64>,
}

/// One row that is still due after an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The row's key, as a person would look it up.
    pub key: String,
    /// Why it failed.
    pub error: String,
}

impl TickReport {
    /// How many rows failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.len() as u64
    }

    /// How many rows were looked at: changed, skipped and failed.
    #[must_use]
    pub fn examined(&self) -> u64 {
        self.changed + self.skipped + self.failed()
    }

    /// Adds the counts of `other` to these.
    pub fn merge(&mut self, other: Self) {
        self.changed += other.changed;
        self.skipped += other.skipped;
        self.failures.extend(other.failures);
        for (verdict, count) in other.verdicts {
            *self.verdicts.entry(verdict).or_default() += count;
        }
    }

    /// The tick that did this and left `backlog`.
    #[must_use]
    pub fn into_tick(self, backlog: Backlog) -> Tick {
        Tick { report: self, backlog }
    }
}
