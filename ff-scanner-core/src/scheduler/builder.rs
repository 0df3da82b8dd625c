//! What may be chosen, and what is refused?

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::erased::{AnyReconciler, Erased};
use super::outage::Outage;
use super::settings::{BuildError, Settings};
use super::{Backoff, Entry, Scheduler, Shared};
use crate::{Filter, PartitionCounts, Reconciler};

/// Chooses what a [`Scheduler`] runs and how; made by [`Scheduler::builder`].
#[derive(Default)]
#[must_use = "nothing runs until `build` and `spawn`"]
pub struct SchedulerBuilder {
    settings: Settings,
    reconcilers: Vec<Registration>,
}

struct Registration {
    name: &'static str,
    interval: Duration,
    reconciler: Box<dyn AnyReconciler>,
}

impl SchedulerBuilder {
    /// Adds a reconciler of either scope. Its name and interval are read now, its scope at every cycle.
    pub fn register(mut self, reconciler: impl Reconciler) -> Self {
        let (name, interval) = (reconciler.name(), reconciler.interval());
        self.reconcilers.push(Registration { name, interval, reconciler: Box::new(Erased::new(reconciler)) });
        self
    }

    /// How many partitions each space has; must be what the engine was started with. Default 256 and 32.
    pub fn partitions(mut self, counts: PartitionCounts) -> Self {
        self.settings.partitions = counts;
        self
    }

    /// Whose rows may be touched. Default: everybody's.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.settings.filter = filter;
        self
    }

    /// Between full batches, and the least between two cycles of a reconciler. Default 10 ms.
    pub fn drain_pause(mut self, pause: Duration) -> Self {
        self.settings.drain_pause = pause;
        self
    }

    /// How many ticks a cycle may add to its first visit of each target. Default 1,000.
    ///
    /// When work is left at this bound, the cycle ends and the next one begins after the drain pause rather than
    /// the interval.
    pub fn drain_ticks_max(mut self, ticks: u32) -> Self {
        self.settings.drain_ticks_max = ticks;
        self
    }

    /// How long a tick may take before it is told to stop. Default 60 s.
    ///
    /// A tick that has not returned within a further tenth of this (at least 100 ms) is dropped, which counts as a
    /// transient error.
    pub fn tick_timeout(mut self, limit: Duration) -> Self {
        self.settings.tick_timeout = limit;
        self
    }

    /// How long to wait after failures. Default: [`Backoff::default`].
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.backoff = backoff;
        self
    }

    /// The fraction, from 0 to below 1, by which waits are made shorter at most, so that replicas do not tick in step.
    /// Default 0.1.
    pub fn jitter(mut self, fraction: f64) -> Self {
        self.settings.jitter = fraction;
        self
    }

    /// Where stagger and jitter come from: numbers from 0 to below 1. Default `fastrand::f64`; tests pass a constant.
    pub fn random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.settings.random = Box::new(random);
        self
    }

    /// Checks the choices. Nothing runs yet.
    pub fn build(self) -> Result<Scheduler, BuildError> {
        self.settings.check()?;
        if self.reconcilers.is_empty() {
            return Err(BuildError::NoReconcilers);
        }
        let mut names = BTreeSet::new();
        for Registration { name, interval, .. } in &self.reconcilers {
            if !names.insert(*name) {
                return Err(BuildError::DuplicateName(name));
            }
            if interval.is_zero() {
                return Err(BuildError::ZeroInterval(name));
            }
        }
        let entries = self.reconcilers.into_iter().map(|r| Entry::new(r.name, r.interval, r.reconciler)).collect();
        let shared = Shared { settings: self.settings, entries, outage: Outage::default() };
        Ok(Scheduler { shared: Arc::new(shared) })
    }
}

impl fmt::Debug for SchedulerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.reconcilers.iter().map(|r| r.name).collect();
        f.debug_struct("SchedulerBuilder").field("reconcilers", &names).finish_non_exhaustive()
    }
}
