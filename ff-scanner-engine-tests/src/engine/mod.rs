//! What do the tests ask of an engine, whatever its version?

mod v0_11;
mod v0_15;
mod values;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ff_scanner::core::Filter;
use ff_scanner_testkit::Database;
use futures_util::stream::BoxStream;

pub use values::{
    Budget, BudgetReading, Edge, Execution, Flow, Group, Members, NewExecution, Reading, Stop, Waitpoint, said,
};

/// A version of the engine that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The oldest that we serve.
    V0_11,
    /// The newest.
    V0_15,
}

impl Version {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Self; 2] = [Self::V0_11, Self::V0_15];

    /// Creates the engine's tables, and what its administrator would add, with the engine's own code.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn migrate(self, database: &Database) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::V0_11 => v0_11::driver::migrate(&database.url()).await,
            Self::V0_15 => v0_15::driver::migrate(&database.url()).await,
        }
    }

    /// An engine of this version on `database`, as a server would start it; its own loops are not running.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn connect(self, database: &Database) -> Result<Arc<dyn Engine>, Box<dyn Error + Send + Sync>> {
        Ok(match self {
            Self::V0_11 => Arc::new(v0_11::driver::Driver::connect(&database.url()).await?),
            Self::V0_15 => Arc::new(v0_15::driver::Driver::connect(&database.url()).await?),
        })
    }

    /// Starts the engine's own loops on `database`, as a server with so many partitions would, all with that interval.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn start_loops(
        self,
        database: &Database,
        partitions: u16,
        interval: Duration,
    ) -> Result<Box<dyn Loops>, Box<dyn Error + Send + Sync>> {
        match self {
            Self::V0_11 => v0_11::driver::start_loops(&database.url(), partitions, interval).await,
            Self::V0_15 => v0_15::driver::start_loops(&database.url(), partitions, interval).await,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V0_11 => "0.11",
            Self::V0_15 => "0.15",
        })
    }
}

/// A worker that has an execution, or believes so.
#[async_trait]
pub trait Worker: Send + Sync {
    /// What it has.
    fn execution(&self) -> Execution;

    /// Extends its lease by as much as it was claimed for.
    async fn renew(&self) -> Result<(), Stop>;

    /// Reports that half is done.
    async fn progress(&self) -> Result<(), Stop>;

    /// Ends the execution with success.
    async fn complete(&self, result: &[u8]) -> Result<(), Stop>;

    /// Fails the attempt, transiently: there may be another.
    async fn fail(&self) -> Result<(), Stop>;

    /// Fails the execution for good.
    async fn give_up(&self) -> Result<(), Stop>;

    /// Cancels the execution.
    async fn cancel(&self) -> Result<(), Stop>;

    /// Suspends the execution until a signal named `go` comes, or until `timeout_at_ms`, when `behavior` says what to do.
    async fn suspend(&self, timeout_at_ms: i64, behavior: &str) -> Result<Waitpoint, Stop>;

    /// The names of the signals that it was resumed by.
    async fn signals(&self) -> Result<Vec<String>, Stop>;
}

/// The engine's own loops, while they run.
#[async_trait]
pub trait Loops: Send {
    /// Stops them, and says how many did not end within `grace`.
    async fn stop(self: Box<Self>, grace: Duration) -> usize;
}

/// Events of executions, as `subscribe_completion` and `subscribe_lease_history` deliver them, each with its word.
pub type Events = BoxStream<'static, Result<(Execution, String), Stop>>;

/// What a claim path answers.
pub type Claimed = Result<Box<dyn Worker>, Stop>;

/// The engine's public API, as far as the tests use it.
#[async_trait]
pub trait Engine: Send + Sync {
    /// The server's clock as the engine's hosts see it, milliseconds since the epoch.
    fn now_ms(&self) -> i64;

    /// Creates an execution.
    async fn create(&self, new: &NewExecution) -> Result<Execution, Stop>;

    /// `claim`: whatever is claimable in the lane.
    async fn claim(&self, lane: &str, lease_ms: u32) -> Claimed;

    /// `claim_for_worker`: the scheduler's grant for whatever is claimable in the lane. It is no lease yet.
    async fn claim_for_worker(&self, lane: &str) -> Result<Execution, Stop>;

    /// `claim_execution`, with a grant that somebody has written.
    async fn claim_execution(&self, execution: Execution, lane: &str, lease_ms: u32) -> Claimed;

    /// `issue_grant_and_claim`.
    async fn issue_grant_and_claim(&self, execution: Execution, lane: &str, lease_ms: u32) -> Claimed;

    /// `claim_from_resume_grant`, which 0.11 calls `claim_from_reclaim`.
    async fn claim_from_resume_grant(&self, execution: Execution, lane: &str, lease_ms: u32) -> Claimed;

    /// `claim_resumed_execution`.
    async fn claim_resumed_execution(&self, execution: Execution, lane: &str, lease_ms: u32) -> Claimed;

    /// `issue_reclaim_grant`, and `reclaim_execution` with it.
    async fn reclaim_execution(&self, execution: Execution, lane: &str, lease_ms: u32) -> Claimed;

    /// `list_expired_leases`, of a namespace.
    async fn list_expired_leases(&self, namespace: &str) -> Result<Vec<Execution>, Stop>;

    /// What `read_execution_info`, `read_execution_state` and `get_execution_result` say; an error of one of them is the
    /// answer.
    async fn read(&self, execution: Execution) -> Result<Reading, Stop>;

    /// What `describe_execution` says of the public state.
    async fn describe(&self, execution: Execution) -> Result<String, Stop>;

    /// What `read_exec_core_fields` says of why the execution was cancelled.
    async fn cancellation_reason(&self, execution: Execution) -> Result<String, Stop>;

    /// `list_pending_waitpoints`: how many there are.
    async fn pending_waitpoints(&self, execution: Execution) -> Result<usize, Stop>;

    /// `deliver_signal`: the signal `go`.
    async fn signal(&self, execution: Execution, waitpoint: &Waitpoint) -> Result<(), Stop>;

    /// `cancel_execution`, as a caller who must name the lease when there is one, and does not.
    async fn cancel(&self, execution: Execution) -> Result<(), Stop>;

    /// `cancel_execution`, as an operator, who need not name the lease.
    async fn cancel_by_operator(&self, execution: Execution) -> Result<(), Stop>;

    /// `revoke_lease` of a worker.
    async fn revoke(&self, execution: Execution) -> Result<(), Stop>;

    /// `replay_execution`.
    async fn replay(&self, execution: Execution) -> Result<(), Stop>;

    /// `trim_retention`: removes all that has ended in a lane of a partition, and says how many executions that were.
    async fn trim(&self, partition: i16, lane: &str) -> Result<u32, Stop>;

    /// `create_flow`, in that partition.
    async fn create_flow(&self, partition: i16, namespace: &str) -> Result<Flow, Stop>;

    /// `add_execution_to_flow`.
    async fn add_to_flow(&self, flow: Flow, execution: Execution) -> Result<(), Stop>;

    /// `set_edge_group_policy`, before the first edge of `child`.
    async fn set_group(&self, flow: Flow, child: Execution, group: Group) -> Result<(), Stop>;

    /// `stage_dependency_edge`; with `passes_data`, the result of the one is to become the input of the other.
    async fn stage(&self, flow: Flow, edge: Edge, passes_data: bool) -> Result<(), Stop>;

    /// `apply_dependency_to_child`.
    async fn apply(&self, flow: Flow, edge: Edge) -> Result<(), Stop>;

    /// `cancel_flow`.
    async fn cancel_flow(&self, flow: Flow, members: Members) -> Result<(), Stop>;

    /// `read_execution_context`: what the execution is to work on.
    async fn input(&self, execution: Execution) -> Result<Vec<u8>, Stop>;

    /// `create_budget`, in that partition, with a window of that length and a limit for each window.
    async fn create_budget(&self, partition: i16, window_ms: u64, limit: u64) -> Result<Budget, Stop>;

    /// `report_usage_admin`. An exceeded limit is an error.
    async fn report_usage(&self, budget: &Budget, amount: u64) -> Result<(), Stop>;

    /// `record_spend`, on behalf of an execution. An exceeded limit is an error.
    async fn record_spend(&self, budget: &Budget, execution: Execution, amount: u64) -> Result<(), Stop>;

    /// `release_budget`: gives back what an execution has spent.
    async fn release_budget(&self, budget: &Budget, execution: Execution) -> Result<(), Stop>;

    /// `get_budget_status`.
    async fn budget(&self, budget: &Budget) -> Result<BudgetReading, Stop>;

    /// `subscribe_completion`.
    async fn completions(&self, filter: &Filter) -> Result<Events, Stop>;

    /// `subscribe_lease_history`, which covers partition 0.
    async fn leases(&self, filter: &Filter) -> Result<Events, Stop>;
}
