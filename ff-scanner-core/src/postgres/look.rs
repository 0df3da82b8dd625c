//! What do the looks of partitioned reconcilers have in common?

use sqlx::PgPool;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::postgres::{Transaction, failed};
use crate::{Page, Partitioned, TickError};

/// Runs a look that is about executions and returns its rows.
///
/// Binds `$1 smallint[]` the partition keys, `$2 bigint` the pinned time or NULL, `$3 bigint` the limit for a
/// partition, `$4 text` the namespace, `$5 text` and `$6 text` the tag's key and value, `$7 uuid[]` the executions to
/// leave out.
///
/// Cancel safe: it only reads.
pub async fn look<K, R>(
    pool: &PgPool,
    sql: &'static str,
    page: &Page<'_, Partitioned, K>,
    limit: u32,
    execution_id: impl Fn(&K) -> Uuid,
    operation: &'static str,
) -> Result<Vec<R>, TickError>
where
    R: for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin,
{
    let filter = page.cx.filter();
    let avoid: Vec<Uuid> = page.avoid.iter().map(execution_id).collect();
    let mut tx = Transaction::look(pool).await.map_err(failed(operation))?;
    let rows: Result<Vec<R>, _> = sqlx::query_as(sql)
        .bind(page.cx.partitions().keys())
        .bind(page.cx.now_ms())
        .bind(i64::from(limit))
        .bind(filter.namespace.as_deref())
        .bind(filter.tag_key())
        .bind(filter.tag_value())
        .bind(avoid)
        .fetch_all(&mut *tx)
        .await;
    tx.end(rows).await.map_err(failed(operation))
}
