//! Is every statement valid on every schema, and does it read by the index that its header names?
#![cfg(feature = "full")]

mod registry;
#[path = "../support/mod.rs"]
mod support;

use ff_scanner::budget::CLEAR_LEDGER_SQL;
use ff_scanner::core::postgres::{Transaction, fit, for_engine_0_11};
use ff_scanner::core::{Page, Quiet, TickContext};
use ff_scanner_migrations::apply_engine;
use ff_scanner_testkit::{Database, EngineVersion, Server};
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool};

use registry::{STATEMENTS, Statement};

/// As the engine has it.
const HASH_CHILDREN_FULL: u16 = 256;

/// Prepares `sql` with the types of its header on the one connection of `pool`.
async fn prepares(pool: &PgPool, name: &str, sql: String) {
    let prepare = format!("PREPARE statement {} AS {sql}", types(&sql));
    if let Err(error) = pool.execute(AssertSqlSafe(prepare)).await {
        panic!("{name}: {error}");
    }
    pool.execute("DEALLOCATE statement").await.expect("the statement is forgotten");
}

#[tokio::test]
async fn every_statement_prepares_on_the_oldest_and_the_newest_schema_of_the_engine() {
    for version in [EngineVersion::V0_11, EngineVersion::V0_15] {
        let database = Database::of_engine(version).await.expect("a database");
        let pool = database.pool(1);
        for statement in STATEMENTS {
            let sql = match version {
                // There is no ledger yet, and the reconciler sees that.
                EngineVersion::V0_11 if statement.sql == CLEAR_LEDGER_SQL => continue,
                EngineVersion::V0_11 => for_engine_0_11(statement.sql),
                _ => statement.sql.to_owned(),
            };
            prepares(&pool, statement.name, sql).await;
        }
    }
}

/// `sql` without a filter and rows to leave out.
fn for_most_pages(sql: &str) -> String {
    fit(sql, &Page { cx: &TickContext::global(), avoid: &[] as &[()], quiet: &Quiet::default() }).0
}

/// The types of the parameters, as the header has them: `-- $1 smallint[]  partition keys`.
fn types(sql: &str) -> String {
    let parameters = sql.lines().filter(|line| line.starts_with("-- $"));
    let types: Vec<&str> = parameters.filter_map(|line| line.split_whitespace().nth(2)).collect();
    if types.is_empty() { String::new() } else { format!("({})", types.join(", ")) }
}

/// What stands behind `EXECUTE statement`, which takes no subqueries, so that `expressions` are evaluated first.
async fn arguments(connection: &mut PgConnection, expressions: &[&str]) -> String {
    if expressions.is_empty() {
        return String::new();
    }
    let quoted: Vec<String> = expressions.iter().map(|one| format!("quote_nullable({one})")).collect();
    let evaluate = format!("SELECT '(' || concat_ws(', ', {}) || ')'", quoted.join(", "));
    let evaluated = sqlx::query_scalar(AssertSqlSafe(evaluate)).fetch_one(connection).await;
    evaluated.expect("the arguments can be evaluated")
}

/// Runs `sql` as its reconciler does, in a transaction that is rolled back, and returns the plan.
async fn plan(pool: &PgPool, statement: &Statement, sql: &str) -> String {
    let look = sql.contains("-- Locks nothing.\n");
    let begun = if look { Transaction::look(pool).await } else { Transaction::act(pool).await };
    let mut connection = begun.expect("a transaction begins");
    let prepare = format!("PREPARE statement {} AS {sql}", types(sql));
    connection.execute(AssertSqlSafe(prepare)).await.expect("the statement prepares");
    let arguments = arguments(&mut connection, statement.arguments).await;
    let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE statement {arguments}");
    let lines: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.expect("the statement runs");
    connection.execute("DEALLOCATE statement").await.expect("the statement is forgotten");
    connection.end(Err::<(), _>(sqlx::Error::RowNotFound)).await.expect_err("nothing is kept");
    lines.join("\n")
}

#[tokio::test]
async fn every_statement_reads_a_full_schema_by_the_index_that_its_header_names() {
    let server = Server::shared().expect("a Postgres");
    let database = Database::empty(&server).await.expect("a database");
    let migrated = apply_engine(&database.connect_options(), EngineVersion::default(), HASH_CHILDREN_FULL).await;
    migrated.expect("the engine's tables");
    let pool = database.pool(1);
    support::fill(&pool, 8_000, 8).await;
    let mut complaints = Vec::new();
    for (statement, sql) in
        STATEMENTS.iter().flat_map(|one| [(one, one.sql.to_owned()), (one, for_most_pages(one.sql))])
    {
        let plan = plan(&pool, statement, &sql).await;
        for index in statement.reads_by {
            if !plan.lines().any(|line| !line.contains("never executed") && names(line, index)) {
                complaints.push(format!("{} does not read by {index}:\n{plan}", statement.name));
            }
        }
        // A child without rows may be read whole: there is nothing to read.
        let whole = plan.lines().find(|line| {
            let read = line.contains("Seq Scan on ff_") && !line.contains("never executed") && !line.contains("rows=0");
            read && !statement.reads_whole.iter().any(|table| line.contains(table))
        });
        complaints.extend(whole.map(|line| format!("{} reads a table whole: {line}\n{plan}", statement.name)));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

/// Whether `line` scans by an index whose name ends in `index`, with `[0-9]+` for the number of the child.
fn names(line: &str, index: &str) -> bool {
    match index.split_once("[0-9]+") {
        Some((table, rest)) => line.match_indices(table).any(|(at, _)| {
            line[at + table.len()..].trim_start_matches(|digit: char| digit.is_ascii_digit()).starts_with(rest)
        }),
        None => line.contains(index),
    }
}
