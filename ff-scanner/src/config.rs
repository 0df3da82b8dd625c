//! Which reconcilers run, and how?

use std::time::Duration;

use sqlx::PgPool;

/// Where the rows are, which reconcilers run, and how each does; by default everything that the build makes available,
/// as each crate's documentation says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where the engine's tables are; best a small pool of its own, such as [`core::postgres::pool`] makes.
    ///
    /// [`core::postgres::pool`]: crate::core::postgres::pool
    pub pool: PgPool,
    /// The only reconcilers to run, by name; `None` means all that the build makes available.
    pub only: Option<Vec<String>>,
    /// Of `attempt_timeout`.
    #[cfg(feature = "attempt-timeout")]
    pub attempt_timeout: AttemptTimeoutConfig,
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
        #[cfg(feature = "lease-expiry")]
        set(&mut self.lease_expiry.interval, &mut self.lease_expiry.batch_limit);
        #[cfg(feature = "suspension")]
        set(&mut self.suspension_timeout.interval, &mut self.suspension_timeout.batch_limit);
    }
}

/// Defines how one reconciler runs: the two settings that all have, and its own choices with their setters.
#[allow(unused_macros, reason = "a build without reconcilers has none to define")]
macro_rules! config {
    ($name:ident of $reconciler:path { $($(#[$about:meta])+ $choice:ident: $type:ty = $set:ident,)* }) => {
        /// How the reconciler runs; what is `None` is as its crate's documentation says.
        #[derive(Clone, Copy, Debug, Default)]
        #[non_exhaustive]
        pub struct $name {
            /// From the end of one cycle to the start of the next.
            pub interval: Option<Duration>,
            /// Most rows of one batch.
            pub batch_limit: Option<u32>,
            $($(#[$about])+ pub $choice: $type,)*
        }

        impl $name {
            pub(crate) fn build(self, pool: PgPool) -> $reconciler {
                use $reconciler as Reconciler;
                let made = Reconciler::new(pool)$(.$set(self.$choice))*;
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
});

#[cfg(feature = "lease-expiry")]
config!(LeaseExpiryConfig of crate::lease_expiry::LeaseExpiry {
    /// What happens to an execution whose lease has lapsed.
    on_lapse: crate::lease_expiry::OnLapse = with_on_lapse,
});

#[cfg(feature = "suspension")]
config!(SuspensionTimeoutConfig of crate::suspension::SuspensionTimeout {});
