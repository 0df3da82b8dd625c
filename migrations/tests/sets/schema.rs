//! The tables are the engine's, in every version.

use std::collections::BTreeMap;
use std::time::Instant;

use ff_scanner_migrations::{EngineVersion, apply_engine};
use ff_scanner_testkit::{Database, Options, Server};

use crate::{empty, names, objects, relations};

/// `engine.txt` as it reads for `version`.
fn expected(version: EngineVersion) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::new();
    let mut table = None;
    for line in include_str!("engine.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let marked = line.strip_suffix(']').and_then(|line| line.rsplit_once(" ["));
        let (line, since) = marked.unwrap_or((line, "0.11"));
        let exists = version >= since.parse().expect("a mark is a version");
        if let Some(entry) = line.strip_prefix("    ") {
            if let Some(table) = table.as_ref().filter(|_| exists) {
                tables.entry(String::clone(table)).or_insert_with(Vec::new).push(entry.to_owned());
            }
        } else {
            table = exists.then(|| line.to_owned());
        }
    }
    tables
}

#[tokio::test]
async fn every_version_has_exactly_the_columns_and_indexes_that_the_engine_gives_it() {
    let database = empty().await;
    for version in EngineVersion::ALL {
        apply_engine(&database.connect_options(), version, 4).await.unwrap();
        let (found, expected) = (relations(&database).await, expected(version));
        assert!(found.keys().eq(expected.keys()), "{version}: {found:#?}");
        for (table, lines) in found {
            assert_eq!(lines, expected[&table], "{table} in {version}");
        }
    }
}

#[tokio::test]
async fn upgrading_step_by_step_leads_to_what_a_new_database_has() {
    let (upgraded, fresh) = (empty().await, empty().await);
    let mut applied = 0;
    for version in EngineVersion::ALL {
        let options = upgraded.connect_options();
        applied += apply_engine(&options, version, 2).await.unwrap().applied.len();
    }
    let options = fresh.connect_options();
    let once = apply_engine(&options, EngineVersion::default(), 2).await.unwrap();
    assert_eq!(applied, once.applied.len());
    assert_eq!(objects(&upgraded).await, objects(&fresh).await);
    assert_eq!(relations(&upgraded).await, relations(&fresh).await);
}

#[tokio::test]
async fn the_children_of_a_table_divide_all_keys_among_them() {
    let database = empty().await;
    apply_engine(&database.connect_options(), EngineVersion::V0_11, 3).await.unwrap();
    let children = "
        SELECT relname || ' ' || pg_get_expr(relpartbound, oid) FROM pg_class
        WHERE relispartition AND relkind = 'r' AND relname ~ '^ff_attempt_' ORDER BY 1";
    let expected = [0, 1, 2].map(|i| format!("ff_attempt_p{i} FOR VALUES WITH (modulus 3, remainder {i})"));
    assert_eq!(names(&database, children).await, expected);
}

#[tokio::test]
async fn the_partition_counts_are_those_that_the_engine_writes_down() {
    let database = empty().await;
    apply_engine(&database.connect_options(), EngineVersion::V0_11, 1).await.unwrap();
    let counts = "SELECT ff_partition_config::text FROM ff_partition_config";
    assert_eq!(names(&database, counts).await, ["(t,256,256,256,0.7.0)"]);
}

#[tokio::test]
async fn a_stock_server_has_room_for_the_locks_of_256_children() {
    let stock = [("max_connections", "100"), ("max_locks_per_transaction", "64")];
    let options = stock.into_iter().fold(Options::new(), |options, (name, value)| options.with_setting(name, value));
    let server = Server::start(&options).unwrap();
    let database = Database::empty(&server).await.unwrap();
    let begin = Instant::now();
    apply_engine(&database.connect_options(), EngineVersion::default(), 256).await.unwrap();
    println!("256 children took {:?}", begin.elapsed());
    let children = "
        SELECT DISTINCT count(*)::text FROM pg_inherits JOIN pg_class ON oid = inhparent
        WHERE relkind = 'p' GROUP BY inhparent";
    assert_eq!(names(&database, children).await, ["256"]);
}
