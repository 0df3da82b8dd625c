//! Applying is safe to repeat, to plan, to interrupt and to do twice at once.

use std::collections::BTreeSet;

use ff_scanner_migrations::{EngineVersion, MigrateError, apply_engine, apply_scanner, plan_engine, plan_scanner};

use crate::{empty, names, objects, run};

const LATEST: EngineVersion = EngineVersion::V0_15;

#[tokio::test]
async fn applying_twice_does_nothing_the_second_time() {
    let database = empty().await;
    let options = database.connect_options();
    let first = apply_engine(&options, LATEST, 2).await.unwrap();
    assert_eq!(first.applied.len(), first.total);
    let second = apply_engine(&options, LATEST, 2).await.unwrap();
    assert!(second.applied.is_empty());
    assert_eq!(second.total, first.total);

    assert!(!apply_scanner(&options).await.unwrap().applied.is_empty());
    assert!(apply_scanner(&options).await.unwrap().applied.is_empty());
}

#[tokio::test]
async fn appliers_at_once_all_succeed_and_each_file_is_applied_by_one_of_them() {
    let database = empty().await;
    // A snapshot older than the wait for the other would see a ledger of the past.
    let strict = [("default_transaction_isolation", "serializable")];
    let options = database.connect_options().options(strict);
    let apply = || apply_engine(&options, LATEST, 2);
    let (a, b, c) = tokio::join!(apply(), apply(), apply());
    let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());

    let applied = [&a, &b, &c].map(|done| done.applied.iter().map(|step| step.version));
    let applied: Vec<i64> = applied.into_iter().flatten().collect();
    let distinct: BTreeSet<i64> = applied.iter().copied().collect();
    assert_eq!(applied.len(), distinct.len());
    assert_eq!([a.total, b.total, c.total], [distinct.len(); 3]);
}

#[tokio::test]
async fn a_dry_run_lists_what_would_be_applied_and_writes_nothing() {
    let database = empty().await;
    let options = database.connect_options();
    let before = objects(&database).await;
    let engine = plan_engine(&options, LATEST, 2).await.unwrap();
    let scanner = plan_scanner(&options).await.unwrap();
    assert_eq!(objects(&database).await, before);
    assert!(engine.present.is_empty());

    let applied = apply_engine(&options, LATEST, 2).await.unwrap().applied;
    assert_eq!(engine.pending, applied);
    assert_eq!(scanner.pending, apply_scanner(&options).await.unwrap().applied);

    let after = plan_engine(&options, LATEST, 2).await.unwrap();
    assert!(after.pending.is_empty());
    assert_eq!(after.present, applied.iter().map(|step| step.version).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_file_that_fails_leaves_no_trace_and_the_next_run_goes_on_from_there() {
    let database = empty().await;
    let options = database.connect_options();
    run(&database, "CREATE TABLE ff_attempt_p1 ()").await;
    let error = apply_engine(&options, LATEST, 2).await.unwrap_err();
    let MigrateError::Step { step, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(step.to_string(), "1105 attempt");
    assert!(!objects(&database).await.contains(&"relation public.ff_attempt".to_owned()));

    run(&database, "DROP TABLE ff_attempt_p1").await;
    let rest = apply_engine(&options, LATEST, 2).await.unwrap();
    assert_eq!(rest.applied.first(), Some(step));
}

#[tokio::test]
async fn the_scanner_set_stays_in_its_schema_and_out_of_the_engine_s_ledger() {
    let database = empty().await;
    let deployment = "CREATE TABLE _sqlx_migrations (version bigint); CREATE TABLE ff_exec_core ()";
    run(&database, deployment).await;
    let before = objects(&database).await;
    apply_scanner(&database.connect_options()).await.unwrap();
    let mut after = objects(&database).await;
    after.retain(|object| !object.contains(" ff_scanner."));
    assert_eq!(after, before);
    let ledger = "SELECT version::text FROM ff_scanner.migrations";
    assert!(!names(&database, ledger).await.is_empty());
}

#[tokio::test]
async fn the_scanner_set_needs_no_right_to_create_schemas_when_its_own_is_there() {
    let database = empty().await;
    let role = format!("{}_role", database.name());
    let prepare = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'secret'; CREATE SCHEMA ff_scanner; \
         GRANT USAGE, CREATE ON SCHEMA ff_scanner TO {role}"
    );
    run(&database, &prepare).await;
    let options = database.connect_options().username(&role).password("secret");
    let applied = apply_scanner(&options).await;
    run(&database, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    assert!(!applied.unwrap().applied.is_empty());
}
