//! How does the engine take an execution, and is it then the whole of it?

use ff_scanner_engine_tests::bench::{Bench, LONG_MS};
use ff_scanner_engine_tests::checks::Cell;
use ff_scanner_engine_tests::engine::{Claimed, Execution, Stop};

/// No resumed execution, so the call for those is not for it.
pub(crate) const NOT_RESUMED: Cell = Cell::Refuses {
    says: "NotAResumedExecution",
    why: "It is not resumed but tried again, by any claim but this one.",
};
/// Queued, so a reclaim grant is not for it.
pub(crate) const QUEUED: Cell = Cell::Refuses {
    says: "NotReclaimable",
    why: "Reclaim grants are for executions that stay active without a worker; this one is in the queue.",
};
/// Over, so nothing is to claim.
pub(crate) const NOTHING: Cell =
    Cell::Refuses { says: "nothing to claim", why: "It is not in the queue: there is nothing to claim." };

async fn finish(bench: &Bench, execution: Execution, claimed: Claimed) -> Result<(), Stop> {
    let worker = claimed?;
    assert_eq!(worker.execution(), execution, "another execution was claimed");
    bench.finish(&*worker).await
}

/// `claim`.
pub(crate) async fn claim(bench: &Bench, execution: Execution) -> Result<(), Stop> {
    let claimed = bench.engine().claim(&bench.lane, LONG_MS).await;
    finish(bench, execution, claimed).await
}

/// `claim_for_worker`, and then what takes an execution that the scheduler has granted.
pub(crate) async fn granted(bench: &Bench, execution: Execution) -> Result<(), Stop> {
    assert_eq!(bench.engine().claim_for_worker(&bench.lane).await?, execution, "another execution was granted");
    issue_grant_and_claim(bench, execution).await
}

/// `claim_for_worker`, and then what takes it where nothing asks for the grant.
pub(crate) async fn granted_and_resumed(bench: &Bench, execution: Execution) -> Result<(), Stop> {
    assert_eq!(bench.engine().claim_for_worker(&bench.lane).await?, execution, "another execution was granted");
    claim_from_resume_grant(bench, execution).await
}

/// `claim_execution`.
pub(crate) async fn claim_execution(bench: &Bench, execution: Execution) -> Result<(), Stop> {
    let claimed = bench.claim_execution(execution, LONG_MS).await;
    finish(bench, execution, claimed).await
}

/// `issue_grant_and_claim`.
pub(crate) async fn issue_grant_and_claim(bench: &Bench, execution: Execution) -> Result<(), Stop> {
    let claimed = bench.engine().issue_grant_and_claim(execution, &bench.lane, LONG_MS).await;
    finish(bench, execution, claimed).await
}

/// `claim_from_resume_grant`.
pub(crate) async fn claim_from_resume_grant(bench: &Bench, execution: Execution) -> Result<(), Stop> {
    let claimed = bench.engine().claim_from_resume_grant(execution, &bench.lane, LONG_MS).await;
    finish(bench, execution, claimed).await
}

/// `claim_resumed_execution`.
pub(crate) async fn claim_resumed_execution(bench: &Bench, execution: Execution) -> Result<(), Stop> {
    let claimed = bench.engine().claim_resumed_execution(execution, &bench.lane, LONG_MS).await;
    finish(bench, execution, claimed).await
}

/// `issue_reclaim_grant` and `reclaim_execution`.
pub(crate) async fn reclaim_execution(bench: &Bench, execution: Execution) -> Result<(), Stop> {
    let claimed = bench.engine().reclaim_execution(execution, &bench.lane, LONG_MS).await;
    finish(bench, execution, claimed).await
}

/// `replay_execution`, and then `claim`.
pub(crate) async fn replay(bench: &Bench, execution: Execution) -> Result<(), Stop> {
    bench.engine().replay(execution).await?;
    claim(bench, execution).await
}

/// `list_expired_leases`: none is told of it any more.
pub(crate) async fn not_listed(bench: &Bench, _: Execution) -> Result<(), Stop> {
    let listed = bench.engine().list_expired_leases(&bench.namespace).await?;
    if listed.is_empty() { Ok(()) } else { Err(Stop::Said(format!("still listed: {listed:?}"))) }
}
