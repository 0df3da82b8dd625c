//! Did anything change, and is it what it should be?

use sqlx::{AssertSqlSafe, PgPool};

use super::Table;
use super::violation::{Violation, violated};

/// All rows of the subject's tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// Every row as it is, with the transaction that wrote it.
    pub(super) exact: Vec<String>,
    /// Every row without ids and times: equal for two runs from equal seeds.
    pub(super) shape: Vec<String>,
}

impl Snapshot {
    pub(super) async fn take(pool: &PgPool, tables: &[Table], partition: Option<i16>) -> Self {
        let (mut exact, mut shape) = (Vec::new(), Vec::new());
        for table in tables {
            let statement = include_str!("snapshot.sql").replace("{table}", table.name);
            let rows: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(statement))
                .bind(table.name)
                .bind(partition)
                .fetch_all(pool)
                .await
                .expect("the subject's tables can be read");
            for (row, outline) in rows {
                exact.push(row);
                shape.push(outline);
            }
        }
        exact.sort_unstable();
        shape.sort_unstable();
        Self { exact, shape }
    }

    /// The rows that mention one of `keys`.
    pub(super) fn of(&self, keys: &[String]) -> Vec<String> {
        self.exact.iter().filter(|row| keys.iter().any(|key| row.contains(key.as_str()))).cloned().collect()
    }
}

/// `Err` with `sentence` and the rows that differ, unless both hold the same rows. Both are sorted.
pub(super) fn ensure_same(expected: &[String], found: &[String], sentence: &str) -> Result<(), Violation> {
    if expected == found {
        return Ok(());
    }
    let (missing, extra) = (first_missing(expected, found), first_missing(found, expected));
    Err(violated(format!("{sentence}\n  expected: {missing}\n  found:    {extra}")))
}

/// The first of `rows` that `others` have fewer of.
fn first_missing<'a>(rows: &'a [String], others: &[String]) -> &'a str {
    let mut others = others.iter().peekable();
    for row in rows {
        while others.next_if(|other| *other < row).is_some() {}
        if others.next_if_eq(&row).is_none() {
            return row;
        }
    }
    "nothing more"
}
