//! The database that the others are copied from.

use sqlx::PgConnection;

use super::{Database, DatabaseError, sql};
use crate::Server;

/// A migrated database that nobody connects to. It stays on its server, for the next test run to clone.
#[derive(Debug, Clone)]
pub struct Template {
    server: Server,
    name: String,
}

impl Template {
    /// The server that it is on.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// What it is called there; other migrations make another name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The template that `key` names on `server`; `build` fills it when it is not there yet.
pub(super) async fn get<F>(server: &Server, key: u64, build: F) -> Result<Template, DatabaseError>
where
    F: AsyncFnOnce(&Database) -> Result<(), DatabaseError>,
{
    let template = Template { server: server.clone(), name: format!("ff_template_{key:016x}") };
    let mut connection = sql::connect(server).await?;
    sql::drop_leftovers(&mut connection).await?;
    if exists(&mut connection, &template.name).await? {
        return Ok(template);
    }
    // Held until the connection ends, so also when this is dropped halfway. Behind a pooler it may not hold; then two
    // build at once, and the second finds the name taken.
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(key.cast_signed());
    lock.execute(&mut connection).await.map_err(sql::error("wait for the template"))?;
    if !exists(&mut connection, &template.name).await? {
        // Under another name, so that a template is whole from the moment that it has its own.
        let unfinished = Database::empty(server).await?;
        build(&unfinished).await?;
        publish(&mut connection, &unfinished, &template).await?;
    }
    Ok(template)
}

async fn publish(
    connection: &mut PgConnection,
    unfinished: &Database,
    template: &Template,
) -> Result<(), DatabaseError> {
    let (from, to) = (unfinished.name(), &template.name);
    let closed = format!("ALTER DATABASE {from} IS_TEMPLATE true ALLOW_CONNECTIONS false");
    let failed = sql::error("publish the template");
    sql::run(connection, &closed).await.map_err(&failed)?;
    // What filled it may have left sessions to tasks that nobody can wait for, and they would keep it from its name.
    let ended = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{from}'");
    sql::run(connection, &ended).await.map_err(&failed)?;
    match sql::when_free(connection, &format!("ALTER DATABASE {from} RENAME TO {to}")).await {
        Err(_) if exists(connection, to).await? => {
            // A template cannot be dropped, and this one is of no use.
            sql::run(connection, &format!("ALTER DATABASE {from} IS_TEMPLATE false")).await.map_err(failed)
        }
        other => other.map_err(failed),
    }
}

async fn exists(connection: &mut PgConnection, name: &str) -> Result<bool, DatabaseError> {
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(name);
    query.fetch_one(connection).await.map_err(sql::error("look for the template"))
}
