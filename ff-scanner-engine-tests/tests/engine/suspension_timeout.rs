//! What becomes of an execution that was suspended for longer than it may be?

use ff_scanner::suspension::SuspensionTimeout;
use ff_scanner_engine_tests::bench::{Bench, LONG_MS};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{self, Absent, Works};
use ff_scanner_engine_tests::engine::{Claimed, Execution, Stop, Waitpoint, Worker};
use serde_json::json;

use crate::paths::{self, NOTHING, QUEUED};
use crate::reads;
use crate::zombie::{REFUSED, Try, tries};

const RESUME: &str = "auto_resume_with_timeout_signal";

/// Only the path for resumed executions is for it.
const RESUMED: Cell =
    Cell::Refuses { says: "LeaseConflict", why: "A resumed execution is claimed as resumed, or by `claim`." };
const CLOSED: Cell = Cell::Refuses {
    says: r#"NotFound { entity: "waitpoint" }"#,
    why: "The time-out has closed what the signal was for; a token must not outlive its suspension.",
};

/// An execution whose suspension ended as `behavior` says.
struct TimedOut {
    worker: Box<dyn Worker>,
    waitpoint: Waitpoint,
    since_ms: i64,
}

async fn end(bench: &Bench, worker: Box<dyn Worker>, behavior: &str) -> Result<TimedOut, Stop> {
    let since_ms = bench.engine().now_ms();
    let waitpoint = worker.suspend(since_ms, behavior).await?;
    bench.settle(&SuspensionTimeout::new(bench.pool())).await;
    Ok(TimedOut { worker, waitpoint, since_ms })
}

async fn timed_out(bench: &Bench, behavior: &str) -> Result<TimedOut, Stop> {
    end(bench, bench.started(json!({}), LONG_MS).await?, behavior).await
}

async fn typed_timed_out(bench: &Bench, behavior: &str) -> Result<Execution, Stop> {
    let execution = bench.execution(json!({})).await?;
    let worker = bench.claim_execution(execution, LONG_MS).await?;
    Ok(end(bench, worker, behavior).await?.worker.execution())
}

async fn resumed(bench: &Bench) -> Result<Execution, Stop> {
    Ok(timed_out(bench, RESUME).await?.worker.execution())
}

async fn reads_as(bench: &Bench, behavior: &str, word: &str) -> Result<(), Stop> {
    let TimedOut { worker, since_ms, .. } = timed_out(bench, behavior).await?;
    reads::ended(bench, worker.execution(), since_ms, word).await
}

async fn described_as(bench: &Bench, behavior: &str, word: &str) -> Result<(), Stop> {
    reads::described(bench, timed_out(bench, behavior).await?.worker.execution(), word).await
}

/// Whether who claims what was resumed sees why it was.
async fn observes(claimed: Claimed) -> Result<(), Stop> {
    let signals = claimed?.signals().await?;
    if signals == ["timeout"] { Ok(()) } else { Err(Stop::Said(format!("signals: {signals:?}"))) }
}

/// A signal that comes too late, and changes nothing.
async fn signalled(bench: &Bench, behavior: &str) -> Result<(), Stop> {
    let TimedOut { worker, waitpoint, .. } = timed_out(bench, behavior).await?;
    let before = bench.rows(worker.execution()).await;
    let answer = bench.engine().signal(worker.execution(), &waitpoint).await;
    assert_eq!(bench.rows(worker.execution()).await, before, "it left a trace");
    answer
}

checks! {
    AUTO_RESUMED: "`suspension_timeout` resumes an execution";
    claim_resumed_execution_takes_it: "`claim_resumed_execution`", [Works],
        async |bench| paths::claim_resumed_execution(bench, resumed(bench).await?).await;
    claim_takes_it: "`claim`", [Works],
        async |bench| paths::claim(bench, resumed(bench).await?).await;
    a_scheduled_claim_takes_it: "`claim_for_worker`, then `issue_grant_and_claim`", [Absent, Works],
        async |bench| paths::granted(bench, resumed(bench).await?).await;
    issue_grant_and_claim_takes_it: "`issue_grant_and_claim`", [Absent, Works],
        async |bench| paths::issue_grant_and_claim(bench, resumed(bench).await?).await;
    claim_from_resume_grant_takes_it: "`claim_from_resume_grant` (0.11: `claim_from_reclaim`)", [Works],
        async |bench| paths::claim_from_resume_grant(bench, resumed(bench).await?).await;
    claim_execution_does_not: "`claim_execution`", [Absent, RESUMED],
        async |bench| paths::claim_execution(bench, resumed(bench).await?).await;
    a_reclaim_grant_is_not_for_it: "`issue_reclaim_grant`", [Absent, QUEUED],
        async |bench| paths::reclaim_execution(bench, resumed(bench).await?).await;
    it_observes_the_time_out: "`claim_resumed_execution`, then `observe_signals`: the time-out", [Works],
        async |bench| {
            let execution = resumed(bench).await?;
            observes(bench.engine().claim_resumed_execution(execution, &bench.lane, LONG_MS).await).await
        };
    it_observes_the_time_out_by_claim: "`claim`, then `observe_signals`: the time-out", [Works],
        async |bench| {
            resumed(bench).await?;
            observes(bench.engine().claim(&bench.lane, LONG_MS).await).await
        };
    it_reads_as_resumable: "`read_execution_info`: resumable", [Works],
        async |bench| reads::waits(bench, resumed(bench).await?, "resumable").await;
    it_is_described_as_resumable: "`describe_execution`: resumable", [Works],
        async |bench| reads::described(bench, resumed(bench).await?, "resumable").await;
    it_waits_for_nothing: "`list_pending_waitpoints`: none", [Works],
        async |bench| match bench.engine().pending_waitpoints(resumed(bench).await?).await? {
            0 => Ok(()),
            some => Err(Stop::Said(format!("{some} waitpoints"))),
        };
    a_late_signal_is_refused: "`deliver_signal`, too late", [CLOSED],
        async |bench| signalled(bench, RESUME).await;
    claim_resumed_execution_takes_it_from_a_typed_worker: "`claim_resumed_execution`, after a typed claim",
        [Absent, Works],
        async |bench| paths::claim_resumed_execution(bench, typed_timed_out(bench, RESUME).await?).await;
    it_is_described_as_resumable_after_a_typed_worker: "`describe_execution`, after a typed claim", [Absent, Works],
        async |bench| reads::described(bench, typed_timed_out(bench, RESUME).await?, "resumable").await;
    the_suspended_worker_is_refused: "`complete` by the worker that suspended it", [REFUSED],
        async |bench| tries(bench, &*timed_out(bench, RESUME).await?.worker, Try::Complete).await;
    it_can_be_suspended_again: "`suspend` again, and a signal in time", [Works],
        async |bench| {
            let execution = resumed(bench).await?;
            let worker = bench.engine().claim_resumed_execution(execution, &bench.lane, LONG_MS).await?;
            let in_time = bench.engine().now_ms() + 600_000;
            let waitpoint = worker.suspend(in_time, "fail").await?;
            bench.cycle(&SuspensionTimeout::new(bench.pool())).await;
            bench.engine().signal(execution, &waitpoint).await?;
            paths::claim_resumed_execution(bench, execution).await
        };
}

checks! {
    ENDED: "`suspension_timeout` ends an execution";
    fail_reads_as_failed: "`fail`, `read_execution_info`: failed, and when", [Works],
        async |bench| reads_as(bench, "fail", "failed").await;
    cancel_reads_as_cancelled: "`cancel`, `read_execution_info`: cancelled, and when", [Works],
        async |bench| reads_as(bench, "cancel", "cancelled").await;
    expire_reads_as_expired: "`expire`, `read_execution_info`: expired, and when", [Works],
        async |bench| reads_as(bench, "expire", "expired").await;
    fail_is_described: "`fail`, `describe_execution`", [Works],
        async |bench| described_as(bench, "fail", "failed").await;
    cancel_is_described: "`cancel`, `describe_execution`", [Works],
        async |bench| described_as(bench, "cancel", "cancelled").await;
    expire_is_described: "`expire`, `describe_execution`", [Works],
        async |bench| described_as(bench, "expire", "expired").await;
    fail_is_described_after_a_typed_worker: "`fail`, `describe_execution`, after a typed claim", [Absent, Works],
        async |bench| reads::described(bench, typed_timed_out(bench, "fail").await?, "failed").await;
    fail_reads_as_failed_after_a_typed_worker: "`fail`, `read_execution_info`, after a typed claim", [Absent, Works],
        async |bench| {
            let since_ms = bench.engine().now_ms();
            let execution = typed_timed_out(bench, "fail").await?;
            reads::ended(bench, execution, since_ms, "failed").await
        };
    claim_finds_nothing: "`claim`", [NOTHING],
        async |bench| paths::claim(bench, timed_out(bench, "fail").await?.worker.execution()).await;
    a_late_signal_is_refused_at_the_end: "`deliver_signal`, too late", [CLOSED],
        async |bench| signalled(bench, "fail").await;
    the_suspended_worker_is_refused_at_the_end: "`complete` by the worker that suspended it", [REFUSED],
        async |bench| tries(bench, &*timed_out(bench, "expire").await?.worker, Try::Complete).await;
    a_replay_takes_it: "`replay_execution`, then `claim`", [Works],
        async |bench| paths::replay(bench, timed_out(bench, "fail").await?.worker.execution()).await;
}

checks! {
    ESCALATED: "`suspension_timeout` leaves an execution to an operator";
    it_reads_as_suspended: "`escalate`, `read_execution_info`: suspended", [Works],
        async |bench| reads::waits(bench, timed_out(bench, "escalate").await?.worker.execution(), "suspended").await;
    it_is_described_as_suspended: "`escalate`, `describe_execution`: suspended", [Works],
        async |bench| reads::described(bench, timed_out(bench, "escalate").await?.worker.execution(), "suspended").await;
    a_signal_resumes_it: "`deliver_signal`, then `claim_resumed_execution`", [Works],
        async |bench| {
            let TimedOut { worker, waitpoint, .. } = timed_out(bench, "escalate").await?;
            bench.engine().signal(worker.execution(), &waitpoint).await?;
            paths::claim_resumed_execution(bench, worker.execution()).await
        };
    an_operator_cancels_it: "`cancel_execution`", [Works],
        async |bench| bench.engine().cancel(timed_out(bench, "escalate").await?.worker.execution()).await;
    claim_finds_nothing_to_escalate: "`claim`", [NOTHING],
        async |bench| paths::claim(bench, timed_out(bench, "escalate").await?.worker.execution()).await;
}
