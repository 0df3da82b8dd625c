//! Where the engine's own time-driven loops go wrong, do ours go right?

use ff_scanner::attempt_timeout::{AttemptTimeout, AttemptTimeoutTrigger};
use ff_scanner::lease_expiry::LeaseExpiry;
use ff_scanner::suspension::SuspensionTimeout;
use ff_scanner_engine_tests::bench::{Bench, LONG_MS, SHORT_MS};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{Absent, Works};
use ff_scanner_engine_tests::engine::{Members, Stop};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::dag::Dag;
use crate::{paths, reads};

/// A policy under which every attempt is too long.
fn impatient(max_retries: u32) -> Value {
    json!({"timeout_policy": {"attempt_timeout_ms": 1}, "retry_policy": {"max_retries": max_retries}})
}

/// Lets everything that goes by time look, until there has been something to settle.
async fn all_three(bench: &Bench) {
    bench.cycle(&AttemptTimeout::new(bench.pool())).await;
    bench.cycle(&SuspensionTimeout::new(bench.pool())).await;
    bench.cycle(&LeaseExpiry::new(bench.pool())).await;
}

async fn a_crash(bench: &Bench, policy: Value) -> Result<(), Stop> {
    let worker = bench.started(policy, SHORT_MS).await?;
    bench.settle(&LeaseExpiry::new(bench.pool())).await;
    all_three(bench).await;
    paths::claim(bench, worker.execution()).await
}

/// An execution that was suspended, with a time-out that has passed, and resumed by a signal in time.
async fn signalled(bench: &Bench) -> Result<Box<dyn ff_scanner_engine_tests::engine::Worker>, Stop> {
    let worker = bench.started(json!({}), LONG_MS).await?;
    let waitpoint = worker.suspend(bench.engine().now_ms(), "fail").await?;
    bench.engine().signal(worker.execution(), &waitpoint).await?;
    bench.engine().claim_resumed_execution(worker.execution(), &bench.lane, LONG_MS).await
}

/// Whether no reconciler that goes by time touches what has ended as `word`.
async fn stays(bench: &Bench, execution: ff_scanner_engine_tests::engine::Execution, word: &str) -> Result<(), Stop> {
    let before = bench.read(execution).await?;
    all_three(bench).await;
    let after = bench.read(execution).await?;
    if after == before && after.outcome == word { Ok(()) } else { Err(Stop::Said(format!("{before:?}, {after:?}"))) }
}

checks! {
    TRAPS: "Where the engine's own time-driven loops go wrong";
    a_crash_does_not_end_a_job: "a worker's crash does not end a job without a retry policy", [Works],
        async |bench| a_crash(bench, json!({})).await;
    a_crash_costs_no_retry: "a worker's crash costs no retry", [Works],
        async |bench| {
            a_crash(bench, json!({"retry_policy": {"max_retries": 0}})).await
        };
    renewing_does_not_stop_the_clock: "a worker that renews for ever is timed out", [Works],
        async |bench| {
            let worker = bench.started(impatient(0), LONG_MS).await?;
            worker.renew().await?;
            bench.settle(&AttemptTimeout::new(bench.pool())).await;
            reads::described(bench, worker.execution(), "expired").await
        };
    a_stale_lease_is_only_cleaned: "the lease that `reclaim_execution` leaves behind does not cost the new worker its own",
        [Absent, Works],
        async |bench| {
            let dead = bench.started(json!({}), SHORT_MS).await?;
            let live = bench.engine().reclaim_execution(dead.execution(), &bench.lane, LONG_MS).await?;
            bench.settle(&LeaseExpiry::new(bench.pool())).await;
            let by_lapse = AttemptTimeout::new(bench.pool()).with_trigger(AttemptTimeoutTrigger::LeaseLapse);
            bench.cycle(&by_lapse).await;
            bench.finish(&*live).await
        };
    a_stale_lease_is_no_time_out: "nor does it where a lapsed lease is taken for a time-out", [Absent, Works],
        async |bench| {
            let dead = bench.started(json!({}), SHORT_MS).await?;
            let live = bench.engine().reclaim_execution(dead.execution(), &bench.lane, LONG_MS).await?;
            let by_lapse = AttemptTimeout::new(bench.pool()).with_trigger(AttemptTimeoutTrigger::LeaseLapse);
            assert_eq!(bench.cycle(&by_lapse).await.changed, 0);
            bench.finish(&*live).await
        };
    failures_and_time_outs_share_the_retries: "`fail` and `attempt_timeout` draw on the same retries", [Works],
        async |bench| {
            let worker = bench.started(impatient(1), LONG_MS).await?;
            worker.fail().await?;
            bench.engine().claim(&bench.lane, LONG_MS).await?;
            bench.settle(&AttemptTimeout::new(bench.pool())).await;
            reads::described(bench, worker.execution(), "expired").await
        };
    typed_failures_and_time_outs_share_the_retries: "`fail_execution` and `attempt_timeout` draw on the same retries",
        [Absent, Works],
        async |bench| {
            let execution = bench.execution(impatient(1)).await?;
            let worker = bench.claim_execution(execution, LONG_MS).await?;
            worker.fail().await?;
            bench.promote_delayed(execution).await;
            bench.claim_execution(execution, LONG_MS).await?;
            bench.settle(&AttemptTimeout::new(bench.pool())).await;
            reads::described(bench, execution, "expired").await
        };
    a_reclaim_is_no_retry: "a lapsed lease and a time-out do not draw on the same retries", [Works],
        async |bench| {
            let worker = bench.started(json!({"retry_policy": {"max_retries": 1}}), SHORT_MS).await?;
            bench.settle(&LeaseExpiry::new(bench.pool())).await;
            bench.engine().claim(&bench.lane, SHORT_MS).await?;
            let by_lapse = AttemptTimeout::new(bench.pool()).with_trigger(AttemptTimeoutTrigger::LeaseLapse);
            bench.settle(&by_lapse).await;
            paths::claim(bench, worker.execution()).await
        };
    a_cancelled_execution_stays_cancelled: "a lease that `cancel` leaves behind does not change how it ended", [Works],
        async |bench| {
            let worker = bench.started(json!({}), SHORT_MS).await?;
            worker.cancel().await?;
            let events = ff_scanner_testkit::read::events(&bench.pool(), 0, worker.execution().id).await;
            bench.settle(&LeaseExpiry::new(bench.pool())).await;
            let after = ff_scanner_testkit::read::events(&bench.pool(), 0, worker.execution().id).await;
            assert_eq!(after, events, "it is told of");
            reads::described(bench, worker.execution(), "cancelled").await
        };
    a_cancelled_member_stays_cancelled: "nor does one that `cancel_flow` leaves behind", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            bench.engine().claim(&bench.lane, SHORT_MS).await?;
            bench.engine().cancel_flow(dag.flow, Members::All).await?;
            let events = ff_scanner_testkit::read::events(&bench.pool(), 0, root.id).await;
            bench.settle(&LeaseExpiry::new(bench.pool())).await;
            let after = ff_scanner_testkit::read::events(&bench.pool(), 0, root.id).await;
            assert_eq!(after, events, "it is told of");
            dag.is(root, "cancelled").await
        };
    completing_is_no_victim: "`complete_execution` of those whose leases lapse right now: it is taken, or too late", [Absent, Works],
        async |bench| {
            let mut workers = Vec::new();
            for _ in 0..20 {
                let execution = bench.execution(json!({})).await?;
                workers.push(bench.claim_execution(execution, 50).await?);
            }
            let reconciler = LeaseExpiry::new(bench.pool());
            let expire = async { for _ in 0..20 { bench.cycle(&reconciler).await; } };
            let complete = join_all(workers.iter().map(|worker| worker.complete(b"done")));
            let (completed, ()) = join(complete, expire).await;
            let late = |text: &str| text.contains("StaleLease") || text.contains("NotActive") || text.contains("LeaseExpired");
            for answer in completed {
                match answer {
                    Err(Stop::Said(text)) if !late(&text) => return Err(Stop::Said(text)),
                    _ => {}
                }
            }
            Ok(())
        };
    a_resumed_execution_is_not_timed_out: "a suspension's time-out does not end what was resumed in time", [Works],
        async |bench| {
            let worker = signalled(bench).await?;
            bench.settle(&SuspensionTimeout::new(bench.pool())).await;
            bench.finish(&*worker).await
        };
    a_completed_execution_is_not_timed_out: "nor what was resumed and has completed", [Works],
        async |bench| {
            let worker = signalled(bench).await?;
            bench.finish(&*worker).await?;
            stays(bench, worker.execution(), "success").await
        };
    a_resumed_execution_keeps_its_signals: "nor does it hide the signal that resumed it", [Works],
        async |bench| {
            let worker = signalled(bench).await?;
            bench.settle(&SuspensionTimeout::new(bench.pool())).await;
            let signals = worker.signals().await?;
            if signals == ["go"] { Ok(()) } else { Err(Stop::Said(format!("{signals:?}"))) }
        };
    a_cancelled_suspension_stays_cancelled: "a suspension's time-out does not change what was cancelled", [Works],
        async |bench| {
            let worker = bench.started(json!({}), LONG_MS).await?;
            worker.suspend(bench.engine().now_ms(), "fail").await?;
            bench.engine().cancel(worker.execution()).await?;
            stays(bench, worker.execution(), "cancelled").await
        };
    a_revoked_worker_is_not_put_back_twice: "`revoke_lease` is not undone", [Works],
        async |bench| {
            let worker = bench.started(json!({}), SHORT_MS).await?;
            bench.engine().revoke(worker.execution()).await?;
            all_three(bench).await;
            paths::claim(bench, worker.execution()).await
        };
}
