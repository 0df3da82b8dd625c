//! How does a transaction end with the tick that began it, whatever becomes of the tick?

use std::fmt;
use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Executor, Postgres};

// What a transaction needs it sets itself, in one message with its `BEGIN`: session settings leak to strangers behind
// a transaction pooler. A generic plan, because planning the lateral ranges anew for given keys takes seconds. By index, as
// the planner does not know how few rows are due and believes that it is cheaper to read tables whole than to look up rows
// by key, child by child. Without parallel workers, which it takes for the same reason: each opens all children anew, and
// that costs several times what an idle look does.
const BEGIN_LOOK: &str = "BEGIN READ ONLY; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL jit = off; \
                          SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; \
                          SET LOCAL enable_mergejoin = off; SET LOCAL enable_partitionwise_join = on; \
                          SET LOCAL max_parallel_workers_per_gather = 0; \
                          SET LOCAL statement_timeout = '30s'; \
                          SET LOCAL idle_in_transaction_session_timeout = '30s'";
// A custom plan, because it needs one child of each table; to make the generic one, which the server otherwise tries with
// the sixth act of each connection, it takes all of them, for a second, and twice the memory. By index, because an act is
// often the part of a child that was due, and the next one would read the child whole again. Pages cost little and rows
// much, as they do in memory, where the rows just looked at are, and nothing is merged: else the planner joins a few hundred
// keys, or rows whose place is known, by reading an index of the child whole. The lock time-out is a seat belt: acts skip
// locked rows. The idle time-out frees the rows that a client behind a dead network still holds.
const BEGIN_ACT: &str = "BEGIN; SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL jit = off; \
                         SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off; \
                         SET LOCAL seq_page_cost = 0.1; SET LOCAL random_page_cost = 0.1; \
                         SET LOCAL cpu_tuple_cost = 0.1; \
                         SET LOCAL statement_timeout = '30s'; \
                         SET LOCAL lock_timeout = '100ms'; \
                         SET LOCAL idle_in_transaction_session_timeout = '30s'";

/// A transaction of a look or an act; dereferences to the connection that it is on.
///
/// It is over with [`Self::end`]. Dropped before that, at whatever await, its connection is closed and not reused:
/// sqlx's own transaction gives a connection back with the transaction still open when it is dropped while it begins,
/// and with the locks still held when it is dropped after an error, so that the next act skips its own rows.
#[must_use = "a transaction that is not ended is rolled back, and its connection closed"]
pub struct Transaction {
    connection: PoolConnection<Postgres>,
    over: bool,
}

impl Transaction {
    /// Begins a look: read only, with generic plans that read by index and look up by key, at most 30 s a statement.
    ///
    /// # Errors
    ///
    /// Those of getting a connection and of `BEGIN`.
    pub async fn look(pool: &PgPool) -> Result<Self, sqlx::Error> {
        Self::begin(pool, BEGIN_LOOK).await
    }

    /// Begins an act: with plans for its partition that read by index, at most 30 s a statement, and 100 ms for a lock.
    ///
    /// # Errors
    ///
    /// Those of getting a connection and of `BEGIN`.
    pub async fn act(pool: &PgPool) -> Result<Self, sqlx::Error> {
        Self::begin(pool, BEGIN_ACT).await
    }

    /// Has the statements that follow in an act planned for its partition again. To be called between them and a statement
    /// that inserts events and so has set `plan_cache_mode` to `auto`, which keeps their triggers from being planned anew
    /// for each row.
    ///
    /// # Errors
    ///
    /// Those of the statement that sets it.
    pub async fn plan_for_partition(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        connection.execute("SET LOCAL plan_cache_mode = force_custom_plan").await?;
        Ok(())
    }

    async fn begin(pool: &PgPool, statements: &'static str) -> Result<Self, sqlx::Error> {
        let mut transaction = Self { connection: pool.acquire().await?, over: false };
        transaction.execute(statements).await?;
        Ok(transaction)
    }

    /// Commits when `result` is `Ok` and rolls back otherwise; either is done, and locks are released, on return.
    ///
    /// # Errors
    ///
    /// That of `result`, or else that of the commit, after which it is not known whether the server did commit.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it commits, the transaction is committed or not; whoever looks again finds out.
    pub async fn end<T, E>(mut self, result: Result<T, E>) -> Result<T, E>
    where
        E: From<sqlx::Error>,
    {
        let ended = self.execute(if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).await;
        self.over = ended.is_ok();
        let value = result?;
        ended?;
        Ok(value)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.over {
            self.connection.close_on_drop();
        }
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("over", &self.over).finish_non_exhaustive()
    }
}
