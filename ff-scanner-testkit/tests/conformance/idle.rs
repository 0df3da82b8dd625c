//! A reconciler that is still to be written.

use std::time::Duration;

use ff_scanner_core::{PartitionSpace, Partitioned, Reconciler, Tick, TickContext, TickError, async_trait};
use ff_scanner_testkit::conformance::{Rows, Subject, Table};
use sqlx::PgPool;

pub(crate) struct Idle;

#[async_trait]
impl Reconciler for Idle {
    type Scope = Partitioned;

    fn name(&self) -> &'static str {
        "idle"
    }

    fn scope(&self) -> Partitioned {
        Partitioned::over(PartitionSpace::Flow)
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn tick(&self, _: TickContext<Partitioned>) -> Result<Tick, TickError> {
        Ok(Tick::default())
    }
}

pub(crate) struct Scaffold;

#[async_trait]
impl Subject for Scaffold {
    type Reconciler = Idle;

    fn reconciler(&self, _: PgPool, _: u32) -> Idle {
        Idle
    }

    fn tables(&self) -> Vec<Table> {
        vec![Table::of_executions("ff_exec_core")]
    }

    async fn seed(&self, _: &PgPool, _: &Rows<'_>) -> Vec<String> {
        Vec::new()
    }

    fn is_scaffold(&self) -> bool {
        true
    }
}
