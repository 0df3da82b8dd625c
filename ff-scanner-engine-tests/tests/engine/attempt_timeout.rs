//! What becomes of an execution whose attempt ran longer than its policy allows?

use ff_scanner::attempt_timeout::AttemptTimeout;
use ff_scanner_engine_tests::bench::{Bench, LONG_MS};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{self, Absent, Works};
use ff_scanner_engine_tests::engine::{Execution, Stop, Worker};
use serde_json::json;

use crate::paths::{self, NOT_RESUMED, NOTHING, QUEUED};
use crate::reads;
use crate::zombie::{NOT_ACTIVE, REFUSED, STALE, Try, tries};

/// What looks at attempts alone takes the one that has ended.
const LAST_ATTEMPT: Cell = Cell::Defect {
    shows: r#"outcome: "none""#,
    why: "`claim_from_resume_grant` takes the latest attempt, though it has ended, instead of the one that the execution \
          points to; after any retry, the engine's own included, the outcome then cannot be read.",
};

/// A worker, under a lease that has not lapsed, whose time is up: of `claim`, or of `claim_execution`.
async fn overdue(bench: &Bench, max_retries: u32, typed: bool) -> Result<Box<dyn Worker>, Stop> {
    let policy = json!({"timeout_policy": {"attempt_timeout_ms": 1}, "retry_policy": {"max_retries": max_retries}});
    let worker = if typed {
        let execution = bench.execution(policy).await?;
        bench.claim_execution(execution, LONG_MS).await?
    } else {
        bench.started(policy, LONG_MS).await?
    };
    bench.settle(&AttemptTimeout::new(bench.pool())).await;
    Ok(worker)
}

async fn retried(bench: &Bench) -> Result<Execution, Stop> {
    Ok(overdue(bench, 1, false).await?.execution())
}

async fn typed_retried(bench: &Bench) -> Result<Execution, Stop> {
    Ok(overdue(bench, 1, true).await?.execution())
}

async fn expired(bench: &Bench, typed: bool) -> Result<Execution, Stop> {
    Ok(overdue(bench, 0, typed).await?.execution())
}

async fn reads_as_expired(bench: &Bench, typed: bool) -> Result<(), Stop> {
    let since_ms = bench.engine().now_ms();
    let execution = expired(bench, typed).await?;
    reads::ended(bench, execution, since_ms, "expired").await
}

/// A worker of `claim` that ran out of time, while another makes the next attempt.
async fn replaced(bench: &Bench) -> Result<Box<dyn Worker>, Stop> {
    let lost = overdue(bench, 1, false).await?;
    bench.engine().claim(&bench.lane, LONG_MS).await?;
    Ok(lost)
}

checks! {
    RETRIED: "`attempt_timeout` puts an execution back for another attempt";
    claim_takes_it: "`claim`", [Works],
        async |bench| paths::claim(bench, retried(bench).await?).await;
    a_scheduled_claim_takes_it: "`claim_for_worker`, then `issue_grant_and_claim`", [Absent, Works],
        async |bench| paths::granted(bench, retried(bench).await?).await;
    claim_execution_takes_it: "`claim_execution`", [Absent, Works],
        async |bench| paths::claim_execution(bench, retried(bench).await?).await;
    issue_grant_and_claim_takes_it: "`issue_grant_and_claim`", [Absent, Works],
        async |bench| paths::issue_grant_and_claim(bench, retried(bench).await?).await;
    claim_from_resume_grant_takes_the_wrong_attempt: "`claim_from_resume_grant` (0.11: `claim_from_reclaim`)",
        [LAST_ATTEMPT],
        async |bench| paths::claim_from_resume_grant(bench, retried(bench).await?).await;
    claim_resumed_execution_does_not: "`claim_resumed_execution`", [NOT_RESUMED],
        async |bench| paths::claim_resumed_execution(bench, retried(bench).await?).await;
    a_reclaim_grant_is_not_for_it: "`issue_reclaim_grant`", [Absent, QUEUED],
        async |bench| paths::reclaim_execution(bench, retried(bench).await?).await;
    it_reads_as_waiting: "`read_execution_info`: waiting", [Works],
        async |bench| reads::waits(bench, retried(bench).await?, "waiting").await;
    it_is_described_as_waiting: "`describe_execution`: waiting", [Works],
        async |bench| reads::described(bench, retried(bench).await?, "waiting").await;
    cancelling_it_needs_no_lease: "`cancel_execution` without a lease", [Works],
        async |bench| bench.engine().cancel(retried(bench).await?).await;
    claim_takes_it_from_a_typed_worker: "`claim`, after a typed claim", [Absent, Works],
        async |bench| paths::claim(bench, typed_retried(bench).await?).await;
    claim_execution_takes_it_from_a_typed_worker: "`claim_execution`, after a typed claim", [Absent, Works],
        async |bench| paths::claim_execution(bench, typed_retried(bench).await?).await;
    issue_grant_and_claim_takes_it_from_a_typed_worker: "`issue_grant_and_claim`, after a typed claim", [Absent, Works],
        async |bench| paths::issue_grant_and_claim(bench, typed_retried(bench).await?).await;
    it_is_described_as_waiting_after_a_typed_worker: "`describe_execution`, after a typed claim", [Absent, Works],
        async |bench| reads::described(bench, typed_retried(bench).await?, "waiting").await;
}

checks! {
    EXPIRED: "`attempt_timeout` ends an execution that has no attempt left";
    it_reads_as_expired: "`read_execution_info`: expired, and when", [Works],
        async |bench| reads_as_expired(bench, false).await;
    it_is_described_as_expired: "`describe_execution`: expired", [Works],
        async |bench| reads::described(bench, expired(bench, false).await?, "expired").await;
    it_reads_as_expired_after_a_typed_worker: "`read_execution_info`, after a typed claim", [Absent, Works],
        async |bench| reads_as_expired(bench, true).await;
    it_is_described_as_expired_after_a_typed_worker: "`describe_execution`, after a typed claim", [Absent, Works],
        async |bench| reads::described(bench, expired(bench, true).await?, "expired").await;
    claim_finds_nothing: "`claim`", [NOTHING],
        async |bench| paths::claim(bench, expired(bench, false).await?).await;
    a_replay_takes_it: "`replay_execution`, then `claim`", [Works],
        async |bench| paths::replay(bench, expired(bench, false).await?).await;
    a_replay_has_its_full_time: "`replay_execution`, then `claim_execution`: the time-out begins anew", [Absent, Works],
        async |bench| {
            const LIMIT_MS: i64 = 3_600_000;
            let reconciler = AttemptTimeout::new(bench.pool());
            let policy = json!({"timeout_policy": {"attempt_timeout_ms": LIMIT_MS}});
            let execution = bench.execution(policy).await?;
            bench.claim_execution(execution, LONG_MS).await?;
            let started_ms = bench.engine().now_ms();
            // When the first attempt has had its time, and one that began any later has not.
            let over_ms = started_ms + LIMIT_MS;
            assert_eq!(bench.cycle_at(&reconciler, over_ms).await.changed, 1);
            while bench.engine().now_ms() == started_ms {
                tokio::task::yield_now().await;
            }
            bench.engine().replay(execution).await?;
            let worker = bench.claim_execution(execution, LONG_MS).await?;
            bench.cycle_at(&reconciler, over_ms).await;
            worker.complete(b"done").await
        };
}

checks! {
    LOST: "The worker that `attempt_timeout` took an execution from";
    its_renew_is_refused: "`renew`", [REFUSED],
        async |bench| tries(bench, &*overdue(bench, 1, false).await?, Try::Renew).await;
    its_progress_is_refused: "`progress`", [REFUSED],
        async |bench| tries(bench, &*overdue(bench, 1, false).await?, Try::Progress).await;
    its_complete_is_refused: "`complete`", [REFUSED],
        async |bench| tries(bench, &*overdue(bench, 1, false).await?, Try::Complete).await;
    its_fail_is_refused: "`fail`", [REFUSED],
        async |bench| tries(bench, &*overdue(bench, 1, false).await?, Try::Fail).await;
    its_renew_is_refused_beside_another: "`renew`, while another has it", [REFUSED],
        async |bench| tries(bench, &*replaced(bench).await?, Try::Renew).await;
    its_complete_is_refused_beside_another: "`complete`, while another has it", [REFUSED],
        async |bench| tries(bench, &*replaced(bench).await?, Try::Complete).await;
    its_renew_is_refused_at_the_end: "`renew`, after the execution ended", [REFUSED],
        async |bench| tries(bench, &*overdue(bench, 0, false).await?, Try::Renew).await;
    its_progress_is_refused_at_the_end: "`progress`, after the execution ended", [REFUSED],
        async |bench| tries(bench, &*overdue(bench, 0, false).await?, Try::Progress).await;
    its_complete_is_refused_at_the_end: "`complete`, after the execution ended", [REFUSED],
        async |bench| tries(bench, &*overdue(bench, 0, false).await?, Try::Complete).await;
    its_fail_is_refused_at_the_end: "`fail`, after the execution ended", [REFUSED],
        async |bench| tries(bench, &*overdue(bench, 0, false).await?, Try::Fail).await;
    its_typed_renew_is_refused: "`renew_lease`", [Absent, STALE],
        async |bench| tries(bench, &*overdue(bench, 1, true).await?, Try::Renew).await;
    its_typed_complete_is_refused: "`complete_execution`", [Absent, NOT_ACTIVE],
        async |bench| tries(bench, &*overdue(bench, 1, true).await?, Try::Complete).await;
    its_typed_fail_is_refused: "`fail_execution`", [Absent, STALE],
        async |bench| tries(bench, &*overdue(bench, 1, true).await?, Try::Fail).await;
    its_typed_complete_is_refused_at_the_end: "`complete_execution`, after the execution ended", [Absent, NOT_ACTIVE],
        async |bench| tries(bench, &*overdue(bench, 0, true).await?, Try::Complete).await;
}
