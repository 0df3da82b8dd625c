//! How is each reconciler doing?

use std::sync::Arc;

use tokio::time::Instant;

use super::Shared;
use super::attempt::Trouble;
use crate::{ErrorKind, Tick};

/// What one reconciler is doing and has done since the scheduler was built.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The reconciler's name.
    pub name: &'static str,
    /// What it is doing now.
    pub state: State,
    /// When its last cycle started; `None` before the first.
    pub last_start: Option<Instant>,
    /// When its last finished cycle ended; `None` before the first.
    pub last_end: Option<Instant>,
    /// How its last finished cycle ended; `None` before the first.
    pub last_outcome: Option<Outcome>,
    /// When the next cycle is due; `None` while one runs, when stopped, and when it lies beyond the clock.
    pub next_due: Option<Instant>,
    /// Cycles that have ended, however they did.
    pub cycles: u64,
    /// Ticks that have ended, however they did.
    pub ticks: u64,
    /// Rows moved.
    pub changed: u64,
    /// Rows that somebody else held or had settled.
    pub skipped: u64,
    /// Rows that were still due after an error, counted at every tick that met them.
    pub failed: u64,
    /// Ticks that failed as a whole, other than by contention or a panic.
    pub errors: u64,
    /// Ticks that panicked.
    pub panics: u64,
    /// Cycles that failed in a row, other than by contention; 0 after one that did not.
    pub consecutive_failures: u32,
}

/// What a reconciler is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Until its interval has passed or somebody wakes it.
    Waiting,
    /// In a cycle.
    Running,
    /// Until its backoff has passed; waking does not shorten it.
    BackingOff,
    /// It does not run: after a terminal error, or because the scheduler was stopped or dropped.
    Stopped,
}

/// How a cycle ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Without an error of a whole tick; single rows may have failed.
    Done,
    /// With an error; when there were several, the one that decides what happens next.
    Failed {
        /// Its kind.
        kind: ErrorKind,
        /// The error and its causes in one line.
        error: String,
    },
    /// With a panic of a tick.
    Panicked,
}

impl Status {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            state: State::Waiting,
            last_start: None,
            last_end: None,
            last_outcome: None,
            next_due: None,
            cycles: 0,
            ticks: 0,
            changed: 0,
            skipped: 0,
            failed: 0,
            errors: 0,
            panics: 0,
            consecutive_failures: 0,
        }
    }

    /// Counts a tick.
    pub(super) fn add(&mut self, ended: &Result<Tick, Trouble>) {
        self.ticks += 1;
        match ended {
            Ok(Tick { report, .. }) => {
                self.changed += report.changed;
                self.skipped += report.skipped;
                self.failed += report.failed();
            }
            Err(Trouble::Panic(_)) => self.panics += 1,
            Err(Trouble::Error(error)) => self.errors += u64::from(error.kind != ErrorKind::Contention),
        }
    }
}

/// Reads the status of every reconciler; cheap to clone, and keeps nothing running.
#[derive(Clone, Debug)]
pub struct Watcher(pub(super) Arc<Shared>);

impl Watcher {
    /// A snapshot of each reconciler, in the order of registration.
    #[must_use]
    pub fn status(&self) -> Vec<Status> {
        self.0.entries.iter().map(|entry| entry.status().clone()).collect()
    }
}
