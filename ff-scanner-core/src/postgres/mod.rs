//! What every Postgres reconciler needs: transactions that are safe behind a pooler, and one table of errors.

mod engine;
mod error;
mod listen;
mod look;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Postgres, Transaction};

pub use engine::{for_engine_0_11, has_column};
pub use error::{classify, kind_of};
pub use listen::{Listener, listen};
pub use look::look;

use crate::TickError;

// What a transaction needs it sets itself, in one message with its `BEGIN`: session settings leak to strangers behind
// a transaction pooler. A generic plan, because planning the lateral ranges anew for given keys takes seconds.
const BEGIN_LOOK: &str = "BEGIN READ ONLY; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL jit = off; \
                          SET LOCAL statement_timeout = '30s'; \
                          SET LOCAL idle_in_transaction_session_timeout = '30s'";
// The lock time-out is a seat belt: acts skip locked rows. The idle time-out frees the rows that a client behind a
// dead network still holds.
const BEGIN_ACT: &str = "BEGIN; SET LOCAL jit = off; SET LOCAL statement_timeout = '30s'; \
                         SET LOCAL lock_timeout = '100ms'; \
                         SET LOCAL idle_in_transaction_session_timeout = '30s'";

/// Begins the transaction of a look: read only, generic plans, at most 30 s a statement.
pub async fn begin_look(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with(BEGIN_LOOK).await
}

/// Begins the transaction of an act: at most 30 s a statement, and 100 ms for a lock.
pub async fn begin_act(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with(BEGIN_ACT).await
}

/// A small pool of the scanner's own (no connection is made yet): request traffic cannot starve it, nor it the traffic.
///
/// `connections` is the most it holds; 3 s is the longest that a tick waits for one.
#[must_use]
pub fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(3))
        .connect_lazy_with(options.application_name("ff-scanner"))
}

/// Attaches `operation` to a database error and classifies it.
pub fn failed(operation: &'static str) -> impl Fn(sqlx::Error) -> TickError {
    move |error| classify(operation, error)
}
