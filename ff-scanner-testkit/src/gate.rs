//! How does a test get between a statement's snapshot and its locks?

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};
use tokio::time::timeout;
use uuid::Uuid;

/// A statement that has not come to the gate by then never will.
const PATIENCE: Duration = Duration::from_secs(30);

/// A lock that a statement waits for when it has its snapshot and has not locked anything yet: what is written meanwhile, the
/// statement cannot see.
#[derive(Debug)]
pub struct Gate {
    holder: Transaction<'static, Postgres>,
    pool: PgPool,
    number: i16,
}

impl Gate {
    /// Closes the gate `number`, which no other test of that database may have: that of a partition which is the test's own,
    /// say. It keeps one connection of `pool`, the statement takes another, and so does who waits for it.
    ///
    /// # Panics
    ///
    /// Where the database cannot be reached.
    pub async fn close(pool: &PgPool, number: i16) -> Self {
        let mut holder = pool.begin().await.expect("a transaction begins");
        let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(i64::from(number));
        lock.execute(&mut *holder).await.expect("an advisory lock can be had");
        Self { holder, pool: pool.clone(), number }
    }

    /// Makes `sql` read `parameter`, with its cast, as in `$2::uuid[]`, only once the gate is open.
    ///
    /// # Panics
    ///
    /// Where `sql` has no such parameter.
    #[must_use]
    pub fn hold_up(&self, sql: &str, parameter: &str) -> AssertSqlSafe<String> {
        let (before, after) = sql.split_once(parameter).expect("the statement has that parameter");
        let (_, cast) = parameter.split_once("::").expect("the parameter has a cast");
        let number = self.number;
        AssertSqlSafe(format!("{before}(SELECT {parameter} FROM pg_advisory_xact_lock({number}))::{cast}{after}"))
    }

    /// Waits until a statement has come to the gate, writes, and opens it. Each of `writes` has `id` for `$1`.
    ///
    /// # Panics
    ///
    /// Where no statement comes within half a minute, and where a write fails.
    pub async fn open_after(self, writes: impl IntoIterator<Item = &'static str>, id: Uuid) {
        timeout(PATIENCE, self.is_stood_before()).await.expect("the statement comes to the gate");
        for sql in writes {
            sqlx::query(sql).bind(id).execute(&self.pool).await.expect("the row can be written");
        }
        self.holder.commit().await.expect("the lock is given back");
    }

    async fn is_stood_before(&self) {
        let stands = "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database \
                                      WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted \
                                        AND objid::bigint = $1)";
        let stands = || sqlx::query_scalar::<_, bool>(stands).bind(i64::from(self.number)).fetch_one(&self.pool);
        while !stands().await.expect("locks can be read") {}
    }
}
