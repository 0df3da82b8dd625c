#![doc = include_str!("../README.md")]
//!
//! # Examples
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use ff_scanner_migrations::{EngineVersion, apply_engine, apply_scanner};
//!
//! let database = "postgres:///ff_dev".parse()?;
//! apply_engine(&database, EngineVersion::default(), 4).await?;
//! for step in apply_scanner(&database).await?.applied {
//!     println!("applied {step}");
//! }
//! # Ok(())
//! # }
//! ```

mod error;
mod guard;
mod run;
mod set;
mod version;

use std::ops::RangeInclusive;

use sqlx::postgres::PgConnectOptions;

pub use error::MigrateError;
pub use run::{Applied, Plan};
pub use set::{Step, fingerprint};
pub use version::{EngineVersion, UnknownVersion};

use run::Request;

/// How many hash children a partitioned table can be asked to have. The engine has 256.
pub const HASH_CHILDREN: RangeInclusive<u16> = 1..=1024;

/// Creates the engine's tables, or brings those that this function created up to `version`.
///
/// `hash_children` is the number of children of each partitioned table and cannot be changed afterwards.
///
/// Cancel safe: files that were applied stay applied, the one that was running is rolled back.
pub async fn apply_engine(
    options: &PgConnectOptions,
    version: EngineVersion,
    hash_children: u16,
) -> Result<Applied, MigrateError> {
    run::apply(options, Request::engine(version, hash_children)?).await
}

/// Creates what ff-scanner owns. Needs none of the engine's tables.
///
/// Cancel safe, as [`apply_engine`] is.
pub async fn apply_scanner(options: &PgConnectOptions) -> Result<Applied, MigrateError> {
    run::apply(options, Request::Scanner).await
}

/// What [`apply_engine`] would do now. Writes nothing, waits for no lock, and fails where it would refuse.
pub async fn plan_engine(
    options: &PgConnectOptions,
    version: EngineVersion,
    hash_children: u16,
) -> Result<Plan, MigrateError> {
    run::plan(options, Request::engine(version, hash_children)?).await
}

/// What [`apply_scanner`] would do now. Writes nothing, waits for no lock, and fails where it would refuse.
pub async fn plan_scanner(options: &PgConnectOptions) -> Result<Plan, MigrateError> {
    run::plan(options, Request::Scanner).await
}
