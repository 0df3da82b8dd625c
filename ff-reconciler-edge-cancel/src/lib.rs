#![doc = include_str!("../README.md")]

mod dispatcher;
mod group;
mod reconciler;
mod walk;

pub use dispatcher::{CANCEL_SQL, EdgeCancelDispatcher, FIND_FLAGGED_SQL};
pub use group::{ANY_QUEUED_SQL, Group};
pub use reconciler::{DEQUEUE_SQL, EdgeCancelReconciler, FIND_LOST_SQL, FIND_STALE_SQL, RECONCILE_SQL};
