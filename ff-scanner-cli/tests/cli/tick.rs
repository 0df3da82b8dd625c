//! `ff-scanner tick`.

use ff_scanner_testkit::Seed;
use serde_json::{Value, json};

use crate::support::{block_on, ff_scanner, now_ms, own_database, stderr, stdout};

#[test]
fn the_report_is_one_object_a_reconciler() {
    let database = own_database();
    block_on(async {
        let pool = database.pool(1);
        let now = now_ms(&pool).await;
        for partition in 0..5 {
            Seed::lapsed(1000).insert(&pool, partition, now).await;
        }
        pool.close().await;
    });
    let mut command =
        ff_scanner(&["tick", "lease_expiry", "suspension_timeout", "--until-drained", "--format", "json"]);
    let output = command.env("DATABASE_URL", database.url()).output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).expect("stdout is JSON and nothing else");
    let expected = |name: &str, changed: u64, ticks: &Value| {
        json!({
            "name": name, "ticks": ticks, "changed": changed, "skipped": 0, "failed": 0, "remaining": false,
        })
    };
    assert_eq!(report[0], expected("lease_expiry", 5, &report[0]["ticks"]));
    assert_eq!(report[1], expected("suspension_timeout", 0, &json!(1)));
    assert_eq!(report.as_array().map(Vec::len), Some(2));
}

#[test]
fn each_of_the_seven_ticks_by_its_name() {
    let database = own_database();
    let names = ff_scanner::names();
    assert_eq!(names.len(), 7);
    for name in names {
        let mut command = ff_scanner(&["tick", name, "--until-drained", "--format", "json"]);
        let output = command.env("DATABASE_URL", database.url()).output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        let report: Value = serde_json::from_str(&stdout(&output)).expect("stdout is JSON and nothing else");
        assert_eq!((&report[0]["name"], &report[0]["remaining"]), (&json!(name), &json!(false)));
    }
}

#[test]
fn only_the_rows_of_the_filter_are_moved() {
    let database = own_database();
    block_on(async {
        let pool = database.pool(1);
        let now = now_ms(&pool).await;
        Seed::lapsed(1000).with_namespace("acme").insert(&pool, 1, now).await;
        Seed::lapsed(1000).with_namespace("globex").insert(&pool, 1, now).await;
        pool.close().await;
    });
    let mut command = ff_scanner(&["tick", "lease_expiry", "--namespace", "acme", "--format", "json"]);
    let output = command.env("DATABASE_URL", database.url()).output().expect("the binary runs");
    let report: Value = serde_json::from_str(&stdout(&output)).expect("stdout is JSON and nothing else");
    assert_eq!(report[0]["changed"], 1);
}

#[test]
fn a_locked_row_does_not_keep_it_going() {
    let database = own_database();
    let output = block_on(async {
        let pool = database.pool(1);
        let now = now_ms(&pool).await;
        Seed::lapsed(1000).insert(&pool, 1, now).await;
        let mut worker = pool.begin().await.expect("a transaction begins");
        sqlx::query("SELECT FROM ff_exec_core FOR UPDATE").execute(&mut *worker).await.expect("the row can be locked");
        let mut command = ff_scanner(&["tick", "lease_expiry", "--until-drained", "--format", "json"]);
        let output = command.env("DATABASE_URL", database.url()).output().expect("the binary runs");
        worker.rollback().await.expect("the lock is released");
        output
    });
    let report: Value = serde_json::from_str(&stdout(&output)).expect("stdout is JSON and nothing else");
    assert_eq!((&report[0]["changed"], &report[0]["remaining"]), (&json!(0), &json!(false)));
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let database = own_database();
    let mut command = ff_scanner(&["tick", "lease_expiry"]);
    command.env("DATABASE_URL", database.url()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
