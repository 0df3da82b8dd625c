//! What does the conformance suite say of the statement that everybody writes first?

mod support;

use std::time::Duration;

use example_reconciler::{LOOK_GRANTS_SQL, migrate};
use ff_scanner_core::postgres::{failed, look};
use ff_scanner_core::{
    Act, Due, LookThenAct, Page, PartitionSpace, Partitioned, Reconciler, Sweep, Tick, TickContext, TickError, Verdict,
    async_trait,
};
use ff_scanner_testkit::conformance::{self, Rows, Subject, Table};
use ff_scanner_testkit::{Seed, State};
use sqlx::PgPool;
use uuid::Uuid;

/// As `GrantExpiry`, but it believes its look and waits for whoever is in the way.
struct Naive {
    pool: PgPool,
    batch_limit: u32,
    sweep: Sweep<Uuid>,
}

#[async_trait]
impl Reconciler for Naive {
    type Scope = Partitioned;

    fn name(&self) -> &'static str {
        "naive"
    }

    fn scope(&self) -> Partitioned {
        Partitioned::over(PartitionSpace::Flow)
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn tick(&self, cx: TickContext<Partitioned>) -> Result<Tick, TickError> {
        self.sweep.tick(self, &cx).await
    }
}

#[async_trait]
impl LookThenAct for Naive {
    type Scope = Partitioned;
    type Key = Uuid;

    fn batch_limit(&self) -> u32 {
        self.batch_limit
    }

    async fn look(&self, page: Page<'_, Partitioned, Uuid>) -> Result<Vec<Due<Uuid>>, TickError> {
        let rows: Vec<(i16, Uuid)> =
            look(&self.pool, LOOK_GRANTS_SQL, &page, self.batch_limit, |id| *id, "look for expired grants").await?;
        Ok(rows.into_iter().map(|(partition, key)| Due { partition, key, problem: None }).collect())
    }

    async fn act(&self, act: Act<'_, Uuid>) -> Result<Vec<Verdict<Uuid>>, TickError> {
        let put_back: Vec<Uuid> = sqlx::query_scalar(
            "UPDATE ff_exec_core SET eligibility_state = 'eligible_now' \
             WHERE partition_key = $1 AND execution_id = ANY ($2) RETURNING execution_id",
        )
        .bind(act.partition)
        .bind(act.keys)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("put executions back"))?;
        Ok(put_back.into_iter().map(|key| Verdict { key, word: "put_back".to_owned() }).collect())
    }
}

struct Naively;

#[async_trait]
impl Subject for Naively {
    type Reconciler = Naive;

    fn reconciler(&self, pool: PgPool, batch_limit: u32) -> Naive {
        Naive { pool, batch_limit, sweep: Sweep::default() }
    }

    fn tables(&self) -> Vec<Table> {
        vec![Table::of_executions("ff_exec_core").locked().written()]
    }

    async fn seed(&self, pool: &PgPool, rows: &Rows<'_>) -> Vec<String> {
        let keys = rows.insert(pool, Seed::new(State::Waiting)).await;
        support::granted(pool, rows.partition, &support::ids(&keys), rows.due_at_ms).await;
        keys
    }

    async fn prepare(&self, pool: &PgPool) {
        migrate(pool).await.expect("the table can be created");
    }
}

#[tokio::test]
async fn the_suite_says_that_a_stale_look_was_believed() {
    let violation = conformance::concurrent_safe(&Naively).await.expect_err("it is caught").to_string();
    assert!(violation.starts_with("3 rows are changed 6 times when another tick runs at await"), "{violation}");
}

#[tokio::test]
async fn the_suite_says_that_it_waits_for_a_row() {
    let violation = conformance::goes_round_locks(&Naively).await.expect_err("it is caught").to_string();
    assert_eq!(violation, "a tick waits for a row of ff_exec_core that another session has locked");
}
