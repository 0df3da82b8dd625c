//! Which reconcilers run, and how?

use std::time::Duration;

use ff_scanner_core::postgres::Pools;
use sqlx::PgPool;

/// Where the rows are, which reconcilers run, and how each does; by default everything that the build makes available,
/// as each crate's documentation says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where the engine's tables are; best a small pool of its own, such as [`core::postgres::pool`] makes. Acts take turns
    /// on its connections; each reconciler makes one more with its options, for its looks
    /// ([`Pools::with_look_connection`]).
    ///
    /// [`core::postgres::pool`]: crate::core::postgres::pool
    pub pool: PgPool,
    /// The only reconcilers to run, by name; `None` means all that the build makes available.
    pub only: Option<Vec<String>>,
    /// Of `attempt_timeout`.
    #[cfg(feature = "attempt-timeout")]
    pub attempt_timeout: AttemptTimeoutConfig,
    /// Of `budget_reset`.
    #[cfg(feature = "budget")]
    pub budget_reset: BudgetResetConfig,
    /// Of `dependency`.
    #[cfg(feature = "deps")]
    pub dependency: DependencyConfig,
    /// Of `edge_cancel_dispatcher`.
    #[cfg(feature = "edge-cancel")]
    pub edge_cancel_dispatcher: EdgeCancelDispatcherConfig,
    /// Of `edge_cancel_reconciler`.
    #[cfg(feature = "edge-cancel")]
    pub edge_cancel_reconciler: EdgeCancelReconcilerConfig,
    /// Of `lease_expiry`.
    #[cfg(feature = "lease-expiry")]
    pub lease_expiry: LeaseExpiryConfig,
    /// Of `suspension_timeout`.
    #[cfg(feature = "suspension")]
    pub suspension_timeout: SuspensionTimeoutConfig,
}

impl Config {
    /// Everything that the build makes available, with its defaults, on the database of `pool`.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            only: None,
            #[cfg(feature = "attempt-timeout")]
            attempt_timeout: AttemptTimeoutConfig::default(),
            #[cfg(feature = "budget")]
            budget_reset: BudgetResetConfig::default(),
            #[cfg(feature = "deps")]
            dependency: DependencyConfig::default(),
            #[cfg(feature = "edge-cancel")]
            edge_cancel_dispatcher: EdgeCancelDispatcherConfig::default(),
            #[cfg(feature = "edge-cancel")]
            edge_cancel_reconciler: EdgeCancelReconcilerConfig::default(),
            #[cfg(feature = "lease-expiry")]
            lease_expiry: LeaseExpiryConfig::default(),
            #[cfg(feature = "suspension")]
            suspension_timeout: SuspensionTimeoutConfig::default(),
        }
    }

    /// Lets only the named reconcilers run.
    #[must_use]
    pub fn with_only<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.only = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the interval of every reconciler.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.each(|every, _| *every = Some(interval));
        self
    }

    /// Sets the batch limit of every reconciler, rows.
    #[must_use]
    pub fn with_batch_limit(mut self, rows: u32) -> Self {
        self.each(|_, limit| *limit = Some(rows));
        self
    }

    /// Whether the named reconciler is to run.
    #[must_use]
    pub fn runs(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|wanted| wanted == name))
    }

    #[allow(clippy::unused_self, unused_mut, unused_variables, reason = "a build without reconcilers has none to set")]
    fn each(&mut self, mut set: impl FnMut(&mut Option<Duration>, &mut Option<u32>)) {
        #[cfg(feature = "attempt-timeout")]
        set(&mut self.attempt_timeout.interval, &mut self.attempt_timeout.batch_limit);
        #[cfg(feature = "budget")]
        set(&mut self.budget_reset.interval, &mut self.budget_reset.batch_limit);
        #[cfg(feature = "deps")]
        set(&mut self.dependency.interval, &mut self.dependency.batch_limit);
        #[cfg(feature = "edge-cancel")]
        set(&mut self.edge_cancel_dispatcher.interval, &mut self.edge_cancel_dispatcher.batch_limit);
        #[cfg(feature = "edge-cancel")]
        set(&mut self.edge_cancel_reconciler.interval, &mut self.edge_cancel_reconciler.batch_limit);
        #[cfg(feature = "lease-expiry")]
        set(&mut self.lease_expiry.interval, &mut self.lease_expiry.batch_limit);
        #[cfg(feature = "suspension")]
        set(&mut self.suspension_timeout.interval, &mut self.suspension_timeout.batch_limit);
    }
}

/// Defines how one reconciler runs: the two settings that all have, its own choices with their setters, and those that
/// may be left to the reconciler.
#[allow(unused_macros, reason = "a build without reconcilers has none to define")]
macro_rules! config {
    ($name:ident of $reconciler:path {
        $($(#[$about:meta])+ $choice:ident: $type:ty = $set:ident,)*
    } or {
        $($(#[$about_option:meta])+ $option:ident: $option_type:ty = $set_option:ident,)*
    }) => {
        /// How the reconciler runs; what is `None` is as its crate's documentation says.
        #[derive(Clone, Copy, Debug, Default)]
        #[non_exhaustive]
        pub struct $name {
            /// From the end of one cycle to the start of the next.
            pub interval: Option<Duration>,
            /// Most rows of one batch.
            pub batch_limit: Option<u32>,
            $($(#[$about])+ pub $choice: $type,)*
            $($(#[$about_option])+ pub $option: Option<$option_type>,)*
        }

        impl $name {
            pub(crate) fn build(self, pools: Pools) -> $reconciler {
                use $reconciler as Reconciler;
                let made = Reconciler::new(pools)$(.$set(self.$choice))*;
                $(let made = self.$option.into_iter().fold(made, Reconciler::$set_option);)*
                let made = self.interval.into_iter().fold(made, Reconciler::with_interval);
                self.batch_limit.into_iter().fold(made, Reconciler::with_batch_limit)
            }
        }
    };
}

#[cfg(feature = "attempt-timeout")]
config!(AttemptTimeoutConfig of crate::attempt_timeout::AttemptTimeout {
    /// What makes an attempt time out.
    trigger: crate::attempt_timeout::AttemptTimeoutTrigger = with_trigger,
} or {});

#[cfg(feature = "budget")]
config!(BudgetResetConfig of crate::budget::BudgetReset {} or {});

#[cfg(feature = "deps")]
config!(DependencyConfig of crate::deps::Dependency {} or {
    /// How long ago an execution must have ended for its children to be moved on without an event.
    heal_after: Duration = with_heal_after,
    /// Most waiting children that a cycle examines for upstreams that ended without an event.
    page: u32 = with_page,
    /// Flow partitions of the engine.
    partitions: ff_scanner_core::PartitionCount = with_partitions,
});

#[cfg(feature = "edge-cancel")]
config!(EdgeCancelDispatcherConfig of crate::edge_cancel::EdgeCancelDispatcher {} or {});

#[cfg(feature = "edge-cancel")]
config!(EdgeCancelReconcilerConfig of crate::edge_cancel::EdgeCancelReconciler {} or {
    /// Most groups that a cycle walks over for flags whose queue entry was lost.
    page: u32 = with_page,
    /// Flow partitions of the engine.
    partitions: ff_scanner_core::PartitionCount = with_partitions,
});

#[cfg(feature = "lease-expiry")]
config!(LeaseExpiryConfig of crate::lease_expiry::LeaseExpiry {
    /// What happens to an execution whose lease has lapsed.
    on_lapse: crate::lease_expiry::OnLapse = with_on_lapse,
} or {});

#[cfg(feature = "suspension")]
config!(SuspensionTimeoutConfig of crate::suspension::SuspensionTimeout {} or {});
