//! Does the reconciler keep its word?

use ff_reconciler_suspension::SuspensionTimeout;
use ff_scanner_core::async_trait;
use ff_scanner_testkit::Seed;
use ff_scanner_testkit::conformance::{Rows, Subject, Table};
use sqlx::PgPool;

struct Suspensions(&'static str);

#[async_trait]
impl Subject for Suspensions {
    type Reconciler = SuspensionTimeout;

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> SuspensionTimeout {
        SuspensionTimeout::new(pool).with_batch_limit(batch_limit)
    }

    fn tables(&self) -> Vec<Table> {
        vec![
            Table::of_executions("ff_exec_core").locked().written(),
            Table::of_executions("ff_suspension_current").locked().written(),
            Table::of_executions("ff_attempt").locked(),
            Table::of_executions("ff_waitpoint_pending").locked().written(),
            Table::of_executions("ff_completion_event").written(),
        ]
    }

    async fn seed(&self, pool: &PgPool, rows: &Rows<'_>) -> Vec<String> {
        rows.insert(pool, Seed::suspended(0, self.0)).await
    }
}

mod that_end_the_execution {
    ff_scanner_testkit::conformance!(super::Suspensions("fail"));
}

mod that_resume_it {
    ff_scanner_testkit::conformance!(super::Suspensions("auto_resume_with_timeout_signal"));
}
