//! What do looks have in common?

use sqlx::postgres::{PgHasArrayType, PgRow};
use sqlx::{AssertSqlSafe, Encode, FromRow, PgPool, Postgres, Type};

use crate::postgres::{Silence, Transaction, failed, silence};
use crate::{Ask, Filter, Page, Partitioned, Scope, TickError};

const IF_FILTERED: &str = "-- if filtered";
const IF_AVOIDING: &str = "-- if avoiding";
const END_IF: &str = "-- end if";

/// Fits a look to its page: what most pages have no use for is left out, because it is planned and set up for every child
/// of a table all the same.
///
/// The lines from `-- if filtered` to `-- end if` are for a page with a filter, and those from `-- if avoiding` for one
/// with rows to leave out. The file as it stands is for both.
#[must_use]
pub fn fit<S: Scope, K>(sql: &str, page: &Page<'_, S, K>) -> AssertSqlSafe<String> {
    AssertSqlSafe(keep(sql, *page.cx.filter() != Filter::default(), !page.avoid.is_empty()))
}

fn keep(sql: &str, filtered: bool, avoiding: bool) -> String {
    let mut kept = String::with_capacity(sql.len());
    let mut keeps = true;
    for line in sql.lines() {
        match line.trim_start() {
            IF_FILTERED => keeps = filtered,
            IF_AVOIDING => keeps = avoiding,
            END_IF => keeps = true,
            _ if keeps => kept.extend([line, "\n"]),
            _ => {}
        }
    }
    kept
}

/// Runs a look of a partitioned reconciler, as [`fit`] makes it, and returns its rows; runs it only when there is
/// something to look for, which [`silence`] knows.
///
/// Binds `$1 smallint[]` the partition keys, `$2 bigint` the pinned time or NULL, `$3 bigint` the limit for a
/// partition, `$4 text` the namespace, `$5 text` and `$6 text` the tag's key and value, `$7` an array of what `avoided`
/// makes of the keys to leave out. What is due at `$2` must depend on nothing but `$2` and the tables, and be due at any
/// later time, too.
///
/// Cancel safe: it only reads.
pub async fn look<K, A, R>(
    pool: &PgPool,
    sql: &'static str,
    page: &Page<'_, Partitioned, K>,
    limit: u32,
    avoided: impl Fn(&K) -> A,
    operation: &'static str,
) -> Result<Vec<R>, TickError>
where
    A: for<'q> Encode<'q, Postgres> + Type<Postgres> + PgHasArrayType,
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let avoid: Vec<A> = page.avoid.iter().map(avoided).collect();
    let mut tx = Transaction::look(pool).await.map_err(failed(operation))?;
    let rows = look_if_needed(&mut tx, sql, page, &avoid, limit).await;
    tx.end(rows).await.map_err(failed(operation))
}

async fn look_if_needed<K, A, R>(
    tx: &mut Transaction,
    sql: &'static str,
    page: &Page<'_, Partitioned, K>,
    avoid: &[A],
    limit: u32,
) -> Result<Vec<R>, sqlx::Error>
where
    A: for<'q> Encode<'q, Postgres> + Type<Postgres> + PgHasArrayType,
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let silence = silence(tx, page).await?;
    let nothing_ahead = match silence.as_ref().map(|silence| &silence.ask) {
        Some(Ask::Nothing) => return Ok(Vec::new()),
        Some(Ask::Ahead(at_ms)) => Some(look_at::<K, A, R>(tx, sql, page, avoid, Some(*at_ms), 1).await?.is_empty()),
        Some(Ask::Now) | None => None,
    };
    let rows = match nothing_ahead {
        // What is due now is due then, too.
        Some(true) => Vec::new(),
        _ => look_at(tx, sql, page, avoid, page.cx.now_ms(), limit).await?,
    };
    if let Some(Silence { state, now_ms, .. }) = silence.filter(|_| rows.is_empty()) {
        page.quiet.found_nothing(state, now_ms, nothing_ahead);
    }
    Ok(rows)
}

/// Looks at what is due at `at_ms`; `None` means now.
async fn look_at<K, A, R>(
    tx: &mut Transaction,
    sql: &'static str,
    page: &Page<'_, Partitioned, K>,
    avoid: &[A],
    at_ms: Option<i64>,
    limit: u32,
) -> Result<Vec<R>, sqlx::Error>
where
    A: for<'q> Encode<'q, Postgres> + Type<Postgres> + PgHasArrayType,
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let filter = page.cx.filter();
    sqlx::query_as(fit(sql, page))
        .bind(page.cx.partitions().keys())
        .bind(at_ms)
        .bind(i64::from(limit))
        .bind(filter.namespace.as_deref())
        .bind(filter.tag_key())
        .bind(filter.tag_value())
        .bind(avoid)
        .fetch_all(&mut **tx)
        .await
}

#[cfg(test)]
mod tests {
    use super::keep;

    #[test]
    fn a_look_keeps_the_conditions_that_its_page_needs() {
        let sql = "a\n  -- if avoiding\n  b\n  -- end if\n  -- if filtered\n  c\n  -- end if\nd";
        assert_eq!(keep(sql, true, true), "a\n  b\n  c\nd\n");
        assert_eq!(keep(sql, true, false), "a\n  c\nd\n");
        assert_eq!(keep(sql, false, true), "a\n  b\nd\n");
        assert_eq!(keep(sql, false, false), "a\nd\n");
    }
}
