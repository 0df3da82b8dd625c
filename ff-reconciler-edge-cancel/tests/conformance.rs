//! Do the two reconcilers keep their word?
//!
//! The key of a group is its flow here, which is also the id of its only sibling: so every row of it names the key.

use ff_reconciler_edge_cancel::{EdgeCancelDispatcher, EdgeCancelReconciler};
use ff_scanner_core::async_trait;
use ff_scanner_testkit::conformance::{Rows, Subject, Table};
use ff_scanner_testkit::{Lacks, Seed, SiblingGroup, State};
use sqlx::PgPool;
use uuid::Uuid;

async fn insert(pool: &PgPool, rows: &Rows<'_>, sibling: &Seed, group: &SiblingGroup) -> String {
    let (namespace, instance_id) = (rows.tenant.namespace, rows.tenant.instance_id);
    let sibling = sibling.clone().with_namespace(namespace).with_instance_id(instance_id);
    let id: Uuid = sibling.insert(pool, rows.partition, rows.due_at_ms).await;
    sqlx::query("UPDATE ff_exec_core SET flow_id = execution_id WHERE partition_key = $1 AND execution_id = $2")
        .bind(rows.partition)
        .bind(id)
        .execute(pool)
        .await
        .expect("any uuid can be that of a flow");
    let group = group.clone().in_flow(id).of(namespace, instance_id).with_shared(id);
    group.insert(pool, rows.partition, rows.due_at_ms).await;
    id.to_string()
}

struct Siblings {
    state: Seed,
    tables: fn() -> Vec<Table>,
}

#[async_trait]
impl Subject for Siblings {
    type Reconciler = EdgeCancelDispatcher;

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> EdgeCancelDispatcher {
        EdgeCancelDispatcher::new(pool).with_batch_limit(batch_limit)
    }

    fn tables(&self) -> Vec<Table> {
        let mut tables = vec![
            Table::new("ff_edge_group", "flow_id").locked().written(),
            Table::new("ff_pending_cancel_groups", "flow_id").locked().written(),
            Table::of_executions("ff_exec_core").locked().written(),
            Table::of_executions("ff_attempt").locked().written(),
            Table::of_executions("ff_completion_event").written(),
        ];
        tables.extend((self.tables)());
        tables
    }

    async fn seed(&self, pool: &PgPool, rows: &Rows<'_>) -> Vec<String> {
        let mut keys = Vec::new();
        for _ in 0..rows.count {
            keys.push(insert(pool, rows, &self.state, &SiblingGroup::new()).await);
        }
        keys
    }

    fn is_time_driven(&self) -> bool {
        false
    }
}

mod the_dispatcher_with_running_siblings {
    use super::{Seed, Siblings, Table};

    ff_scanner_testkit::conformance!(Siblings {
        state: Seed::running(1000),
        tables: || vec![Table::of_executions("ff_lease_event").written()]
    });
}

mod the_dispatcher_with_suspended_siblings {
    use super::{Seed, Siblings, Table};

    ff_scanner_testkit::conformance!(Siblings {
        state: Seed::suspended(0, "fail"),
        tables: || vec![
            Table::of_executions("ff_suspension_current").locked().written(),
            Table::of_executions("ff_waitpoint_pending").locked().written(),
        ]
    });
}

struct Leftovers {
    lacks: Option<Lacks>,
    sibling: fn() -> Seed,
    tables: fn() -> Vec<Table>,
}

#[async_trait]
impl Subject for Leftovers {
    type Reconciler = EdgeCancelReconciler;

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> EdgeCancelReconciler {
        // Small enough for a cycle to walk over several pages, and larger than what has to be seen by a single tick.
        EdgeCancelReconciler::new(pool).with_batch_limit(batch_limit).with_page(30)
    }

    fn tables(&self) -> Vec<Table> {
        (self.tables)()
    }

    async fn seed(&self, pool: &PgPool, rows: &Rows<'_>) -> Vec<String> {
        let group = self.lacks.into_iter().fold(SiblingGroup::new(), SiblingGroup::lacking);
        let mut keys = Vec::new();
        for _ in 0..rows.count {
            keys.push(insert(pool, rows, &(self.sibling)(), &group).await);
        }
        keys
    }

    fn is_time_driven(&self) -> bool {
        false
    }
}

const GROUP: Table = Table::new("ff_edge_group", "flow_id");
const PENDING: Table = Table::new("ff_pending_cancel_groups", "flow_id");

mod the_reconciler_with_entries_of_groups_without_a_flag {
    use super::{GROUP, Lacks, Leftovers, PENDING, Seed};

    ff_scanner_testkit::conformance!(Leftovers {
        lacks: Some(Lacks::Flag),
        sibling: || Seed::running(1000),
        tables: || vec![GROUP.locked(), PENDING.locked().written()]
    });
}

mod the_reconciler_with_entries_of_groups_that_are_gone {
    use super::{GROUP, Lacks, Leftovers, PENDING, Seed};

    ff_scanner_testkit::conformance!(Leftovers {
        lacks: Some(Lacks::Group),
        sibling: || Seed::running(1000),
        tables: || vec![GROUP, PENDING.locked().written()]
    });
}

mod the_reconciler_with_groups_whose_siblings_have_ended {
    use super::{GROUP, Leftovers, PENDING, Seed, State};

    ff_scanner_testkit::conformance!(Leftovers {
        lacks: None,
        sibling: || Seed::new(State::Completed),
        tables: || vec![GROUP.locked().written(), PENDING.locked().written()]
    });
}

mod the_reconciler_with_groups_whose_entry_was_lost {
    use super::{GROUP, Lacks, Leftovers, PENDING, Seed};

    ff_scanner_testkit::conformance!(Leftovers {
        lacks: Some(Lacks::PendingRow),
        sibling: || Seed::running(1000),
        tables: || vec![GROUP.locked(), PENDING.written()]
    });
}
