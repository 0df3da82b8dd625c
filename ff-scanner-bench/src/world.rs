//! The databases that everything is measured on.

use std::time::Duration;

use ff_scanner_migrations::{EngineVersion, apply_engine, apply_scanner};
use ff_scanner_testkit::{Options, Server};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};

use crate::args::Sizes;
use crate::case::Case;
use crate::error::BenchError;
use crate::meter::Meter;

/// Beside what makes it durable: enough memory that the largest tables are not read from files, enough log that no run pays for
/// another's checkpoint, and neither an autovacuum, which comes at random beside whoever is measured, nor a background writer,
/// which for two minutes after each run goes through that memory, at as much of a core as all reconcilers take when idle.
pub(crate) const SETTINGS: [(&str, &str); 6] = [
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("shared_buffers", "6GB"),
    ("max_wal_size", "8GB"),
    ("autovacuum", "off"),
    ("bgwriter_lru_maxpages", "0"),
];
/// One statement of a world writes this many rows of each table, so that none grows without bound.
const ROWS_AT_ONCE: i64 = 250_000;

/// Starts a private server, durable as in production.
pub(crate) fn start_server() -> Result<Server, BenchError> {
    let options = SETTINGS
        .iter()
        .fold(Options::new().with_durable(true), |options, (name, value)| options.with_setting(*name, *value));
    let counting = options.clone().with_setting("shared_preload_libraries", "pg_stat_statements");
    // Where the library is missing, the server does not start with it, and statements are not counted.
    Ok(Server::start(&counting).or_else(|_| Server::start(&options))?)
}

/// A database with the engine's tables, and a connection of the bench's own.
pub(crate) struct World {
    database: PgConnectOptions,
    pub(crate) connection: PgConnection,
    pub(crate) meter: Meter,
    /// How often connections are warmed before they are measured.
    pub(crate) warm_ups: usize,
    executions: i64,
    /// The last transaction that wrote what stays; what later ones wrote is a run's.
    kept: Option<String>,
}

impl World {
    /// Makes the database `name`, with empty tables.
    pub(crate) async fn new(server: &Server, name: &str, sizes: &Sizes) -> Result<Self, BenchError> {
        let maintenance = server.connect_options().disable_statement_logging();
        // Takes no parameters; all names are made by the bench.
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&mut maintenance.connect().await?).await?;
        let database = maintenance.database(name);
        apply_engine(&database, EngineVersion::default(), sizes.hash_children).await?;
        apply_scanner(&database).await?;
        let mut connection = database.connect().await?;
        let meter = Meter::new(server, &mut connection).await?;
        Ok(Self { database, connection, meter, warm_ups: sizes.warm_ups, executions: 0, kept: None })
    }

    pub(crate) fn database(&self) -> PgConnectOptions {
        self.database.clone()
    }

    /// Adds rows that are not due, until there are that many executions, and as many budgets and flows.
    pub(crate) async fn grow(&mut self, executions: i64) -> Result<(), BenchError> {
        // Else what runs have left would be taken for a part of the world.
        self.clean_up().await?;
        while self.executions < executions {
            let more = ROWS_AT_ONCE.min(executions - self.executions);
            for sql in [
                include_str!("../sql/world_executions.sql"),
                include_str!("../sql/world_budgets.sql"),
                include_str!("../sql/world_flows.sql"),
            ] {
                self.write(sql, more).await?;
            }
            self.executions += more;
        }
        self.keep().await?;
        self.write_out().await
    }

    /// Makes what has been written so far a part of the world.
    pub(crate) async fn keep(&mut self) -> Result<(), BenchError> {
        let kept = sqlx::query_scalar("SELECT pg_current_xact_id()::text").fetch_one(&mut self.connection).await?;
        self.kept = Some(kept);
        sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut self.connection).await?;
        Ok(())
    }

    /// Removes what runs have written, so that each finds tables of the same size and pays for none before it: else there are
    /// three times as many rows that are not due when the last is measured. Sessions forget what they know of the tables.
    pub(crate) async fn clean_up(&mut self) -> Result<(), BenchError> {
        if let Some(kept) = &self.kept {
            let tables: Vec<String> =
                sqlx::query_scalar(include_str!("../sql/tables.sql")).fetch_all(&mut self.connection).await?;
            for table in tables {
                // A table's name is no parameter; the catalogue has quoted it.
                let delete = format!("DELETE FROM {table} WHERE age(xmin) < age($1::text::xid)");
                let removed = sqlx::query(AssertSqlSafe(delete)).bind(kept).execute(&mut self.connection).await?;
                if removed.rows_affected() > 0 {
                    // From the few pages that it would read, the server estimates fewer rows each time.
                    let vacuum = AssertSqlSafe(format!("VACUUM (DISABLE_PAGE_SKIPPING) {table}"));
                    sqlx::raw_sql(vacuum).execute(&mut self.connection).await?;
                }
            }
        }
        Ok(())
    }

    /// Writes out what is dirty, so that no run pays for what was written before it.
    pub(crate) async fn write_out(&mut self) -> Result<(), BenchError> {
        sqlx::raw_sql("CHECKPOINT").execute(&mut self.connection).await?;
        Ok(())
    }

    /// Runs a statement that writes `rows` with times around now.
    pub(crate) async fn write(&mut self, sql: &'static str, rows: i64) -> Result<(), BenchError> {
        let now: i64 = sqlx::query_scalar(include_str!("../sql/now.sql")).fetch_one(&mut self.connection).await?;
        sqlx::query(sql).bind(rows).bind(now).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Writes `rows` that become due from now on over `window`, called `name` together.
    pub(crate) async fn write_due(
        &mut self,
        case: &Case,
        rows: u64,
        window: Duration,
        name: &str,
    ) -> Result<(), BenchError> {
        let now: i64 = sqlx::query_scalar(include_str!("../sql/now.sql")).fetch_one(&mut self.connection).await?;
        sqlx::query(case.due)
            .bind(i64::try_from(rows).unwrap_or(i64::MAX))
            .bind(now)
            .bind(i64::try_from(window.as_millis()).unwrap_or(i64::MAX))
            .bind(name)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    pub(crate) async fn version(&mut self) -> Result<String, BenchError> {
        Ok(sqlx::query_scalar("SHOW server_version").fetch_one(&mut self.connection).await?)
    }
}
