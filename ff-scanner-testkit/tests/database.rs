//! Databases from a template: the same schema, and nothing else in common.

use ff_scanner_migrations::EngineVersion;
use ff_scanner_testkit::{Database, HASH_CHILDREN, Options, Server};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

async fn run(database: &Database, statement: &str) -> Result<(), sqlx::Error> {
    let mut connection = database.connect_options().connect().await?;
    let statement = AssertSqlSafe(statement.to_owned());
    sqlx::raw_sql(statement).execute(&mut connection).await.map(drop)
}

async fn tables(connection: &mut PgConnection) -> i64 {
    let statement = "SELECT count(*) FROM pg_class WHERE relkind = 'p'";
    sqlx::query_scalar(statement).fetch_one(connection).await.expect("the catalogue is readable")
}

async fn names(server: &Server, prefix: &str) -> Vec<String> {
    let mut connection = server.connect_options().connect().await.expect("the server is up");
    let statement = "SELECT datname::text FROM pg_database WHERE starts_with(datname, $1)";
    let query = sqlx::query_scalar(statement).bind(prefix);
    query.fetch_all(&mut connection).await.expect("the catalogue is readable")
}

#[tokio::test]
async fn a_clone_has_the_schema_and_is_isolated_from_the_next() {
    let (one, two) = (Database::own().await.unwrap(), Database::own().await.unwrap());
    let mut connection = one.connect_options().connect().await.unwrap();
    assert!(tables(&mut connection).await > 0);

    run(&one, "CREATE TABLE only_here ()").await.unwrap();
    run(&two, "CREATE TABLE only_here ()").await.unwrap();
}

#[tokio::test]
async fn a_database_is_dropped_with_its_value_even_when_somebody_is_connected() {
    let server = Server::shared().unwrap();
    let database = Database::own().await.unwrap();
    let name = database.name().to_owned();
    let pool = database.pool(2);
    sqlx::query("SELECT 1").execute(&pool).await.unwrap();
    assert_eq!(names(&server, &name).await, std::slice::from_ref(&name));
    drop(database);
    assert!(names(&server, &name).await.is_empty());
}

#[tokio::test]
async fn the_tests_of_a_binary_share_a_database_and_not_a_partition() {
    let (one, two) = tokio::join!(Database::shared(), Database::shared());
    assert_eq!(one.unwrap().name(), two.unwrap().name());
    assert_ne!(Database::next_partition(), Database::next_partition());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_built_once_however_many_ask() {
    let server = Server::start(&Options::new()).unwrap();
    let ask = || Database::template(&server, EngineVersion::default(), HASH_CHILDREN);
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    let (one, two, three) = (one.unwrap(), two.unwrap(), three.unwrap());
    assert_eq!((one.name(), two.name()), (two.name(), three.name()));
    assert_eq!(names(&server, "ff_template_").await, [one.name()]);
    assert!(names(&server, "ff_test_").await.is_empty(), "nothing is left of the building");

    let other = Database::template(&server, EngineVersion::V0_11, HASH_CHILDREN).await.unwrap();
    assert_ne!(other.name(), one.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_of_your_own_is_filled_once_for_each_key_and_not_kept_when_that_fails() {
    let server = Server::start(&Options::new()).unwrap();
    let fill = async |database: &Database| Ok(run(database, "CREATE TABLE mine ()").await?);
    let failed = Database::template_with(&server, "mine 1", async |_| Err("no".into())).await;
    assert_eq!(failed.unwrap_err().to_string(), "cannot fill the template: no");
    assert!(names(&server, "ff_").await.is_empty(), "nothing is left of the failure");

    let template = Database::template_with(&server, "mine 1", fill).await.unwrap();
    let again = Database::template_with(&server, "mine 1", async |_| Err("no".into())).await.unwrap();
    assert_eq!(again.name(), template.name());
    let clone = Database::shared_clone_of(&template).await.unwrap();
    assert_eq!(Database::shared_clone_of(&template).await.unwrap().name(), clone.name());
    run(&clone, "SELECT FROM mine").await.unwrap();
}

#[tokio::test]
async fn a_template_can_be_cloned_many_times_at_once() {
    let template = || async {
        let server = Server::shared().unwrap();
        Database::template(&server, EngineVersion::default(), HASH_CHILDREN).await.unwrap()
    };
    let template = template().await;
    let clone = || Database::clone_of(&template);
    let (one, two, three, four) = tokio::join!(clone(), clone(), clone(), clone());
    for database in [one, two, three, four] {
        database.unwrap();
    }
}

#[tokio::test]
async fn an_empty_database_has_no_tables() {
    let database = Database::empty(&Server::shared().unwrap()).await.unwrap();
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    assert_eq!(tables(&mut connection).await, 0);
}

#[tokio::test]
async fn what_a_killed_run_left_behind_is_dropped_by_a_later_one() {
    let server = Server::start(&Options::new()).unwrap();
    let mut connection = server.connect_options().connect().await.unwrap();
    let old = "ff_test_01900000000070008000000000000000";
    let statement = format!("CREATE DATABASE {old}");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    let young = Database::empty(&server).await.unwrap();

    Database::template(&server, EngineVersion::default(), HASH_CHILDREN).await.unwrap();
    assert_eq!(names(&server, "ff_test_").await, [young.name()]);
}
