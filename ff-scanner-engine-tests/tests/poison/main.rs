//! Do rows that hold anything at all keep the good ones beside them waiting?

mod evil;
mod targets;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use ff_scanner::core::{Backlog, PartitionCount, PartitionCounts, Scheduler, TickReport};
use ff_scanner::{Config, names, register_enabled};
use ff_scanner_migrations::EngineVersion;
use ff_scanner_testkit::{Database, HASH_CHILDREN, Server};
use sqlx::{AssertSqlSafe, PgPool};

use evil::Target;

const PARTITIONS: u16 = 4;
/// Below a cancelled sibling nothing waits but what was spoilt into it.
const ROUNDS_MAX: usize = 5;
const SEED: u64 = 20_240_229;

/// Kind, whether it is good, how many there are, and how many are done.
type Count = (String, bool, i64, i64);

async fn seed(pool: &PgPool, version: EngineVersion, each: i32, now_ms: i64) {
    sqlx::raw_sql(include_str!("sql/table.sql")).execute(pool).await.expect("a table");
    let query = sqlx::query(include_str!("sql/subjects.sql")).bind(each).bind(i32::from(PARTITIONS));
    query.execute(pool).await.expect("subjects");
    sqlx::query(include_str!("sql/rows.sql")).bind(now_ms).execute(pool).await.expect("legal rows");
    spoil(pool, version).await;
    sqlx::raw_sql("ANALYZE").execute(pool).await.expect("statistics can be taken");
}

/// What is written into a column, by the subject's number; `None` is NULL.
type Values = Vec<(i32, Option<String>)>;

/// Spoils one to three values of each subject that is not good.
async fn spoil(pool: &PgPool, version: EngineVersion) {
    let mut random = Rng::with_seed(SEED);
    let query = sqlx::query_as("SELECT kind, n FROM subject WHERE NOT good ORDER BY kind, n");
    let subjects: Vec<(String, i32)> = query.fetch_all(pool).await.expect("subjects can be read");
    let mut spoilt: BTreeMap<(String, usize), Values> = BTreeMap::new();
    for (kind, n) in subjects {
        let targets = targets::of(&kind, version);
        for _ in 0..random.usize(1..=3) {
            let target = random.usize(..targets.len());
            let value = targets[target].values.spoil(&mut random);
            spoilt.entry((kind.clone(), target)).or_default().push((n, value));
        }
    }
    for ((kind, target), values) in spoilt {
        write(pool, &kind, &targets::of(&kind, version)[target], values).await;
    }
}

async fn write(pool: &PgPool, kind: &str, target: &Target, values: Values) {
    let Target { table, column, key: (key, of), .. } = target;
    let query = sqlx::query_scalar(
        "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2",
    );
    let r#type: String = query.bind(table).bind(column).fetch_one(pool).await.expect("the column exists");
    let sql = format!(
        "UPDATE {table} AS spoilt SET {column} = evil.value::{type} \
           FROM subject, unnest($1::integer[], $2::text[]) AS evil (n, value) \
          WHERE subject.kind = $3 AND subject.n = evil.n \
            AND spoilt.partition_key = subject.partition_key AND spoilt.{key}::text = subject.{of}::text"
    );
    let (numbers, texts): (Vec<_>, Vec<_>) = values.into_iter().unzip();
    let query = sqlx::query(AssertSqlSafe(sql)).bind(numbers).bind(texts).bind(kind);
    let done = query.execute(pool).await.unwrap_or_else(|error| panic!("{table}.{column}: {error}"));
    assert!(done.rows_affected() > 0, "{table}.{column} of {kind}");
}

/// One cycle of each of the seven.
async fn cycles(scheduler: &Scheduler) -> BTreeMap<&'static str, TickReport> {
    let mut reports = BTreeMap::new();
    for name in names() {
        let cycle = scheduler.cycle(name).await.expect("it is registered");
        let cycle = cycle.unwrap_or_else(|error| panic!("{name} stopped: {error:?}"));
        assert_eq!(cycle.backlog, Backlog::Drained, "{name} left work");
        reports.insert(name, cycle.report);
    }
    reports
}

fn keys(reports: &BTreeMap<&str, TickReport>) -> BTreeSet<String> {
    reports.values().flat_map(|report| &report.failures).map(|failure| failure.key.clone()).collect()
}

/// Prints the counts of each, by kind of error.
fn print(reports: &BTreeMap<&str, TickReport>) {
    for (name, report) in reports {
        println!("{name:22} {:5} changed, {:3} failed {:?}", report.changed, report.failed(), report.verdicts);
        let mut errors: BTreeMap<&str, usize> = BTreeMap::new();
        for failure in &report.failures {
            *errors.entry(failure.error.split(" at line").next().unwrap_or_default()).or_default() += 1;
        }
        for (error, number) in errors {
            println!("    {number:4} {error}");
        }
    }
}

async fn assert_good_ones_are_done(pool: &PgPool, now_ms: i64) {
    let query = sqlx::query_as(include_str!("sql/done.sql")).bind(now_ms);
    let counts: Vec<Count> = query.fetch_all(pool).await.expect("they can be counted");
    for (kind, good, number, done) in &counts {
        println!("{kind:9} {} {number:5}, of which done {done:5}", if *good { "good  " } else { "spoilt" });
    }
    for (kind, good, number, done) in counts {
        assert!(!good || done == number, "{} good ones of {kind} are stuck", number - done);
    }
}

async fn assert_failures_name_spoilt_ones(pool: &PgPool, reports: &BTreeMap<&str, TickReport>) {
    let query = sqlx::query_scalar(include_str!("sql/names.sql"));
    let ids: Vec<Option<String>> = query.fetch_all(pool).await.expect("ids can be read");
    let ids: BTreeSet<&str> = ids.iter().flatten().map(String::as_str).collect();
    for failure in reports.values().flat_map(|report| &report.failures) {
        let found = failure.key.split(['/', ' ']).any(|part| ids.contains(part));
        assert!(found, "{} is none of those that were spoilt: {}", failure.key, failure.error);
    }
}

/// Lets all seven run over `each` subjects of each of seven kinds, a fourth of which is good.
async fn poisoned(version: EngineVersion, each: i32) {
    let server = Server::shared().expect("a server");
    let template = Database::template(&server, version, HASH_CHILDREN).await.expect("a template");
    let database = Database::clone_of(&template).await.expect("a database");
    let pool = database.pool(4);
    let query = sqlx::query_scalar("SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint");
    let now_ms: i64 = query.fetch_one(&pool).await.expect("the server has a clock");
    seed(&pool, version, each, now_ms).await;

    let partitions = PartitionCount::new(PARTITIONS).expect("within bounds");
    let counts = PartitionCounts { flow: partitions, budget: partitions };
    let builder = Scheduler::builder().partitions(counts).drain_ticks_max(10_000);
    let mut config = Config::new(pool.clone());
    // No engine is beside, which might have marked the events of the last cycle and be about to apply them.
    config.dependency.heal_after = Some(Duration::ZERO);
    let scheduler = register_enabled(builder, &config).build().expect("the set is valid");
    let first = cycles(&scheduler).await;

    print(&first);
    assert_good_ones_are_done(&pool, now_ms).await;
    assert_failures_name_spoilt_ones(&pool, &first).await;

    // What was done makes others due, and whatever is still due in the end has been reported.
    let mut reported: BTreeSet<String> = keys(&first);
    for round in 0.. {
        assert!(round < ROUNDS_MAX, "there is no end to it");
        let reports = cycles(&scheduler).await;
        if reports.values().all(|report| report.changed == 0) {
            assert!(reports.values().all(|report| report.skipped == 0), "some are left without a word: {reports:?}");
            assert!(keys(&reports).is_subset(&reported), "some have not been reported");
            break;
        }
        reported.append(&mut keys(&reports));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rows_most_of_them_spoilt_cost_no_good_one_its_turn() {
    poisoned(EngineVersion::V0_15, 1430).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_do_two_thousand_on_the_oldest_schema() {
    poisoned(EngineVersion::V0_11, 300).await;
}
