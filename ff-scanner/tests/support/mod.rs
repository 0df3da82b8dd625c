//! What the tests on a whole database share.

#![allow(dead_code, reason = "each test binary uses its part")]

use ff_scanner::core::{PartitionCount, PartitionCounts};
use sqlx::PgPool;

/// Flow partitions that the tests seed and visit.
pub(crate) const PARTITIONS: u16 = 64;

/// The reconcilers whose rows become due because time passes, which `seed` writes.
pub(crate) const TIME_DRIVEN: [&str; 3] = ["attempt_timeout", "lease_expiry", "suspension_timeout"];

/// Kind, vector, lease events of each, completion events of each, how many.
pub(crate) type Outcome = (String, String, i64, i64, i64);

pub(crate) fn counts() -> PartitionCounts {
    let flow = PartitionCount::new(PARTITIONS).expect("within bounds");
    PartitionCounts { flow, ..PartitionCounts::default() }
}

/// The server's time, milliseconds since the epoch.
pub(crate) async fn now_ms(pool: &PgPool) -> i64 {
    let sql = "SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint";
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("the server has a clock")
}

/// Writes `each` due executions of each kind over all partitions.
pub(crate) async fn seed(pool: &PgPool, each: i64) {
    write(pool, include_str!("../sql/due_of_each_kind.sql"), each, PARTITIONS).await;
    analyze(pool).await;
}

/// Writes `each` due executions of each kind over the first `partitions`, among ten times as many that have ended, with
/// flows and budgets of which one in ten is due.
pub(crate) async fn fill(pool: &PgPool, each: i64, partitions: u16) {
    write(pool, include_str!("../sql/due_of_each_kind.sql"), each, partitions).await;
    write(pool, include_str!("../sql/history.sql"), 10 * each, partitions).await;
    write(pool, include_str!("../sql/flows.sql"), 3 * each, partitions).await;
    write(pool, include_str!("../sql/budgets.sql"), 2 * each, partitions).await;
    analyze(pool).await;
}

async fn write(pool: &PgPool, sql: &'static str, rows: i64, partitions: u16) {
    let query = sqlx::query(sql).bind(rows).bind(i32::from(partitions)).bind(now_ms(pool).await);
    query.execute(pool).await.expect("the rows are legal");
}

async fn analyze(pool: &PgPool) {
    sqlx::raw_sql("ANALYZE").execute(pool).await.expect("statistics can be taken");
}

pub(crate) async fn outcomes(pool: &PgPool) -> Vec<Outcome> {
    sqlx::query_as(include_str!("../sql/outcomes.sql")).fetch_all(pool).await.expect("outcomes can be read")
}

/// What `outcomes` must be when `each` executions of each kind were moved exactly once.
pub(crate) fn all_moved_once(each: i64) -> Vec<Outcome> {
    [
        ("lapsed", "runnable/unowned/eligible_now/waiting/pending_retry_attempt", 1, 0),
        ("overdue", "terminal/unowned/not_applicable/expired/attempt_terminal", 1, 1),
        ("suspended", "terminal/unowned/not_applicable/expired/attempt_terminal", 0, 1),
    ]
    .map(|(kind, vector, leases, completions)| (kind.to_owned(), vector.to_owned(), leases, completions, each))
    .to_vec()
}
