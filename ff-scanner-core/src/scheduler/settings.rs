//! Which bounds are there, and which are refused?

use std::time::Duration;

use super::Backoff;
use crate::{Filter, PartitionCounts};

/// Why a scheduler could not be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Nothing was registered, which is more likely a forgotten call than a wish.
    #[error("no reconciler is registered")]
    NoReconcilers,
    /// Two reconcilers have this name.
    #[error("two reconcilers are called {0:?}: their status could not be told apart")]
    DuplicateName(&'static str),
    /// The interval of the reconciler of this name is zero, which would be a busy loop.
    #[error("the interval of {0:?} is zero: leave a reconciler out to disable it")]
    ZeroInterval(&'static str),
    /// The bound of this name is zero, so nothing could ever run within it.
    #[error("`{0}` is zero: it must be at least one unit")]
    Zero(&'static str),
    /// The jitter is not a fraction from 0 to below 1.
    #[error("a jitter of {0} is not a fraction from 0 to below 1")]
    Jitter(f64),
}

/// Every bound of the scheduler; the builder documents each.
pub(super) struct Settings {
    pub(super) partitions: PartitionCounts,
    pub(super) filter: Filter,
    pub(super) drain_pause: Duration,
    pub(super) drain_ticks_max: u32,
    pub(super) tick_timeout: Duration,
    pub(super) backoff: Backoff,
    pub(super) jitter: f64,
    pub(super) random: Box<dyn Fn() -> f64 + Send + Sync>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            partitions: PartitionCounts::default(),
            filter: Filter::default(),
            drain_pause: Duration::from_millis(10),
            drain_ticks_max: 1_000,
            tick_timeout: Duration::from_mins(1),
            backoff: Backoff::default(),
            jitter: 0.1,
            random: Box::new(fastrand::f64),
        }
    }
}

impl Settings {
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let Backoff { initial, max, transient_max } = self.backoff;
        if self.drain_ticks_max == 0 {
            return Err(BuildError::Zero("drain_ticks_max"));
        }
        if self.tick_timeout.is_zero() {
            return Err(BuildError::Zero("tick_timeout"));
        }
        if [initial, max, transient_max].iter().any(Duration::is_zero) {
            return Err(BuildError::Zero("backoff"));
        }
        if !(0.0..1.0).contains(&self.jitter) {
            return Err(BuildError::Jitter(self.jitter));
        }
        Ok(())
    }
}
