//! Does a look read what is runnable, and nothing that has ended?

use example_reconciler::{LOOK_DELAYS_SQL, LOOK_GRANTS_SQL};
use ff_scanner_testkit::Database;
use sqlx::{AssertSqlSafe, Executor, PgConnection};

/// The plan of a look as it is run: planned once, for any keys.
async fn plan(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    let begin = "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan";
    connection.execute(begin).await.expect("a transaction begins");
    connection.execute(AssertSqlSafe(format!("PREPARE look AS {sql}"))).await.expect("the statement prepares");
    let explain = "EXPLAIN (COSTS OFF) EXECUTE look ('{3, 4}', NULL, 1000, NULL, NULL, NULL, '{}')";
    let lines = sqlx::query_scalar(explain).fetch_all(&mut *connection).await.expect("the statement is planned");
    connection.execute("ROLLBACK; DEALLOCATE look").await.expect("nothing is kept");
    lines
}

#[tokio::test]
async fn both_looks_go_from_lane_to_lane_to_what_is_runnable() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(1);
    let history = sqlx::query(include_str!("sql/history.sql")).bind(20_000_i64).bind(200_i64).bind(64);
    history.execute(&pool).await.expect("the rows are legal");
    pool.execute("ANALYZE").await.expect("statistics can be taken");
    let mut connection = pool.acquire().await.expect("a connection");
    for sql in [LOOK_GRANTS_SQL, LOOK_DELAYS_SQL] {
        let plan = plan(&mut connection, sql).await;
        let reads = |line: &&String| line.contains("Index Cond") && line.contains("lifecycle_phase");
        assert!(plan.iter().any(|line| reads(&line)), "what is runnable is not read by an index: {plan:#?}");
        for line in plan.iter().filter(reads) {
            assert!(line.contains("(lane_id = "), "all lanes are read: {line}");
        }
        assert!(!plan.iter().any(|line| line.contains("Seq Scan on ff_")), "a table is read whole: {plan:#?}");
    }
}
