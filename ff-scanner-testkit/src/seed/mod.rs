//! Legal rows of the engine, through typed builders (ENGINE 3.3).
//!
//! A builder describes one execution; [`Seed::insert`] writes it, with its attempts, suspension and waitpoints.
//! [`FlowSeed`] describes several that wait for each other. The time of every row is relative to a `now_ms` that the
//! test pins.

mod execution;
mod flow;

pub use execution::{Seed, State};
pub use flow::{EdgeState, Flow, FlowSeed, Node};
