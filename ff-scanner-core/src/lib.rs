//! The contract of a reconciler, and the scheduler that runs many of them.
//!
//! A [`Reconciler`] moves *due* rows to the state they should be in. It says what one *cycle* covers (its
//! [`Scope`]) and reconciles one bounded batch per *tick*; the [`Scheduler`] decides when to tick, drains what is
//! waiting, backs off after failures, isolates panics and accounts for every reconciler at shutdown.
//!
//! The crate names no table. What needs Postgres is behind the feature `postgres`.

mod context;
mod error;
mod filter;
#[cfg(feature = "postgres")]
pub mod postgres;
mod reconciler;
mod scheduler;
mod scope;
mod sweep;
mod tick;

pub use context::{TickContext, TickReason};
pub use error::{ErrorKind, TickError};
pub use filter::Filter;
pub use reconciler::{Reconciler, async_trait};
pub use scheduler::{
    Backoff, BuildError, CycleReport, Exit, Outcome, Scheduler, SchedulerBuilder, SchedulerHandle, State, Status,
    Waker, Watcher,
};
pub use scope::{Global, PartitionCount, PartitionCounts, PartitionSet, PartitionSpace, Partitioned, Scope};
pub use sweep::{Act, Ask, Due, LookThenAct, Page, Quiet, Sweep, Verdict};
pub use tick::{Backlog, Failure, Tick, TickReport};
