//! Legal rows of the engine, through typed builders (ENGINE 3.3).
//!
//! A builder describes one execution; [`Seed::insert`] writes it, with its attempts, suspension and waitpoints.
//! [`SiblingGroup`] writes several of them with what they have in common, and [`SeedBudget`] a budget. The time of every
//! row is relative to a `now_ms` that the test pins.

mod budget;
mod execution;
mod sibling_group;

pub use budget::SeedBudget;
pub use execution::{Seed, State};
pub use sibling_group::{Lacks, SeededGroup, SiblingGroup};
