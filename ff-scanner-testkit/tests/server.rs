//! A private Postgres: ready, shared, and gone afterwards whatever happens.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ff_scanner_testkit::{Options, Server, Shutdown};
use sqlx::{ConnectOptions, Connection, PgConnection};

/// Set in a re-execution of this test binary: what the helper at the end of this file is to do.
const ROLE: &str = "FF_TEST_ROLE";

#[tokio::test]
async fn a_private_server_is_ready_and_gone_after_it_is_dropped() {
    let begin = Instant::now();
    let server = Server::start(&Options::new()).unwrap();
    let ready = begin.elapsed();
    eprintln!("ready after {ready:?}");
    let mut connection = server.connect_options().connect().await.unwrap();
    assert_eq!(show(&mut connection, "fsync").await, "off");

    let dir = server.directory().unwrap().to_owned();
    let postmaster = postmaster(&dir);
    drop(server);
    assert!(!dir.exists());
    assert!(!runs(postmaster));
}

#[tokio::test]
async fn a_durable_server_behaves_as_in_production() {
    let options = Options::new().with_durable(true).with_setting("work_mem", "8MB");
    let server = Server::start(&options).unwrap();
    let mut connection = server.connect_options().connect().await.unwrap();
    for name in ["fsync", "synchronous_commit", "full_page_writes", "autovacuum"] {
        assert_eq!(show(&mut connection, name).await, "on", "{name}");
    }
    assert_eq!(show(&mut connection, "work_mem").await, "8MB");
    assert!(!server.directory().unwrap().starts_with("/dev/shm"));
}

#[tokio::test]
async fn a_postmaster_can_be_stopped_and_started_again() {
    let server = Server::start(&Options::new()).unwrap();
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept AS SELECT 42 AS answer").execute(&mut connection).await.unwrap();

    for how in [Shutdown::Fast, Shutdown::Immediate] {
        server.stop_postmaster(how).unwrap();
        server.stop_postmaster(how).unwrap();
        assert!(server.connect_options().connect().await.is_err());
        server.start_postmaster().unwrap();
        let mut connection = server.connect_options().connect().await.unwrap();
        let answer: i32 = sqlx::query_scalar("SELECT answer FROM kept").fetch_one(&mut connection).await.unwrap();
        assert_eq!(answer, 42);
    }
    server.stop().unwrap();
    server.stop().unwrap();
}

#[test]
fn a_server_whose_owner_was_killed_is_removed() {
    let (mut owner, dir) = helper("own");
    let postmaster = postmaster(&dir);
    assert!(runs(postmaster));

    owner.kill().unwrap();
    owner.wait().unwrap();
    eventually("the directory and the postmaster are gone", || !dir.exists() && !runs(postmaster));
    let base = dir.parent().unwrap();
    let name = dir.file_name().unwrap().to_str().unwrap();
    eventually("nothing is left under another name", || {
        let mut names = fs::read_dir(base).unwrap().map(|entry| entry.unwrap().file_name());
        !names.any(|other| other.to_str().unwrap().starts_with(name))
    });
}

#[test]
fn a_server_whose_janitor_was_killed_too_is_removed_by_the_next() {
    let (mut owner, dir) = helper("own");
    let janitor = fs::read_to_string(dir.join("janitor")).unwrap();
    let janitor = janitor.split('.').next().unwrap();
    assert!(Command::new("kill").args(["-KILL", janitor]).status().unwrap().success());
    owner.kill().unwrap();
    owner.wait().unwrap();

    let next = Server::start(&Options::new()).unwrap();
    eventually("the next server had the leftover removed", || !dir.exists());
    assert!(next.directory().unwrap().exists());
}

#[test]
fn two_processes_share_one_server() {
    let (mut one, first) = helper("share");
    let (mut two, second) = helper("share");
    assert_eq!(first, second);
    let postmaster = postmaster(&first);

    one.kill().unwrap();
    one.wait().unwrap();
    let (mut three, third) = helper("share");
    assert_eq!(third, first);
    assert!(runs(postmaster), "the one that started it is gone, and the server is not");
    for process in [&mut two, &mut three] {
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

#[test]
fn a_database_url_that_nobody_answers_is_an_error_and_not_replaced() {
    let url = "postgres://somebody:secret@localhost:1/nothing";
    let output = command("share").env("DATABASE_URL", url).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("DATABASE_URL is set, but its database cannot be used"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn a_database_url_that_answers_is_used_and_its_password_not_shown() {
    let server = Server::start(&Options::new()).unwrap();
    let url = server.url().replacen("postgres@", "postgres:secret@", 1);
    let output = command("debug").env("DATABASE_URL", url).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Server { kind: \"external\""), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

/// Not a test of its own: what the other processes of the tests above do. Without a role, nothing.
#[test]
fn helper_of_the_tests_above() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let server = match role.as_str() {
        "own" => Server::start(&Options::new()),
        _ => Server::shared(),
    };
    let server = server.unwrap_or_else(|error| panic!("{error}"));
    if role == "debug" {
        println!("{server:?}");
        return;
    }
    println!("\ndirectory={}", server.directory().unwrap().display());
    loop {
        sleep(Duration::from_secs(1));
    }
}

fn command(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a test binary is a file"));
    command.args(["--exact", "helper_of_the_tests_above", "--nocapture"]);
    command.env(ROLE, role).env_remove("DATABASE_URL");
    command
}

/// A process that has a server, and the server's directory.
fn helper(role: &str) -> (Child, PathBuf) {
    let mut child = command(role).stdout(Stdio::piped()).spawn().expect("it runs again");
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let dir = lines.map_while(Result::ok).find_map(|line| Some(PathBuf::from(line.strip_prefix("directory=")?)));
    (child, dir.expect("the helper says where its server is"))
}

async fn show(connection: &mut PgConnection, name: &str) -> String {
    sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(connection).await.expect("the setting exists")
}

fn postmaster(dir: &Path) -> u32 {
    let file = fs::read_to_string(dir.join("data").join("postmaster.pid")).expect("it has started");
    let pid = file.lines().next().and_then(|line| line.parse().ok());
    pid.expect("the first line is its number")
}

/// A zombie, which waits only to be counted by its parent, does not run.
fn runs(pid: u32) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().expect("ps runs");
    let state = String::from_utf8_lossy(&state.stdout);
    !state.trim().is_empty() && !state.starts_with('Z')
}

fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "not within 30 seconds: {what}");
        sleep(Duration::from_millis(20));
    }
}
