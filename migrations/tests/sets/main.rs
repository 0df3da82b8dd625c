//! What the two sets do to a database.

mod apply;
mod events;
mod refuse;
mod schema;

use std::collections::BTreeMap;

use ff_scanner_testkit::{Database, Server};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

/// A database that has nothing yet.
async fn empty() -> Database {
    Database::empty(&Server::shared().expect("the tests have a server")).await.expect("an empty database can be made")
}

/// Runs statements on a connection of their own.
async fn run(database: &Database, statements: &str) {
    let mut connection = connect(database).await;
    let statements = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
    statements.execute(&mut connection).await.expect("the statements are right");
    connection.close().await.expect("the session ends well");
}

/// The first column of every row.
async fn names(database: &Database, query: &str) -> Vec<String> {
    let query = sqlx::query_scalar(AssertSqlSafe(query.to_owned()));
    query.fetch_all(&mut connect(database).await).await.expect("the query is right")
}

/// All relations and functions that are not the server's.
async fn objects(database: &Database) -> Vec<String> {
    let objects = "
        SELECT format('%s %s.%s', kind, nspname, name) FROM (
            SELECT 'relation', relnamespace, relname FROM pg_class
            UNION ALL SELECT 'function', pronamespace, proname FROM pg_proc
            UNION ALL SELECT 'schema', oid, '' FROM pg_namespace
        ) AS object (kind, namespace, name)
        JOIN pg_namespace ON pg_namespace.oid = namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1";
    names(database, objects).await
}

/// Columns and indexes by table, as `engine.txt` writes them.
async fn relations(database: &Database) -> BTreeMap<String, Vec<String>> {
    let rows: Vec<(String, String)> = sqlx::query_as(include_str!("relations.sql"))
        .fetch_all(&mut connect(database).await)
        .await
        .expect("the catalogue is readable");
    let mut relations = BTreeMap::<_, Vec<_>>::new();
    for (table, line) in rows {
        relations.entry(table).or_default().push(line);
    }
    relations
}

async fn connect(database: &Database) -> PgConnection {
    database.connect_options().connect().await.expect("the database is there")
}
