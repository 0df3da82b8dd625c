//! Whoever listens hears of every event.

use std::time::Duration;

use ff_scanner_migrations::{EngineVersion, apply_engine};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgListener;

use crate::empty;

/// Channel, and what inserts an event that is announced on it.
const EVENTS: [(&str, &str); 4] = [
    (
        "ff_completion",
        "ff_completion_event (partition_key, execution_id, outcome, occurred_at_ms)
         VALUES (7, gen_random_uuid(), 'success', 1)",
    ),
    (
        "ff_lease_event",
        "ff_lease_event (execution_id, event_type, occurred_at_ms, partition_key) VALUES ('e', 'expired', 1, 7)",
    ),
    (
        "ff_signal_event",
        "ff_signal_event (execution_id, signal_id, delivered_at_ms, partition_key) VALUES ('e', 's', 1, 7)",
    ),
    (
        "ff_operator_event",
        "ff_operator_event (execution_id, event_type, occurred_at_ms, partition_key) VALUES ('e', 'replayed', 1, 7)",
    ),
];

#[tokio::test]
async fn an_event_is_announced_with_its_id() {
    let database = empty().await;
    apply_engine(&database.connect_options(), EngineVersion::V0_11, 4).await.unwrap();
    let pool = database.pool(2);
    let mut listener = PgListener::connect_with(&pool).await.unwrap();
    for (channel, event) in EVENTS {
        listener.listen(channel).await.unwrap();
        let insert = format!("INSERT INTO {event} RETURNING event_id");
        // The first number may come out of luck, the second is counted.
        for _ in 0..2 {
            let id: i64 = sqlx::query_scalar(AssertSqlSafe(insert.clone())).fetch_one(&pool).await.unwrap();
            let heard = tokio::time::timeout(Duration::from_secs(10), listener.recv());
            let heard = heard.await.expect("nothing was announced").unwrap();
            assert_eq!((heard.channel(), heard.payload()), (channel, &*id.to_string()));
        }
    }
}
