//! Does the reconciler keep its word?

use {library}::{Kind};
use ff_scanner_core::async_trait;
use ff_scanner_testkit::conformance::{Rows, Subject, Table};
use sqlx::PgPool;

struct Due;

#[async_trait]
impl Subject for Due {
    type Reconciler = {Kind};

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> {Kind} {
        {Kind}::new(pool).with_batch_limit(batch_limit)
    }

    fn tables(&self) -> Vec<Table> {
        vec![Table::of_executions("ff_exec_core").locked().written()]
    }

    async fn seed(&self, _pool: &PgPool, _rows: &Rows<'_>) -> Vec<String> {
        // Write due rows here and return a key of each. Until then, all that is tried is that a tick does nothing.
        Vec::new()
    }

    fn is_scaffold(&self) -> bool {
        true
    }
}

ff_scanner_testkit::conformance!(Due);
