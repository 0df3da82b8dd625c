//! A private Postgres, seeders and the conformance suite for any reconciler.

mod blocking;
pub mod conformance;
pub mod database;
mod gate;
pub mod read;
pub mod seed;
pub mod server;

pub use ff_scanner_migrations::EngineVersion;

pub use database::{Database, DatabaseError, HASH_CHILDREN, Template};
pub use gate::Gate;
pub use seed::{EdgeState, Flow, FlowSeed, Lacks, Node, Seed, SeedBudget, SeededGroup, SiblingGroup, State};
pub use server::{Options, Server, ServerError, Shutdown};

/// A short name for what `parts` say, the same in every process and on every platform.
pub(crate) fn fnv1a(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().copied().flatten();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
