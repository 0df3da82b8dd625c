//! Does the reconciler keep its word?

use std::time::Duration;

use ff_reconciler_deps::Dependency;
use ff_scanner_core::async_trait;
use ff_scanner_testkit::conformance::{Rows, Subject, Table};
use ff_scanner_testkit::{EdgeState, FlowSeed, Seed, State};
use sqlx::PgPool;

const HEAL_AFTER_MS: i64 = 1000;

/// A flow of one edge, whose upstream has ended.
struct Endings {
    outcome: &'static str,
    /// Whether an event tells of it.
    told: bool,
}

#[async_trait]
impl Subject for Endings {
    type Reconciler = Dependency;

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> Dependency {
        let heal_after = Duration::from_millis(HEAL_AFTER_MS.unsigned_abs());
        Dependency::new(pool).with_batch_limit(batch_limit).with_heal_after(heal_after)
    }

    fn tables(&self) -> Vec<Table> {
        let event = Table::new("ff_completion_event", "flow_id");
        let mut tables = vec![
            Table::new("ff_edge", "flow_id").locked().written(),
            Table::new("ff_edge_group", "flow_id").locked().written(),
            Table::new("ff_exec_core", "flow_id").locked().written(),
            if self.told { event.locked().written() } else { event },
            Table::new("ff_pending_cancel_groups", "flow_id"),
            Table::of_executions("ff_suspension_current"),
            Table::of_executions("ff_waitpoint_pending"),
        ];
        if self.outcome != "success" {
            tables.push(Table::of_executions("ff_attempt"));
        }
        tables
    }

    async fn seed(&self, pool: &PgPool, rows: &Rows<'_>) -> Vec<String> {
        let seed =
            |state| Seed::new(state).with_namespace(rows.tenant.namespace).with_instance_id(rows.tenant.instance_id);
        let ended_at_ms = rows.due_at_ms - HEAL_AFTER_MS;
        let mut keys = Vec::new();
        for _ in 0..rows.count {
            let mut flow = FlowSeed::new();
            let (upstream, child) = (flow.node(seed(State::Completed)), flow.node(seed(State::Blocked)));
            flow.edge(upstream, child, EdgeState::Applied);
            let flow = flow.insert(pool, rows.partition, ended_at_ms).await;
            flow.end(pool, upstream, self.outcome, ended_at_ms).await;
            if self.told {
                flow.tell(pool, upstream, self.outcome, ended_at_ms).await;
            }
            keys.push(flow.flow_id.to_string());
        }
        keys
    }

    fn is_time_driven(&self) -> bool {
        !self.told
    }
}

mod that_satisfy {
    ff_scanner_testkit::conformance!(super::Endings { outcome: "success", told: true });
}

mod that_no_event_tells_of {
    ff_scanner_testkit::conformance!(super::Endings { outcome: "success", told: false });
}
