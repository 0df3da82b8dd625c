//! Does the reconciler keep its word?

use ff_reconciler_budget::BudgetReset;
use ff_scanner_core::async_trait;
use ff_scanner_testkit::SeedBudget;
use ff_scanner_testkit::conformance::{Rows, Subject, Table};
use sqlx::PgPool;
use uuid::Uuid;

struct Budgets;

#[async_trait]
impl Subject for Budgets {
    type Reconciler = BudgetReset;

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> BudgetReset {
        BudgetReset::new(pool).with_batch_limit(batch_limit)
    }

    fn tables(&self) -> Vec<Table> {
        ["ff_budget_policy", "ff_budget_usage_by_exec", "ff_budget_usage"]
            .map(|name| Table::new(name, "budget_id").locked().written())
            .to_vec()
    }

    async fn seed(&self, pool: &PgPool, rows: &Rows<'_>) -> Vec<String> {
        let mut keys = Vec::new();
        for _ in 0..rows.count {
            keys.push(SeedBudget::due(0).spent_by(Uuid::new_v4()).insert(pool, rows.partition, rows.due_at_ms).await);
        }
        keys
    }

    fn has_tenants(&self) -> bool {
        false
    }

    fn waits_for_locks(&self) -> bool {
        true
    }
}

ff_scanner_testkit::conformance!(Budgets);
