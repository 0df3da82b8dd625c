//! Reconcilers that keep FlowFabric workflow executions moving.
//!
//! Features make reconcilers available and calls make them run: linking this crate starts nothing.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use ff_scanner::{Config, core::{Scheduler, postgres}, register_enabled};
//!
//! let pool = postgres::pool("postgres://localhost/flowfabric".parse()?, 4);
//! let scheduler = register_enabled(Scheduler::builder(), &Config::new(pool)).build()?;
//! let handle = scheduler.spawn();
//! // … serve …
//! let exits = handle.shutdown(Duration::from_secs(30)).await;
//! # let _exits = exits;
//! # Ok(())
//! # }
//! ```

pub mod config;

use ff_scanner_core::SchedulerBuilder;

pub use config::Config;

#[cfg(feature = "attempt-timeout")]
#[doc(inline)]
pub use ff_reconciler_attempt_timeout as attempt_timeout;
#[cfg(feature = "budget")]
#[doc(inline)]
pub use ff_reconciler_budget as budget;
#[cfg(feature = "deps")]
#[doc(inline)]
pub use ff_reconciler_deps as deps;
#[cfg(feature = "edge-cancel")]
#[doc(inline)]
pub use ff_reconciler_edge_cancel as edge_cancel;
#[cfg(feature = "lease-expiry")]
#[doc(inline)]
pub use ff_reconciler_lease_expiry as lease_expiry;
#[cfg(feature = "suspension")]
#[doc(inline)]
pub use ff_reconciler_suspension as suspension;
#[doc(inline)]
pub use ff_scanner_core as core;

/// The names of the reconcilers that this build makes available, in the order of their registration.
#[must_use]
pub fn names() -> Vec<&'static str> {
    vec![
        #[cfg(feature = "attempt-timeout")]
        attempt_timeout::AttemptTimeout::NAME,
        #[cfg(feature = "budget")]
        budget::BudgetReset::NAME,
        #[cfg(feature = "deps")]
        deps::Dependency::NAME,
        #[cfg(feature = "edge-cancel")]
        edge_cancel::EdgeCancelDispatcher::NAME,
        #[cfg(feature = "edge-cancel")]
        edge_cancel::EdgeCancelReconciler::NAME,
        #[cfg(feature = "lease-expiry")]
        lease_expiry::LeaseExpiry::NAME,
        #[cfg(feature = "suspension")]
        suspension::SuspensionTimeout::NAME,
    ]
}

/// Registers what this build makes available and `config` lets run.
#[allow(unused_mut, unused_variables, reason = "a build without reconcilers registers none")]
pub fn register_enabled(mut builder: SchedulerBuilder, config: &Config) -> SchedulerBuilder {
    let pools = || core::postgres::Pools::with_look_connection(config.pool.clone());
    #[cfg(feature = "attempt-timeout")]
    if config.runs(attempt_timeout::AttemptTimeout::NAME) {
        builder = builder.register(config.attempt_timeout.build(pools()));
    }
    #[cfg(feature = "budget")]
    if config.runs(budget::BudgetReset::NAME) {
        builder = builder.register(config.budget_reset.build(pools()));
    }
    #[cfg(feature = "deps")]
    if config.runs(deps::Dependency::NAME) {
        builder = builder.register(config.dependency.build(pools()));
    }
    #[cfg(feature = "edge-cancel")]
    if config.runs(edge_cancel::EdgeCancelDispatcher::NAME) {
        builder = builder.register(config.edge_cancel_dispatcher.build(pools()));
    }
    #[cfg(feature = "edge-cancel")]
    if config.runs(edge_cancel::EdgeCancelReconciler::NAME) {
        builder = builder.register(config.edge_cancel_reconciler.build(pools()));
    }
    #[cfg(feature = "lease-expiry")]
    if config.runs(lease_expiry::LeaseExpiry::NAME) {
        builder = builder.register(config.lease_expiry.build(pools()));
    }
    #[cfg(feature = "suspension")]
    if config.runs(suspension::SuspensionTimeout::NAME) {
        builder = builder.register(config.suspension_timeout.build(pools()));
    }
    builder
}

/// Which notification of Postgres wakes which reconciler, for [`core::postgres::listen`]; names that are not registered
/// do no harm.
#[must_use]
pub fn wake_channels() -> Vec<(&'static str, &'static str)> {
    vec![
        #[cfg(feature = "deps")]
        (deps::WAKE_CHANNEL, deps::Dependency::NAME),
    ]
}

#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../README.md")]
mod readme {}
