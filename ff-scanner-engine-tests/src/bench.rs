//! What does one test have to itself?

mod cycles;
mod events;
mod rows;
mod world;

use std::sync::atomic::{AtomicI16, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ff_scanner::core::Filter;
use ff_scanner_testkit::Database;
use serde_json::Value;
use sqlx::PgPool;
use tokio::runtime::Runtime;
use uuid::Uuid;

pub use events::Kind;
use world::World;

use crate::engine::{Budget, Claimed, Engine, Execution, NewExecution, Reading, Stop, Version, Worker};

/// A lease that has lapsed by the time that somebody looks.
pub const SHORT_MS: u32 = 1;
/// A lease that no test outlives.
pub const LONG_MS: u32 = 600_000;

/// The partition of executions without a flow: the only one whose leases the engine's own subscribers see.
pub const PARTITION: i16 = 0;
const BUDGET_PARTITIONS: i16 = 32;
/// How long a window of a budget is, milliseconds.
pub const WINDOW_MS: u64 = 3_600_000;
/// Longer than anything takes, even on a machine that compiles at the same time.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs a test on the runtime that all of them share: a connection is quick only once it has learned the engine's
/// thousands of tables, and cannot outlive its runtime.
///
/// # Panics
///
/// When there is no runtime to be had.
pub fn run<F: Future>(test: F) -> F::Output {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    RUNTIME.get_or_init(runtime).block_on(test)
}

/// A part of a database with an engine: a lane and a namespace that no other test uses.
pub struct Bench {
    /// Which engine it is.
    pub version: Version,
    /// The lane of its executions.
    pub lane: String,
    /// Their namespace.
    pub namespace: String,
    world: Arc<World>,
}

impl std::fmt::Debug for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bench").field("version", &self.version).field("lane", &self.lane).finish_non_exhaustive()
    }
}

impl Bench {
    /// A part of the database that the tests of `version` share.
    ///
    /// # Panics
    ///
    /// When there is no such database to be had.
    pub async fn new(version: Version) -> Self {
        Self::in_world(version, World::of(version).await)
    }

    /// A database of its own, for a test that lets something run over all of it.
    ///
    /// # Panics
    ///
    /// When there is none to be had.
    pub async fn own(version: Version) -> Self {
        Self::in_world(version, World::own(version).await)
    }

    fn in_world(version: Version, world: Arc<World>) -> Self {
        let name = Uuid::new_v4().simple().to_string();
        Self { version, lane: format!("lane-{name}"), namespace: format!("tenant-{name}"), world }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &dyn Engine {
        &*self.world.engine
    }

    /// Where the reconcilers meet it.
    #[must_use]
    pub fn pool(&self) -> PgPool {
        self.world.pool.clone()
    }

    /// The database of both.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.world.database
    }

    /// Restricts a reconciler to the executions of this test.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter::default().with_namespace(&self.namespace)
    }

    /// What is to be created here.
    #[must_use]
    pub fn blank(&self, policy: Value) -> NewExecution {
        NewExecution {
            partition: PARTITION,
            lane: self.lane.clone(),
            namespace: self.namespace.clone(),
            instance: self.lane.clone(),
            policy,
        }
    }

    /// Creates an execution with that policy, and makes it claimable.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn execution(&self, policy: Value) -> Result<Execution, Stop> {
        let execution = self.engine().create(&self.blank(policy)).await?;
        self.promote(execution).await;
        Ok(execution)
    }

    /// Creates an execution with that policy, and claims it for that long.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn started(&self, policy: Value, lease_ms: u32) -> Result<Box<dyn Worker>, Stop> {
        self.execution(policy).await?;
        self.engine().claim(&self.lane, lease_ms).await
    }

    /// Claims `execution` by `claim_execution`, with a grant.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn claim_execution(&self, execution: Execution, lease_ms: u32) -> Claimed {
        let first = self.engine().claim_execution(execution, &self.lane, lease_ms).await;
        match first {
            Err(Stop::Said(text)) if text.contains("InvalidClaimGrant") => {
                self.grant(execution).await;
                self.engine().claim_execution(execution, &self.lane, lease_ms).await
            }
            answer => answer,
        }
    }

    /// Creates a budget with a window of an hour, in a partition that no other test uses.
    ///
    /// # Errors
    ///
    /// What the engine says.
    ///
    /// # Panics
    ///
    /// When there are more tests than partitions of budgets.
    pub async fn budget(&self, limit: u64) -> Result<Budget, Stop> {
        static NEXT: [AtomicI16; 2] = [AtomicI16::new(0), AtomicI16::new(0)];
        let partition = NEXT[self.version as usize].fetch_add(1, Ordering::Relaxed);
        assert!(partition < BUDGET_PARTITIONS, "there are more tests than partitions of budgets");
        self.engine().create_budget(partition, WINDOW_MS, limit).await
    }

    /// Completes what `worker` has, and asks the engine whether it is complete.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn finish(&self, worker: &dyn Worker) -> Result<(), Stop> {
        worker.renew().await?;
        worker.complete(b"done").await?;
        let reading = self.engine().read(worker.execution()).await?;
        // A typed completion says so in the public state and reads without an outcome, a classic one the other way round.
        let complete = reading.outcome == "success" || reading.public == "completed";
        if complete && reading.result.as_deref() == Some(b"done") {
            Ok(())
        } else {
            Err(Stop::Said(format!("{reading:?}")))
        }
    }

    /// What the engine's read calls say of `execution`.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn read(&self, execution: Execution) -> Result<Reading, Stop> {
        self.engine().read(execution).await
    }
}
