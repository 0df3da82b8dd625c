//! Does the engine say that each thing that a reconciler does is right?

mod lease_expiry;
mod paths;
mod reads;
mod table;
mod zombie;
