//! Does the engine say that each thing that a reconciler does is right?

mod attempt_timeout;
mod beside;
mod budget_reset;
mod dag;
mod dependency;
mod edge_cancel;
mod flows;
mod lease_expiry;
mod leavings;
mod paths;
mod reads;
mod subscribers;
mod suspended_again;
mod suspension_timeout;
mod table;
mod traps;
mod zombie;
