//! Is every statement valid on every schema, and does it read by the index that its header names?
#![cfg(feature = "full")]

mod support;

use ff_scanner::attempt_timeout::{
    LOOK_LAPSED_SQL, LOOK_SQL as LOOK_OVERDUE_SQL, TIME_OUT_SQL as TIME_OUT_ATTEMPT_SQL,
};
use ff_scanner::core::postgres::for_engine_0_11;
use ff_scanner::lease_expiry::{LOOK_SQL as LOOK_LEASE_SQL, RELEASE_SQL};
use ff_scanner::suspension::{LOOK_SQL as LOOK_SUSPENSION_SQL, TIME_OUT_SQL as TIME_OUT_SUSPENSION_SQL};
use ff_scanner_migrations::{EngineVersion, apply_engine};
use ff_scanner_testkit::{Database, HASH_CHILDREN, Server};
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool};

/// As the engine has it.
const HASH_CHILDREN_FULL: u16 = 256;

struct Statement {
    name: &'static str,
    sql: &'static str,
    /// What the index that the header names must appear as, in a child of the partitioned table.
    reads_by: &'static [&'static str],
    /// Which executions are `few`, of partition 3.
    kind: &'static str,
    /// SQL expressions.
    arguments: &'static [&'static str],
}

const LOOK: &[&str] = &[
    "(SELECT array_agg(n)::smallint[] FROM generate_series(0, 63) AS n)",
    "NULL",
    "1000",
    "NULL",
    "NULL",
    "NULL",
    "'{}'",
];
const FEW: &str = "(SELECT array_agg(execution_id) FROM few)";

const STATEMENTS: [Statement; 7] = [
    Statement {
        name: "lease_expiry/look",
        kind: "lapsed",
        sql: LOOK_LEASE_SQL,
        reads_by: &["partition_key_lease_expires_at_ms_idx"],
        arguments: LOOK,
    },
    Statement {
        name: "lease_expiry/release",
        kind: "lapsed",
        sql: RELEASE_SQL,
        reads_by: &["ff_exec_core_p[0-9]+_pkey", "ff_attempt_p[0-9]+_pkey"],
        arguments: &["3", FEW, "(SELECT array_agg(0) FROM few)", "NULL", "false"],
    },
    Statement {
        name: "attempt_timeout/look",
        kind: "overdue",
        sql: LOOK_OVERDUE_SQL,
        reads_by: &["partition_key_lease_expires_at_ms_idx", "ff_exec_core_p[0-9]+_pkey"],
        arguments: LOOK,
    },
    Statement {
        name: "attempt_timeout/look_lapsed",
        kind: "overdue",
        sql: LOOK_LAPSED_SQL,
        reads_by: &["partition_key_lease_expires_at_ms_idx"],
        arguments: LOOK,
    },
    Statement {
        name: "attempt_timeout/time_out",
        kind: "overdue",
        sql: TIME_OUT_ATTEMPT_SQL,
        reads_by: &["ff_exec_core_p[0-9]+_pkey", "ff_attempt_p[0-9]+_pkey"],
        arguments: &["3", FEW, "NULL", "false"],
    },
    Statement {
        name: "suspension_timeout/look",
        kind: "suspended",
        sql: LOOK_SUSPENSION_SQL,
        reads_by: &["partition_key_timeout_at_ms_idx"],
        arguments: LOOK,
    },
    Statement {
        name: "suspension_timeout/time_out",
        kind: "suspended",
        sql: TIME_OUT_SUSPENSION_SQL,
        reads_by: &["ff_exec_core_p[0-9]+_pkey", "ff_suspension_current_p[0-9]+_pkey"],
        arguments: &["3", FEW, "NULL"],
    },
];

async fn prepares(pool: &PgPool, name: &str, sql: String) {
    if let Err(error) = pool.prepare(sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(sql))).await {
        panic!("{name}: {error}");
    }
}

#[tokio::test]
async fn every_statement_prepares_on_the_oldest_and_the_newest_schema_of_the_engine() {
    let server = Server::shared().expect("a Postgres");
    for version in [EngineVersion::V0_11, EngineVersion::V0_15] {
        let template = Database::template(&server, version, HASH_CHILDREN).await.expect("a template");
        let database = Database::clone_of(&template).await.expect("a database");
        let pool = database.pool(1);
        for statement in STATEMENTS {
            let sql = match version {
                EngineVersion::V0_11 => for_engine_0_11(statement.sql),
                _ => statement.sql.to_owned(),
            };
            prepares(&pool, statement.name, sql).await;
        }
    }
}

/// Runs one statement as its reconciler does, in a transaction that is rolled back, and returns the plan.
async fn plan(connection: &mut PgConnection, statement: &Statement) -> String {
    let look = statement.sql.contains("-- Locks nothing");
    connection.execute("BEGIN").await.expect("a transaction begins");
    let mode = if look { "SET LOCAL plan_cache_mode = force_generic_plan" } else { "SET LOCAL plan_cache_mode = auto" };
    connection.execute(mode).await.expect("the mode exists");
    let prepare = format!("PREPARE statement AS {}", statement.sql);
    connection.execute(AssertSqlSafe(prepare)).await.expect("the statement prepares");
    // EXECUTE takes no subqueries, so the arguments are evaluated first.
    let quoted: Vec<String> = statement.arguments.iter().map(|one| format!("quote_nullable({one})")).collect();
    let evaluate = format!(
        "WITH few AS ( \
             SELECT execution_id FROM ff_exec_core WHERE partition_key = 3 AND lane_id = '{}' LIMIT 10) \
         SELECT concat_ws(', ', {})",
        statement.kind,
        quoted.join(", ")
    );
    let arguments: String = sqlx::query_scalar(AssertSqlSafe(evaluate))
        .fetch_one(&mut *connection)
        .await
        .expect("the arguments can be evaluated");
    let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE statement ({arguments})");
    let lines: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.expect("the statement runs");
    connection.execute("ROLLBACK; DEALLOCATE statement").await.expect("nothing is kept");
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
    let mut connection = pool.acquire().await.expect("a connection");
    for statement in STATEMENTS {
        let plan = plan(&mut connection, &statement).await;
        for index in statement.reads_by {
            let used = plan.lines().any(|line| !line.contains("never executed") && names(line, index));
            assert!(used, "{} does not read by {index}:\n{plan}", statement.name);
        }
        // A child without rows may be read whole: there is nothing to read.
        let whole = plan.lines().find(|line| {
            line.contains("Seq Scan on ff_") && !line.contains("never executed") && !line.contains("rows=0")
        });
        assert_eq!(whole, None, "{} reads a table whole", statement.name);
    }
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
