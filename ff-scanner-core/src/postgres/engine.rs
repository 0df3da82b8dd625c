//! How does one statement serve every schema of the engine?

use sqlx::PgPool;

use uuid::Uuid;

use crate::TickError;
use crate::postgres::{Transaction, failed};

/// Marks, at the end of a line, what engine 0.11 has not got.
const LATER: &str = "-- engine 0.12";
/// Precedes, as a comment, what stands in its place there.
const EARLIER: &str = "-- engine 0.11: ";

/// The variant of `sql` for a schema of engine 0.11.
///
/// The file as it stands is for 0.12 and later. A line that ends in `-- engine 0.12` is left out, and a line that
/// begins with `-- engine 0.11: ` loses that prefix, so the two variants stand side by side and cannot drift apart.
#[must_use]
pub fn for_engine_0_11(sql: &str) -> String {
    let lines =
        sql.lines().filter(|line| !line.ends_with(LATER)).map(|line| match line.trim_start().strip_prefix(EARLIER) {
            Some(earlier) => earlier,
            None => line,
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether `table` has `column`. A missing table has none: the statement that needs it says so better.
pub async fn has_column(pool: &PgPool, table: &str, column: &str) -> Result<bool, TickError> {
    let sql = include_str!("has_column.sql");
    sqlx::query_scalar(sql)
        .bind(table)
        .bind(column)
        .fetch_one(pool)
        .await
        .map_err(failed("look at the engine's schema"))
}

/// [`clear_waits`], as it is run.
pub const CLEAR_WAITS_SQL: &str = include_str!("clear_waits.sql");

/// Removes the suspensions and waitpoints of executions that the caller is about to end, and whose core rows and attempts
/// it holds in `tx`. Returns those that wait for nothing any more; the others stay as they are, because somebody holds
/// what they wait for.
///
/// # Errors
///
/// What the server says, as of any statement of the act.
pub async fn clear_waits(
    tx: &mut Transaction,
    partition: i16,
    execution_ids: &[Uuid],
) -> Result<Vec<Uuid>, sqlx::Error> {
    // It is called after a statement that inserts events.
    Transaction::plan_for_partition(tx).await?;
    sqlx::query_scalar(CLEAR_WAITS_SQL).bind(partition).bind(execution_ids).fetch_all(&mut **tx).await
}

#[cfg(test)]
mod tests {
    use super::for_engine_0_11;

    #[test]
    fn a_line_of_a_later_engine_gives_way_to_its_earlier_twin() {
        let sql = "SELECT a,\n  count + 1 AS c -- engine 0.12\n  -- engine 0.11: 0 AS c\nFROM t";
        assert_eq!(for_engine_0_11(sql), "SELECT a,\n0 AS c\nFROM t");
    }
}
