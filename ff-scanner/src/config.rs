//! Which reconcilers run, and at what pace?

use std::collections::BTreeMap;
use std::time::Duration;

#[cfg(any(feature = "attempt-timeout", feature = "lease-expiry", feature = "suspension"))]
use sqlx::PgPool;

#[cfg(feature = "attempt-timeout")]
use crate::attempt_timeout::{AttemptTimeout, AttemptTimeoutTrigger};
#[cfg(feature = "lease-expiry")]
use crate::lease_expiry::{LeaseExpiry, OnLapse};
#[cfg(feature = "suspension")]
use crate::suspension::SuspensionTimeout;

/// Which reconcilers run, and how; the default runs everything that the build makes available, as each crate's
/// documentation says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    only: Option<Vec<String>>,
    intervals: BTreeMap<String, Duration>,
    batch_limits: BTreeMap<String, u32>,
    #[cfg(feature = "attempt-timeout")]
    trigger: AttemptTimeoutTrigger,
    #[cfg(feature = "lease-expiry")]
    on_lapse: OnLapse,
}

impl Config {
    /// Lets only the named reconcilers run (default: all that the build makes available).
    #[must_use]
    pub fn with_only<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.only = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the interval of the named reconciler (default: its own).
    #[must_use]
    pub fn with_interval(mut self, name: impl Into<String>, interval: Duration) -> Self {
        self.intervals.insert(name.into(), interval);
        self
    }

    /// Sets the most rows that the named reconciler takes from a partition in one tick (default: its own).
    #[must_use]
    pub fn with_batch_limit(mut self, name: impl Into<String>, rows: u32) -> Self {
        self.batch_limits.insert(name.into(), rows);
        self
    }

    /// Sets what makes an attempt time out (default: its policy).
    #[cfg(feature = "attempt-timeout")]
    #[must_use]
    pub fn with_attempt_timeout_trigger(mut self, trigger: AttemptTimeoutTrigger) -> Self {
        self.trigger = trigger;
        self
    }

    /// Sets what happens to an execution whose lease has lapsed (default: it is put back).
    #[cfg(feature = "lease-expiry")]
    #[must_use]
    pub fn with_on_lapse(mut self, on_lapse: OnLapse) -> Self {
        self.on_lapse = on_lapse;
        self
    }

    /// Whether the named reconciler is to run.
    #[must_use]
    pub fn runs(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|wanted| wanted == name))
    }

    #[cfg(feature = "attempt-timeout")]
    pub(crate) fn attempt_timeout(&self, pool: PgPool) -> AttemptTimeout {
        let name = AttemptTimeout::NAME;
        let made = AttemptTimeout::new(pool).with_trigger(self.trigger);
        let made = self.intervals.get(name).copied().into_iter().fold(made, AttemptTimeout::with_interval);
        self.batch_limits.get(name).copied().into_iter().fold(made, AttemptTimeout::with_batch_limit)
    }

    #[cfg(feature = "lease-expiry")]
    pub(crate) fn lease_expiry(&self, pool: PgPool) -> LeaseExpiry {
        let name = LeaseExpiry::NAME;
        let made = LeaseExpiry::new(pool).with_on_lapse(self.on_lapse);
        let made = self.intervals.get(name).copied().into_iter().fold(made, LeaseExpiry::with_interval);
        self.batch_limits.get(name).copied().into_iter().fold(made, LeaseExpiry::with_batch_limit)
    }

    #[cfg(feature = "suspension")]
    pub(crate) fn suspension_timeout(&self, pool: PgPool) -> SuspensionTimeout {
        let name = SuspensionTimeout::NAME;
        let made = SuspensionTimeout::new(pool);
        let made = self.intervals.get(name).copied().into_iter().fold(made, SuspensionTimeout::with_interval);
        self.batch_limits.get(name).copied().into_iter().fold(made, SuspensionTimeout::with_batch_limit)
    }
}
