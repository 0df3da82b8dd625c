//! Does the reconciler keep its word?

use ff_reconciler_lease_expiry::LeaseExpiry;
use ff_scanner_core::async_trait;
use ff_scanner_testkit::Seed;
use ff_scanner_testkit::conformance::{Rows, Subject, Table};
use sqlx::PgPool;

struct Leases;

#[async_trait]
impl Subject for Leases {
    type Reconciler = LeaseExpiry;

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> LeaseExpiry {
        LeaseExpiry::new(pool).with_batch_limit(batch_limit)
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
        rows.insert(pool, Seed::lapsed(0)).await
    }
}

ff_scanner_testkit::conformance!(Leases);
