//! Legal rows of the engine, through typed builders (ENGINE 3.3).
//!
//! A builder describes one execution; [`Seed::insert`] writes it, with its attempts, suspension and waitpoints.
//! [`FlowSeed`] describes several that wait for each other, [`SiblingGroup`] several of which the rest is to be
//! cancelled, and [`SeedBudget`] a budget. The time of every row is relative to a `now_ms` that the test pins.

mod budget;
mod execution;
mod flow;
mod sibling_group;

pub use budget::SeedBudget;
pub use execution::{Seed, State};
pub use flow::{EdgeState, Flow, FlowSeed, Node};
pub use sibling_group::{Lacks, SeededGroup, SiblingGroup};
