//! Is a suspension judged by what it says when it is acted on, and not by what it said when it was found?

use ff_scanner::core::{Act, LookThenAct, Page, Quiet, TickContext};
use ff_scanner::suspension::SuspensionTimeout;
use ff_scanner_engine_tests::bench::{Bench, LONG_MS, PARTITION};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::Works;
use ff_scanner_engine_tests::engine::{Execution, Stop, Waitpoint};
use serde_json::json;
use uuid::Uuid;

use crate::{paths, reads};

/// An execution whose suspension is found to have waited too long, and which is then resumed in time and suspended again.
struct Again {
    execution: Execution,
    waitpoint: Waitpoint,
    /// What the look found.
    found: Vec<Uuid>,
    since_ms: i64,
}

/// Lets it say `first` when it is found, and then `second`, which is due in `wait_ms`.
async fn again(bench: &Bench, first: &str, second: &str, wait_ms: i64) -> Result<Again, Stop> {
    let worker = bench.started(json!({}), LONG_MS).await?;
    let execution = worker.execution();
    let since_ms = bench.engine().now_ms();
    let waitpoint = worker.suspend(since_ms, first).await?;
    let cx = TickContext::over([PARTITION].into_iter().collect()).filtered(bench.filter());
    let due = SuspensionTimeout::new(bench.pool()).look(Page { cx: &cx, avoid: &[], quiet: &Quiet::default() }).await;
    let found: Vec<Uuid> = due.expect("the look succeeds").into_iter().map(|due| due.key).collect();
    assert_eq!(found, [execution.id], "what is due is found");
    bench.engine().signal(execution, &waitpoint).await?;
    let worker = bench.engine().claim_resumed_execution(execution, &bench.lane, LONG_MS).await?;
    let waitpoint = worker.suspend(bench.engine().now_ms() + wait_ms, second).await?;
    Ok(Again { execution, waitpoint, found, since_ms })
}

/// Acts on what was found, and says what was done.
async fn act(bench: &Bench, again: &Again) -> Vec<String> {
    let act = Act { partition: PARTITION, keys: &again.found, now_ms: None, waits: false };
    let verdicts = SuspensionTimeout::new(bench.pool()).act(act).await.expect("the act succeeds");
    verdicts.into_iter().map(|verdict| verdict.word).collect()
}

/// Whether one that said `first` and then `second` ends as `word`.
async fn ends(bench: &Bench, first: &str, second: &str, word: &str) -> Result<(), Stop> {
    let again = again(bench, first, second, 0).await?;
    assert_eq!(act(bench, &again).await, [word]);
    reads::ended(bench, again.execution, again.since_ms, word).await
}

checks! {
    SUSPENDED_AGAIN: "An execution is suspended again between the look of `suspension_timeout` and its act";
    it_ends_as_it_says_now: "`fail`, then `cancel`, due: cancelled", [Works],
        async |bench| ends(bench, "fail", "cancel", "cancelled").await;
    it_does_not_end_as_it_said: "`cancel`, then `expire`, due: expired", [Works],
        async |bench| ends(bench, "cancel", "expire", "expired").await;
    it_is_resumed_as_it_says_now: "`fail`, then `auto_resume_with_timeout_signal`, due: resumed", [Works],
        async |bench| {
            let again = again(bench, "fail", "auto_resume_with_timeout_signal", 0).await?;
            assert_eq!(act(bench, &again).await, ["resumed"]);
            paths::claim_resumed_execution(bench, again.execution).await
        };
    it_is_not_resumed_as_it_said: "`auto_resume_with_timeout_signal`, then `fail`, due: failed", [Works],
        async |bench| ends(bench, "auto_resume_with_timeout_signal", "fail", "failed").await;
    it_is_left_alone_when_it_has_time: "`fail`, then `fail`, with time left: nothing, and a signal resumes it", [Works],
        async |bench| {
            let again = again(bench, "fail", "fail", i64::from(LONG_MS)).await?;
            let before = bench.rows(again.execution).await;
            assert!(act(bench, &again).await.is_empty(), "it has time");
            assert_eq!(bench.rows(again.execution).await, before, "it left a trace");
            bench.engine().signal(again.execution, &again.waitpoint).await?;
            paths::claim_resumed_execution(bench, again.execution).await
        };
}
