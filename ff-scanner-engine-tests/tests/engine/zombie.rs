//! Is a worker refused that has lost its execution, without a trace?

use ff_scanner_engine_tests::bench::{Bench, SHORT_MS};
use ff_scanner_engine_tests::checks::Cell;
use ff_scanner_engine_tests::engine::{Stop, Worker};
use serde_json::{Value, json};

const WHY: &str = "The worker has lost its lease, and what it writes would be taken for the work of another.";

/// A call by handle, of which the epoch is old.
pub(crate) const REFUSED: Cell = Cell::Refuses { says: "LeaseConflict", why: WHY };
/// A typed call on an execution that waits.
pub(crate) const NOT_ACTIVE: Cell = Cell::Refuses { says: "ExecutionNotActive", why: WHY };
/// A typed call, of which the epoch is old.
pub(crate) const STALE: Cell = Cell::Refuses { says: "StaleLease", why: WHY };

/// What a worker may try.
#[derive(Clone, Copy)]
pub(crate) enum Try {
    Renew,
    Progress,
    Complete,
    Fail,
}

/// Lets a worker try something that must not change anything.
pub(crate) async fn tries(bench: &Bench, worker: &dyn Worker, what: Try) -> Result<(), Stop> {
    let before = bench.rows(worker.execution()).await;
    let answer = match what {
        Try::Renew => worker.renew().await,
        Try::Progress => worker.progress().await,
        Try::Complete => worker.complete(b"late").await,
        Try::Fail => worker.fail().await,
    };
    assert_eq!(bench.rows(worker.execution()).await, before, "it left a trace");
    answer
}

/// A worker of `claim`.
pub(crate) async fn classic(bench: &Bench, policy: Value) -> Result<Box<dyn Worker>, Stop> {
    bench.started(policy, SHORT_MS).await
}

/// A worker of `claim_execution`.
pub(crate) async fn typed(bench: &Bench) -> Result<Box<dyn Worker>, Stop> {
    let execution = bench.execution(json!({})).await?;
    bench.claim_execution(execution, SHORT_MS).await
}
