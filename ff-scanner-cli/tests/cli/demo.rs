//! `ff-scanner demo`, and whether its verification would notice.

use ff_scanner_testkit::Server;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::support::{block_on, ff_scanner, output, stderr, stdout};

#[test]
fn a_small_demo_needs_nothing_and_is_green() {
    let output = output(&["demo", "--executions", "400"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("verified"), "{}", stdout(&output));
}

/// A statement that does what no reconciler may, on a database where everything is right.
const DAMAGE: [&str; 17] = [
    "UPDATE ff_exec_core SET public_state = 'running' WHERE public_state = 'expired'",
    "UPDATE ff_exec_core SET attempt_index = attempt_index + 1 WHERE blocking_reason = 'waiting_for_worker'",
    "UPDATE ff_exec_core SET priority = 1 WHERE lifecycle_phase = 'submitted'",
    "UPDATE ff_exec_core SET raw_fields = raw_fields - 'tags' WHERE public_state = 'failed'",
    "UPDATE ff_attempt SET lease_epoch = 1 WHERE outcome = 'lease_expired_reclaimable'",
    "UPDATE ff_attempt SET lease_expires_at_ms = lease_expires_at_ms + 1 WHERE lease_expires_at_ms IS NOT NULL",
    "DELETE FROM ff_waitpoint_pending",
    "INSERT INTO ff_lease_event (execution_id, event_type, occurred_at_ms, partition_key, namespace, instance_tag)
     SELECT execution_id, event_type, occurred_at_ms, partition_key, namespace, instance_tag FROM ff_lease_event LIMIT 1",
    "UPDATE ff_completion_event SET instance_tag = NULL",
    "UPDATE ff_completion_event SET dispatched_at_ms = NULL WHERE outcome = 'skipped'",
    "UPDATE ff_exec_core SET payload = '\\x7b7d' WHERE payload = '\\x726573756c74'",
    "UPDATE ff_edge SET policy = policy || '{\"edge_state\": \"satisfied\"}' WHERE policy ->> 'edge_state' = 'impossible'",
    "UPDATE ff_edge_group SET success_count = success_count + 1 WHERE policy ->> 'kind' = 'quorum'",
    "INSERT INTO ff_pending_cancel_groups (partition_key, flow_id, downstream_eid, enqueued_at_ms)
     SELECT partition_key, flow_id, downstream_eid, 0 FROM ff_edge_group LIMIT 1",
    "UPDATE ff_budget_policy SET next_reset_at_ms = next_reset_at_ms + 1 WHERE last_breach_dim IS NULL",
    "UPDATE ff_budget_usage SET current_value = 1 WHERE last_reset_at_ms IS NOT NULL",
    "DELETE FROM ff_budget_usage_by_exec",
];

#[test]
fn the_verification_sees_any_damage() {
    let server = Server::shared().expect("there is a server");
    let mut command = ff_scanner(&["demo", "--executions", "1000", "--keep"]);
    let output = command.env("DATABASE_URL", server.url()).output().expect("the binary runs");
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}{}", stderr(&output));
    let name = said.lines().find_map(|line| line.strip_prefix("kept: database ")).expect("it says what it kept");
    block_on(async {
        let options = server.connect_options();
        let mut connection = PgConnection::connect_with(&options.clone().database(name)).await.expect("it is there");
        for damage in DAMAGE {
            let mut tx = connection.begin().await.expect("a transaction begins");
            let done = tx.execute(damage).await.expect(damage);
            assert!(done.rows_affected() > 0, "does nothing: {damage}");
            let mut found = 0;
            for sql in [
                include_str!("../../src/demo/sql/verify_rows.sql"),
                include_str!("../../src/demo/sql/verify_events.sql"),
                include_str!("../../src/demo/sql/verify_flows.sql"),
                include_str!("../../src/demo/sql/verify_budgets.sql"),
            ] {
                found += tx.fetch_all(sql).await.expect("it can be verified").len();
            }
            tx.rollback().await.expect("the damage is undone");
            assert!(found > 0, "not seen: {damage}");
        }
        connection.close().await.expect("it closes");
        let mut admin = PgConnection::connect_with(&options).await.expect("it is there");
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        admin.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await.expect("it is dropped");
    });
}
