#![doc = include_str!("../README.md")]

mod dispatcher;
mod group;
mod lost;
mod reconciler;
mod walk;

pub use dispatcher::{CANCEL_SQL, EdgeCancelDispatcher, FIND_FLAGGED_SQL};
pub use group::{ANY_QUEUED_SQL, Group};
pub use lost::{FIND_LOST_SQL, WALK_SQL};
pub use reconciler::{DEQUEUE_SQL, EdgeCancelReconciler, FIND_STALE_SQL, RECONCILE_SQL};
