//! What is refused, and what it says.

use ff_scanner_testkit::{Database, Server};

use crate::support::{block_on, ff_scanner, output, own_database, stderr, stdout};

#[test]
fn an_unknown_reconciler_gets_a_suggestion() {
    let output = output(&["tick", "lease_expirey"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("a similar value exists: 'lease_expiry'"), "{}", stderr(&output));
}

#[test]
fn a_malformed_duration_is_a_usage_error() {
    for text in ["12", "soon", "-5s"] {
        let output = output(&["run", &format!("--grace={text}")]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(stderr(&output).contains("such as 30s or 1m30s"), "{}", stderr(&output));
    }
}

#[test]
fn without_a_database_it_says_how_to_give_one() {
    let output = output(&["tick", "lease_expiry"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("set DATABASE_URL"), "{}", stderr(&output));
}

#[test]
fn an_unreachable_server_has_its_own_code_and_no_password_is_shown() {
    let url = "postgres://somebody:s3cret@127.0.0.1:1/nowhere";
    for arguments in [&["run"] as &[&str], &["tick", "lease_expiry"], &["migrate"], &["demo"]] {
        let output = ff_scanner(arguments).env("DATABASE_URL", url).env("RUST_LOG", "debug").output();
        let output = output.expect("the binary runs");
        assert_eq!(output.status.code(), Some(4), "{arguments:?}");
        let said = stdout(&output) + &stderr(&output);
        assert!(said.contains("cannot reach the database") && !said.contains("s3cret"), "{said}");
    }
}

#[test]
fn a_wrong_password_is_not_shown() {
    let url = "postgres://somebody:s3cret/x@127.0.0.1/nowhere";
    let output = output(&["tick", "lease_expiry", "--database-url", url]);
    assert_eq!(output.status.code(), Some(4));
    assert!(!stderr(&output).contains("s3cret"), "{}", stderr(&output));
}

#[test]
fn missing_tables_are_named_before_anything_is_written() {
    let server = Server::shared().expect("there is a server");
    let database = block_on(Database::empty(&server)).expect("there is a database");
    for arguments in [&["run"] as &[&str], &["tick", "lease_expiry"]] {
        let output = ff_scanner(arguments).env("DATABASE_URL", database.url()).output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
        let said = stderr(&output);
        assert!(said.contains("ff_exec_core") && said.contains("migrate --engine-schema"), "{said}");
    }
}

#[test]
fn migrate_creates_what_run_needs_and_a_dry_run_creates_nothing() {
    let server = Server::shared().expect("there is a server");
    let database = block_on(Database::empty(&server)).expect("there is a database");
    let migrate = |arguments: &[&str]| {
        let mut command = ff_scanner(&["migrate", "--engine-schema", "--hash-children", "2"]);
        let output = command.args(arguments).env("DATABASE_URL", database.url()).output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let planned = migrate(&["--dry-run"]);
    assert!(planned.contains("engine: would apply"), "{planned}");
    assert_eq!(migrate(&["--dry-run"]), planned);
    assert!(migrate(&[]).contains("engine: applied"));
    let tick = ff_scanner(&["tick", "lease_expiry"]).env("DATABASE_URL", database.url()).output();
    assert_eq!(tick.expect("the binary runs").status.code(), Some(0));
}

#[test]
fn executions_beyond_the_partition_count_are_warned_about() {
    let database = own_database();
    block_on(async {
        let pool = database.pool(1);
        ff_scanner_testkit::Seed::lapsed(1000).insert(&pool, 200, 0).await;
        pool.close().await;
    });
    let mut command = ff_scanner(&["tick", "lease_expiry", "--flow-partitions", "64"]);
    let output = command.env("DATABASE_URL", database.url()).output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("partition 200"), "{}", stderr(&output));
}
