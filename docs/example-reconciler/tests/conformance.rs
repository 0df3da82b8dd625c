//! Do both reconcilers keep their word?

mod support;

use example_reconciler::{DelayedPromoter, GrantExpiry, migrate};
use ff_scanner_core::{PartitionCount, async_trait};
use ff_scanner_testkit::conformance::{Rows, Subject, Table};
use ff_scanner_testkit::{Seed, State};
use sqlx::PgPool;

struct Grants;

#[async_trait]
impl Subject for Grants {
    type Reconciler = GrantExpiry;

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> GrantExpiry {
        GrantExpiry::new(pool).with_batch_limit(batch_limit)
    }

    fn tables(&self) -> Vec<Table> {
        vec![
            Table::of_executions("ff_exec_core").locked().written(),
            Table::of_executions("flow_team.put_back").written(),
        ]
    }

    async fn seed(&self, pool: &PgPool, rows: &Rows<'_>) -> Vec<String> {
        let keys = rows.insert(pool, Seed::new(State::Waiting)).await;
        support::granted(pool, rows.partition, &support::ids(&keys), rows.due_at_ms).await;
        keys
    }

    async fn prepare(&self, pool: &PgPool) {
        migrate(pool).await.expect("the table can be created");
    }

    fn needs_own_database(&self) -> bool {
        true
    }
}

mod grant_expiry {
    ff_scanner_testkit::conformance!(super::Grants);
}

#[derive(PartialEq)]
enum Delays {
    Attempts,
    BackOffs,
}

#[async_trait]
impl Subject for Delays {
    type Reconciler = DelayedPromoter;

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> DelayedPromoter {
        // The suite takes a new partition for each trial, and there are more trials than the engine has partitions.
        let partitions = PartitionCount::new(1024).expect("within bounds");
        DelayedPromoter::new(pool).with_batch_limit(batch_limit).with_partitions(partitions)
    }

    fn tables(&self) -> Vec<Table> {
        let (core, attempt) = (Table::of_executions("ff_exec_core"), Table::of_executions("ff_attempt"));
        match self {
            Self::Attempts => vec![core.locked().written(), attempt.locked().written()],
            Self::BackOffs => vec![core.locked().written(), attempt],
        }
    }

    async fn seed(&self, pool: &PgPool, rows: &Rows<'_>) -> Vec<String> {
        let keys = rows.insert(pool, Seed::running(1000)).await;
        let (ids, until_ms) = (support::ids(&keys), rows.due_at_ms);
        match self {
            Self::Attempts => support::delay(pool, rows.partition, &ids, Some(until_ms)).await,
            Self::BackOffs => support::back_off(pool, rows.partition, &ids, &until_ms.to_string(), None).await,
        }
        keys
    }
}

mod delayed_promoter_with_delayed_attempts {
    ff_scanner_testkit::conformance!(super::Delays::Attempts);
}

mod delayed_promoter_with_back_offs {
    ff_scanner_testkit::conformance!(super::Delays::BackOffs);
}
