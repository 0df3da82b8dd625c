//! Executions as the engine leaves them when nobody comes for them.

#![allow(dead_code, reason = "each test binary uses its part")]

use sqlx::PgPool;
use uuid::Uuid;

pub(crate) const NOW_MS: i64 = 1_800_000_000_000;

/// A grant that only the field knows of, as on engine 0.11; `None` is `pending_claim` without any grant.
pub(crate) async fn pend(pool: &PgPool, partition: i16, ids: &[Uuid], expires_at_ms: Option<i64>) {
    let query = sqlx::query(include_str!("../sql/pend.sql")).bind(partition).bind(ids).bind(expires_at_ms);
    query.execute(pool).await.expect("the state is legal");
}

/// A grant that only the table knows of; `kind` is `claim` or `reclaim`.
pub(crate) async fn grant(pool: &PgPool, partition: i16, ids: &[Uuid], expires_at_ms: i64, kind: &str) {
    let query = sqlx::query(include_str!("../sql/grant.sql")).bind(partition).bind(ids).bind(expires_at_ms).bind(kind);
    query.execute(pool).await.expect("the grant is legal");
}

/// Granted by a scheduler of engine 0.12 or later.
pub(crate) async fn granted(pool: &PgPool, partition: i16, ids: &[Uuid], expires_at_ms: i64) {
    pend(pool, partition, ids, Some(expires_at_ms)).await;
    grant(pool, partition, ids, expires_at_ms, "claim").await;
}

pub(crate) async fn delay(pool: &PgPool, partition: i16, ids: &[Uuid], until_ms: Option<i64>) {
    let query = sqlx::query(include_str!("../sql/delay.sql")).bind(partition).bind(ids).bind(until_ms);
    query.execute(pool).await.expect("the state is legal");
}

/// `until` as the field has it, which need not be a number.
pub(crate) async fn back_off(pool: &PgPool, partition: i16, ids: &[Uuid], until: &str, deadline_at_ms: Option<i64>) {
    let query = sqlx::query(include_str!("../sql/back_off.sql")).bind(partition).bind(ids).bind(until);
    query.bind(deadline_at_ms).execute(pool).await.expect("the state is legal");
}

pub(crate) fn ids(keys: &[String]) -> Vec<Uuid> {
    keys.iter().map(|key| key.parse().expect("a seeded execution has a UUID")).collect()
}
