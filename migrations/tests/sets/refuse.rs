//! Where nothing is applied, and what is said then.

use std::error::Error;

use ff_scanner_migrations::{EngineVersion, MigrateError, apply_engine, apply_scanner, plan_engine};

use crate::{empty, objects, run};

const LATEST: EngineVersion = EngineVersion::V0_15;

#[tokio::test]
async fn a_real_deployment_is_left_alone() {
    for (ddl, relation) in [
        ("CREATE TABLE _sqlx_migrations ()", "_sqlx_migrations"),
        ("CREATE TABLE ff_exec_core ()", "ff_exec_core"),
        ("CREATE SCHEMA flows; CREATE TABLE flows.ff_exec_core ()", "flows.ff_exec_core"),
    ] {
        let database = empty().await;
        run(&database, ddl).await;
        let before = objects(&database).await;
        let error = apply_engine(&database.connect_options(), LATEST, 4).await.unwrap_err();
        assert!(error.to_string().contains(&format!("it has {relation},")), "{error}");
        let planned = plan_engine(&database.connect_options(), LATEST, 4).await.unwrap_err();
        assert_eq!(planned.to_string(), error.to_string());
        assert_eq!(objects(&database).await, before);

        apply_scanner(&database.connect_options()).await.unwrap();
        let error = apply_engine(&database.connect_options(), LATEST, 4).await.unwrap_err();
        assert!(matches!(error, MigrateError::RealDeployment { .. }), "{error}");
    }
}

#[tokio::test]
async fn the_number_of_children_stays_what_it_was() {
    let database = empty().await;
    let options = database.connect_options();
    apply_engine(&options, EngineVersion::V0_11, 2).await.unwrap();
    let error = apply_engine(&options, LATEST, 4).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the tables here have 2 hash children each, not 4; ask for 2, or use another database"
    );
    for given in [0, 1025] {
        let error = apply_engine(&options, LATEST, given).await.unwrap_err();
        assert!(matches!(error, MigrateError::ChildrenOutOfRange { .. }), "{error}");
    }
}

#[tokio::test]
async fn nothing_is_ever_downgraded() {
    let database = empty().await;
    let options = database.connect_options();
    apply_engine(&options, LATEST, 1).await.unwrap();
    let error = apply_engine(&options, EngineVersion::V0_12, 1).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the tables here are those of engine 0.13, and there is no way back to 0.12; use another database"
    );
}

#[tokio::test]
async fn a_ledger_of_other_files_is_not_touched() {
    let database = empty().await;
    let options = database.connect_options();
    apply_scanner(&options).await.unwrap();

    run(&database, "UPDATE ff_scanner.migrations SET checksum = '' WHERE version = 1").await;
    let error = apply_scanner(&options).await.unwrap_err();
    assert!(matches!(error, MigrateError::ChangedStep { .. }), "{error}");

    run(&database, "UPDATE ff_scanner.migrations SET version = 9999").await;
    let error = apply_scanner(&options).await.unwrap_err();
    assert!(matches!(error, MigrateError::UnknownStep { version: 9999, .. }), "{error}");
}

#[tokio::test]
async fn an_error_never_tells_the_password() {
    let nobody = "postgres://ff:hunter2@localhost:1/ff".parse().unwrap();
    let error = apply_scanner(&nobody).await.unwrap_err();
    let mut text = format!("{error:?}");
    let mut next: Option<&dyn Error> = Some(&error);
    while let Some(error) = next {
        text += &error.to_string();
        next = error.source();
    }
    assert!(text.contains("cannot connect"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}
