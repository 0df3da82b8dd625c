//! What every Postgres reconciler needs: transactions that are safe behind a pooler, and one table of errors.

mod engine;
mod error;
mod listen;
mod look;
mod pools;
mod silence;
mod transaction;

use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

pub use engine::{CLEAR_WAITS_SQL, clear_waits, for_engine_0_11, has_column};
pub use error::{classify, kind_of};
pub use listen::{Listener, listen};
pub use look::{fit, look};
pub use pools::Pools;
pub use silence::{Silence, silence};
pub use transaction::Transaction;

use crate::TickError;

/// A small pool of the scanner's own (no connection is made yet): request traffic cannot starve it, nor it the traffic.
///
/// `connections` is the most it holds; 3 s is the longest that a tick waits for one. Slow statements are not logged with
/// their text, as sqlx otherwise does: what is slow shows in the duration of a tick's span.
#[must_use]
pub fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(3))
        .connect_lazy_with(options.application_name("ff-scanner").disable_statement_logging())
}

/// Attaches `operation` to a database error and classifies it.
pub fn failed(operation: &'static str) -> impl Fn(sqlx::Error) -> TickError {
    move |error| classify(operation, error)
}
