//! Does the reconciler keep its word?

use ff_reconciler_attempt_timeout::AttemptTimeout;
use ff_scanner_core::async_trait;
use ff_scanner_testkit::Seed;
use ff_scanner_testkit::conformance::{Rows, Subject, Table};
use serde_json::json;
use sqlx::PgPool;

struct Attempts {
    max_retries: u32,
}

#[async_trait]
impl Subject for Attempts {
    type Reconciler = AttemptTimeout;

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> AttemptTimeout {
        AttemptTimeout::new(pool).with_batch_limit(batch_limit)
    }

    fn tables(&self) -> Vec<Table> {
        vec![
            Table::of_executions("ff_exec_core").locked().written(),
            Table::of_executions("ff_attempt").locked().written(),
            Table::of_executions("ff_lease_event").written(),
            Table::of_executions("ff_completion_event"),
        ]
    }

    async fn seed(&self, pool: &PgPool, rows: &Rows<'_>) -> Vec<String> {
        let policy = json!({
            "timeout_policy": {"attempt_timeout_ms": 5000},
            "retry_policy": {"max_retries": self.max_retries},
        });
        rows.insert(pool, Seed::running(5000).with_policy(policy)).await
    }
}

mod without_a_retry {
    ff_scanner_testkit::conformance!(super::Attempts { max_retries: 0 });
}

mod with_a_retry {
    ff_scanner_testkit::conformance!(super::Attempts { max_retries: 1 });
}
