//! What becomes of an execution whose worker stopped renewing its lease?

use ff_scanner::lease_expiry::{LeaseExpiry, OnLapse};
use ff_scanner_engine_tests::bench::{Bench, LONG_MS, SHORT_MS};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{Absent, Works};
use ff_scanner_engine_tests::engine::{Execution, Stop, Worker};
use serde_json::json;

use crate::paths::{self, NOT_RESUMED, NOTHING, QUEUED};
use crate::reads;
use crate::zombie::{self, NOT_ACTIVE, REFUSED, STALE, Try, tries};

async fn lapse(bench: &Bench, worker: Box<dyn Worker>) -> Box<dyn Worker> {
    bench.settle(&LeaseExpiry::new(bench.pool())).await;
    worker
}

async fn put_back(bench: &Bench) -> Result<Execution, Stop> {
    Ok(lost(bench).await?.execution())
}

/// A worker of `claim` that has lost its lease.
async fn lost(bench: &Bench) -> Result<Box<dyn Worker>, Stop> {
    Ok(lapse(bench, zombie::classic(bench, json!({})).await?).await)
}

/// A worker of `claim` that has lost its lease, and another has the execution.
async fn replaced(bench: &Bench) -> Result<Box<dyn Worker>, Stop> {
    let lost = lost(bench).await?;
    bench.engine().claim(&bench.lane, LONG_MS).await?;
    Ok(lost)
}

/// A worker of `claim_execution` that has lost its lease.
async fn typed_lost(bench: &Bench) -> Result<Box<dyn Worker>, Stop> {
    Ok(lapse(bench, zombie::typed(bench).await?).await)
}

/// A worker of `claim_execution` that has lost its lease, and another has the execution.
async fn typed_replaced(bench: &Bench) -> Result<Box<dyn Worker>, Stop> {
    let lost = typed_lost(bench).await?;
    bench.claim_execution(lost.execution(), LONG_MS).await?;
    Ok(lost)
}

async fn typed_put_back(bench: &Bench) -> Result<Execution, Stop> {
    Ok(typed_lost(bench).await?.execution())
}

async fn operated_put_back(bench: &Bench) -> Result<Execution, Stop> {
    // An operator's claim takes what has been tried before.
    let execution = put_back(bench).await?;
    let worker = bench.engine().issue_grant_and_claim(execution, &bench.lane, SHORT_MS).await?;
    Ok(lapse(bench, worker).await.execution())
}

async fn marked(bench: &Bench) -> Result<Execution, Stop> {
    let worker = bench.started(json!({}), SHORT_MS).await?;
    bench.settle(&LeaseExpiry::new(bench.pool()).with_on_lapse(OnLapse::MarkReclaimable)).await;
    Ok(worker.execution())
}

/// Whose worker died once too often, and since when that was to come.
async fn given_up(bench: &Bench) -> Result<(Execution, i64), Stop> {
    let since_ms = bench.engine().now_ms();
    let worker = bench.started(json!({"max_reclaim_count": 1}), SHORT_MS).await?;
    lapse(bench, worker).await;
    let worker = bench.engine().claim(&bench.lane, SHORT_MS).await?;
    Ok((lapse(bench, worker).await.execution(), since_ms))
}

checks! {
    PUT_BACK: "`lease_expiry` puts an execution back";
    claim_takes_it: "`claim`", [Works],
        async |bench| paths::claim(bench, put_back(bench).await?).await;
    a_scheduled_claim_takes_it: "`claim_for_worker`, then `issue_grant_and_claim`", [Absent, Works],
        async |bench| paths::granted(bench, put_back(bench).await?).await;
    a_scheduled_resume_takes_it: "`claim_for_worker`, then `claim_from_resume_grant`", [Works],
        async |bench| paths::granted_and_resumed(bench, put_back(bench).await?).await;
    claim_execution_takes_it: "`claim_execution`", [Absent, Works],
        async |bench| paths::claim_execution(bench, put_back(bench).await?).await;
    issue_grant_and_claim_takes_it: "`issue_grant_and_claim`", [Absent, Works],
        async |bench| paths::issue_grant_and_claim(bench, put_back(bench).await?).await;
    claim_from_resume_grant_takes_it: "`claim_from_resume_grant` (0.11: `claim_from_reclaim`)", [Works],
        async |bench| paths::claim_from_resume_grant(bench, put_back(bench).await?).await;
    claim_resumed_execution_does_not: "`claim_resumed_execution`", [NOT_RESUMED],
        async |bench| paths::claim_resumed_execution(bench, put_back(bench).await?).await;
    a_reclaim_grant_is_not_for_it: "`issue_reclaim_grant`", [Absent, QUEUED],
        async |bench| paths::reclaim_execution(bench, put_back(bench).await?).await;
    it_reads_as_waiting: "`read_execution_info`: waiting", [Works],
        async |bench| reads::waits(bench, put_back(bench).await?, "waiting").await;
    it_is_described_as_waiting: "`describe_execution`: waiting", [Works],
        async |bench| reads::described(bench, put_back(bench).await?, "waiting").await;
    its_lease_is_no_longer_listed: "`list_expired_leases`: not any more", [Absent, Works],
        async |bench| paths::not_listed(bench, put_back(bench).await?).await;
    cancelling_it_needs_no_lease: "`cancel_execution` without a lease", [Works],
        async |bench| bench.engine().cancel(put_back(bench).await?).await;
}

checks! {
    TYPED_PUT_BACK: "`lease_expiry` puts an execution back that a typed call had claimed";
    claim_takes_it_from_a_typed_worker: "`claim`", [Absent, Works],
        async |bench| paths::claim(bench, typed_put_back(bench).await?).await;
    claim_execution_takes_it_from_a_typed_worker: "`claim_execution`", [Absent, Works],
        async |bench| paths::claim_execution(bench, typed_put_back(bench).await?).await;
    issue_grant_and_claim_takes_it_from_a_typed_worker: "`issue_grant_and_claim`", [Absent, Works],
        async |bench| paths::issue_grant_and_claim(bench, typed_put_back(bench).await?).await;
    claim_from_resume_grant_takes_it_from_a_typed_worker: "`claim_from_resume_grant`", [Absent, Works],
        async |bench| paths::claim_from_resume_grant(bench, typed_put_back(bench).await?).await;
    it_is_described_as_waiting_after_a_typed_worker: "`describe_execution`: waiting", [Absent, Works],
        async |bench| reads::described(bench, typed_put_back(bench).await?, "waiting").await;
    claim_takes_it_from_an_operator: "`claim`, after `issue_grant_and_claim`", [Absent, Works],
        async |bench| paths::claim(bench, operated_put_back(bench).await?).await;
    issue_grant_and_claim_takes_it_from_an_operator: "`issue_grant_and_claim`, after `issue_grant_and_claim`",
        [Absent, Works],
        async |bench| paths::issue_grant_and_claim(bench, operated_put_back(bench).await?).await;
}

checks! {
    MARKED: "`lease_expiry` marks an execution as reclaimable, where that is asked for";
    reclaim_execution_takes_it: "`issue_reclaim_grant`, then `reclaim_execution`", [Absent, Works],
        async |bench| paths::reclaim_execution(bench, marked(bench).await?).await;
    claim_from_resume_grant_takes_it_all_the_same: "`claim_from_resume_grant` (0.11: `claim_from_reclaim`)", [Works],
        async |bench| paths::claim_from_resume_grant(bench, marked(bench).await?).await;
    claim_does_not_take_it: "`claim`", [NOTHING],
        async |bench| paths::claim(bench, marked(bench).await?).await;
    it_reads_as_active: "`read_execution_info`: active", [Works],
        async |bench| reads::waits(bench, marked(bench).await?, "active").await;
}

checks! {
    GIVEN_UP: "`lease_expiry` ends an execution that lost its worker too often";
    it_reads_as_failed: "`read_execution_info`: failed, and when", [Works],
        async |bench| { let (execution, since_ms) = given_up(bench).await?; reads::ended(bench, execution, since_ms, "failed").await };
    it_is_described_as_failed: "`describe_execution`: failed", [Works],
        async |bench| reads::described(bench, given_up(bench).await?.0, "failed").await;
    claim_finds_nothing: "`claim`", [NOTHING],
        async |bench| paths::claim(bench, given_up(bench).await?.0).await;
    a_replay_takes_it: "`replay_execution`, then `claim`", [Works],
        async |bench| paths::replay(bench, given_up(bench).await?.0).await;
}

checks! {
    LOST: "The worker that `lease_expiry` took an execution from";
    its_renew_is_refused: "`renew`", [REFUSED],
        async |bench| tries(bench, &*lost(bench).await?, Try::Renew).await;
    its_progress_is_refused: "`progress`", [REFUSED],
        async |bench| tries(bench, &*lost(bench).await?, Try::Progress).await;
    its_complete_is_refused: "`complete`", [REFUSED],
        async |bench| tries(bench, &*lost(bench).await?, Try::Complete).await;
    its_fail_is_refused: "`fail`", [REFUSED],
        async |bench| tries(bench, &*lost(bench).await?, Try::Fail).await;
    its_renew_is_refused_beside_another: "`renew`, while another has it", [REFUSED],
        async |bench| tries(bench, &*replaced(bench).await?, Try::Renew).await;
    its_progress_is_refused_beside_another: "`progress`, while another has it", [REFUSED],
        async |bench| tries(bench, &*replaced(bench).await?, Try::Progress).await;
    its_complete_is_refused_beside_another: "`complete`, while another has it", [REFUSED],
        async |bench| tries(bench, &*replaced(bench).await?, Try::Complete).await;
    its_fail_is_refused_beside_another: "`fail`, while another has it", [REFUSED],
        async |bench| tries(bench, &*replaced(bench).await?, Try::Fail).await;
    its_typed_renew_is_refused: "`renew_lease`", [Absent, STALE],
        async |bench| tries(bench, &*typed_lost(bench).await?, Try::Renew).await;
    its_typed_complete_is_refused: "`complete_execution`", [Absent, NOT_ACTIVE],
        async |bench| tries(bench, &*typed_lost(bench).await?, Try::Complete).await;
    its_typed_fail_is_refused: "`fail_execution`", [Absent, STALE],
        async |bench| tries(bench, &*typed_lost(bench).await?, Try::Fail).await;
    its_typed_renew_is_refused_beside_another: "`renew_lease`, while another has it", [Absent, STALE],
        async |bench| tries(bench, &*typed_replaced(bench).await?, Try::Renew).await;
    its_typed_complete_is_refused_beside_another: "`complete_execution`, while another has it", [Absent, STALE],
        async |bench| tries(bench, &*typed_replaced(bench).await?, Try::Complete).await;
    its_typed_fail_is_refused_beside_another: "`fail_execution`, while another has it", [Absent, STALE],
        async |bench| tries(bench, &*typed_replaced(bench).await?, Try::Fail).await;
    its_complete_is_refused_at_the_end: "`complete`, after the execution was given up", [REFUSED],
        async |bench| {
            let worker = bench.started(json!({"max_reclaim_count": 0}), SHORT_MS).await?;
            tries(bench, &*lapse(bench, worker).await, Try::Complete).await
        };
}
