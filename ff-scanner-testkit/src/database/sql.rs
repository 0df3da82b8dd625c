//! The statements on whole databases. None of them can take parameters, and all names are made here.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row};
use tokio::time::{Instant, sleep};

use super::DatabaseError;
use crate::Server;

/// Before a UUID of version 7.
pub(super) const PREFIX: &str = "ff_test_";

/// How long a session that has just ended may still count as one.
const BUSY_MAX: Duration = Duration::from_secs(30);
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// `object_in_use`: "source database is being accessed by other users".
const BUSY: &str = "55006";

/// From this version on, a template can be copied as files instead of through the log, which is five times as fast.
const FILE_COPY_SINCE: u32 = 150_000;

pub(super) fn error(operation: &'static str) -> impl Fn(sqlx::Error) -> DatabaseError {
    move |source| DatabaseError::Sql { operation, source }
}

pub(super) async fn connect(server: &Server) -> Result<PgConnection, DatabaseError> {
    server.connect_options().connect().await.map_err(error("connect to the server"))
}

/// Creates `name` as a copy of `template`, or empty.
pub(super) async fn create(server: &Server, name: &str, template: Option<&str>) -> Result<(), DatabaseError> {
    let mut connection = connect(server).await?;
    let version = connection.server_version_num().unwrap_or_default();
    let strategy = if version >= FILE_COPY_SINCE && template.is_some() { " STRATEGY file_copy" } else { "" };
    // `template0` rather than the default, to which somebody may be connected.
    let template = template.unwrap_or("template0");
    let statement = format!("CREATE DATABASE {name} TEMPLATE {template}{strategy}");
    when_free(&mut connection, &statement).await.map_err(error("create a database"))
}

/// Drops `name`, if it is there, with its sessions.
pub(super) async fn drop_database(options: PgConnectOptions, name: String) -> Result<(), sqlx::Error> {
    let mut connection = options.connect().await?;
    run(&mut connection, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    connection.close().await
}

/// Drops the databases of tests that were killed: older than an hour and without a session.
pub(super) async fn drop_leftovers(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let failed = error("drop what an earlier run left behind");
    let rows = connection.fetch_all(include_str!("leftovers.sql")).await.map_err(&failed)?;
    for row in rows {
        let name: String = row.try_get("datname").map_err(&failed)?;
        // Another process may be at the same, and a leftover is no reason not to run.
        drop(run(connection, &format!("DROP DATABASE IF EXISTS {name}")).await);
    }
    Ok(())
}

/// Runs `statement` as soon as nobody uses the database that it is about.
pub(super) async fn when_free(connection: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
    let deadline = Instant::now() + BUSY_MAX;
    loop {
        match run(connection, statement).await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(BUSY) && Instant::now() < deadline => {
                sleep(BUSY_PAUSE).await;
            }
            other => return other,
        }
    }
}

pub(super) async fn run(connection: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
    // Names are ours: a prefix and hexadecimal digits.
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(connection).await.map(drop)
}
