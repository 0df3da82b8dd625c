//! Does the engine say that each thing that a reconciler does is right?

mod attempt_timeout;
mod beside;
mod budget_reset;
mod dag;
mod dependency;
mod edge_cancel;
mod flow_traps;
mod lease_expiry;
mod paths;
mod reads;
mod subscribers;
mod suspension_timeout;
mod table;
mod traps;
mod zombie;
