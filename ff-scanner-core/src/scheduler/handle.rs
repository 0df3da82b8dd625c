//! How does the owner watch, wake and stop a running scheduler?

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::supervise::supervise;
use super::{Shared, Status, Watcher};
use crate::TickError;

/// Owns the tasks of a running scheduler.
///
/// Dropping it aborts them, each at its next await; [`Self::shutdown`] lets them finish what they are at. It takes
/// the handle, so that a second shutdown does not compile:
///
/// ```compile_fail
/// # use ff_scanner_core::*;
/// async fn stop(handle: SchedulerHandle) {
///     handle.shutdown(std::time::Duration::from_secs(10)).await;
///     handle.shutdown(std::time::Duration::from_secs(10)).await;
/// }
/// ```
///
/// ```
/// # use ff_scanner_core::*;
/// async fn stop(handle: SchedulerHandle) {
///     handle.status();
///     handle.shutdown(std::time::Duration::from_secs(10)).await;
/// }
/// ```
#[must_use = "dropping the handle aborts every reconciler"]
pub struct SchedulerHandle {
    shared: Arc<Shared>,
    tasks: JoinSet<Exit>,
    names: HashMap<Id, &'static str>,
    stop: DropGuard,
}

/// How a reconciler ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Exit {
    /// It finished what it was at, or was waiting.
    Stopped,
    /// It had stopped earlier, because of an error that it could not recover from.
    Terminal(TickError),
    /// Its tick outlasted the grace and was dropped.
    Aborted,
    /// Its loop panicked outside a tick, such as in the random source.
    Panicked,
}

impl SchedulerHandle {
    pub(super) fn spawn(shared: Arc<Shared>) -> Self {
        let stop = CancellationToken::new();
        let (mut tasks, mut names) = (JoinSet::new(), HashMap::new());
        for (index, entry) in shared.entries.iter().enumerate() {
            let task = tasks.spawn(supervise(Arc::clone(&shared), index, stop.clone()));
            names.insert(task.id(), entry.name);
        }
        Self { shared, tasks, names, stop: stop.drop_guard() }
    }

    /// A snapshot of each reconciler, in the order of registration.
    #[must_use]
    pub fn status(&self) -> Vec<Status> {
        self.watcher().status()
    }

    /// Reads the status from elsewhere, such as a health endpoint.
    #[must_use]
    pub fn watcher(&self) -> Watcher {
        Watcher(Arc::clone(&self.shared))
    }

    /// Wakes reconcilers before their interval has passed.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.shared))
    }

    /// Stops every reconciler and returns how each of those registered ended.
    ///
    /// Running ticks are told to stop and have until `grace`; then they are aborted, and awaited, so that nothing of
    /// theirs is in use when this returns. A tick that blocks its thread cannot be aborted and is waited for.
    ///
    /// Cancel safe in that dropping this future aborts what is left.
    pub async fn shutdown(mut self, grace: Duration) -> BTreeMap<&'static str, Exit> {
        drop(self.stop);
        let mut exits = BTreeMap::new();
        if timeout(grace, join(&mut self.tasks, &self.names, &mut exits)).await.is_err() {
            self.tasks.abort_all();
            join(&mut self.tasks, &self.names, &mut exits).await;
        }
        exits
    }
}

async fn join(tasks: &mut JoinSet<Exit>, names: &HashMap<Id, &'static str>, exits: &mut BTreeMap<&'static str, Exit>) {
    while let Some(ended) = tasks.join_next_with_id().await {
        let (id, exit) = match ended {
            Ok(ended) => ended,
            Err(error) if error.is_panic() => (error.id(), Exit::Panicked),
            Err(error) => (error.id(), Exit::Aborted),
        };
        exits.insert(names[&id], exit);
    }
}

/// Starts cycles before their interval has passed; cheap to clone, and keeps nothing running.
///
/// Wake-ups coalesce: however many arrive during a cycle, they make at most one more. One that arrives during a
/// backoff is answered when that has passed.
#[derive(Clone, Debug)]
pub struct Waker(pub(super) Arc<Shared>);

impl Waker {
    /// Wakes one reconciler; `false` when none has this name.
    #[expect(clippy::must_use_candidate, reason = "it acts; who knows that the name is right need not ask")]
    pub fn wake(&self, name: &str) -> bool {
        let entry = self.0.entry(name);
        if let Some(entry) = entry {
            entry.wake.notify_one();
        }
        entry.is_some()
    }

    /// Wakes every reconciler.
    pub fn wake_all(&self) {
        for entry in &self.0.entries {
            entry.wake.notify_one();
        }
    }
}

impl fmt::Debug for SchedulerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchedulerHandle").field("shared", &self.shared).finish_non_exhaustive()
    }
}
