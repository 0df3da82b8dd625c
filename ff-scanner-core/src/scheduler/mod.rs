//! What may a user ask of the scheduler?

mod attempt;
mod builder;
mod cycle;
mod erased;
mod handle;
mod observe;
mod outage;
mod pace;
mod settings;
mod status;
mod supervise;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use self::builder::SchedulerBuilder;
pub use self::cycle::CycleReport;
pub use self::handle::{Exit, SchedulerHandle, Waker};
pub use self::pace::Backoff;
pub use self::settings::BuildError;
pub use self::status::{Outcome, State, Status, Watcher};

use self::attempt::Trouble;
use self::cycle::Cycle;
use self::erased::AnyReconciler;
use self::outage::Outage;
use self::settings::Settings;
use crate::{TickError, TickReason};

/// A checked set of reconcilers, ready to run: all of them with [`Self::spawn`], or one cycle by hand with
/// [`Self::cycle`].
///
/// Each reconciler has a task of its own. It waits for the interval, visits everything in scope, ticks again what
/// has more, and waits again; errors and panics are backed off from by their kind and touch no other reconciler.
#[derive(Debug)]
pub struct Scheduler {
    shared: Arc<Shared>,
}

impl Scheduler {
    /// Starts choosing what to run.
    pub fn builder() -> SchedulerBuilder {
        SchedulerBuilder::default()
    }

    /// The names of the reconcilers, in the order of registration.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.shared.names()
    }

    /// Wakes reconcilers; to hand to whoever listens for changes, before [`Self::spawn`].
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.shared))
    }

    /// Starts every reconciler. Their tasks exist when this returns; their first cycles are staggered over at most
    /// a second.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime, or in one without a timer.
    pub fn spawn(self) -> SchedulerHandle {
        tracing::info!(reconcilers = ?self.names(), "running");
        SchedulerHandle::spawn(self.shared)
    }

    /// Runs one cycle of one reconciler on the caller's task; `None` when none has this name.
    ///
    /// The cycle drains and is bounded as it would be under [`Self::spawn`], but nothing is backed off from. Dropping
    /// the future drops the tick, which a reconciler must survive.
    ///
    /// # Errors
    ///
    /// The error that would have decided what happens next. A panic is an error of kind
    /// [`Data`](crate::ErrorKind::Data) that says so. What other targets did is in the status and the logs only.
    pub async fn cycle(&self, name: &str) -> Option<Result<CycleReport, TickError>> {
        let entry = self.shared.entry(name)?;
        let stop = CancellationToken::new();
        let mut cycle = Cycle::new(&self.shared, entry, &stop);
        cycle.run(TickReason::Manual, 0).await;
        Some(cycle.trouble.map_or(Ok(cycle.report), |trouble| Err(Trouble::into_error(trouble))))
    }
}

/// What the tasks, the handle, wakers and watchers have in common.
struct Shared {
    settings: Settings,
    entries: Vec<Entry>,
    outage: Outage,
}

/// One reconciler.
struct Entry {
    name: &'static str,
    interval: Duration,
    reconciler: Box<dyn AnyReconciler>,
    wake: Notify,
    status: Mutex<Status>,
}

impl Shared {
    fn names(&self) -> Vec<&'static str> {
        self.entries.iter().map(|entry| entry.name).collect()
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

impl Entry {
    fn new(name: &'static str, interval: Duration, reconciler: Box<dyn AnyReconciler>) -> Self {
        Self { name, interval, reconciler, wake: Notify::new(), status: Mutex::new(Status::new(name)) }
    }

    // Counts stay meaningful after a panic, so a poisoned lock is no reason to panic again.
    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("reconcilers", &self.names()).finish_non_exhaustive()
    }
}
