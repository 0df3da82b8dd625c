//! Do those who subscribe to the engine's events hear of each transition, once?

use ff_scanner::attempt_timeout::AttemptTimeout;
use ff_scanner::core::Filter;
use ff_scanner::lease_expiry::LeaseExpiry;
use ff_scanner::suspension::SuspensionTimeout;
use ff_scanner_engine_tests::bench::{Bench, Kind, LONG_MS, SHORT_MS};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{self, Works};
use ff_scanner_engine_tests::engine::{Execution, Stop};
use serde_json::json;

/// What a filter by tag lets through.
const PAIRS: Cell = Cell::Defect {
    shows: "heard []",
    why: "The engine's reader of completions compares `key=value` with a column in which all its other readers, and its \
          other backend, expect the value alone, which is what is written.",
};

async fn expired(bench: &Bench) -> Result<Execution, Stop> {
    let worker = bench.started(json!({"timeout_policy": {"attempt_timeout_ms": 1}}), LONG_MS).await?;
    bench.settle(&AttemptTimeout::new(bench.pool())).await;
    // Neither that one nor the other finds anything to do afterwards.
    bench.cycle(&AttemptTimeout::new(bench.pool())).await;
    bench.cycle(&LeaseExpiry::new(bench.pool())).await;
    Ok(worker.execution())
}

async fn given_up(bench: &Bench) -> Result<Execution, Stop> {
    let worker = bench.started(json!({"max_reclaim_count": 0}), SHORT_MS).await?;
    bench.settle(&LeaseExpiry::new(bench.pool())).await;
    bench.cycle(&LeaseExpiry::new(bench.pool())).await;
    Ok(worker.execution())
}

async fn put_back(bench: &Bench) -> Result<Execution, Stop> {
    let worker = bench.started(json!({}), SHORT_MS).await?;
    bench.settle(&LeaseExpiry::new(bench.pool())).await;
    bench.cycle(&AttemptTimeout::new(bench.pool())).await;
    bench.cycle(&LeaseExpiry::new(bench.pool())).await;
    Ok(worker.execution())
}

async fn timed_out(bench: &Bench, behavior: &str) -> Result<Execution, Stop> {
    let worker = bench.started(json!({}), LONG_MS).await?;
    worker.suspend(bench.engine().now_ms(), behavior).await?;
    bench.settle(&SuspensionTimeout::new(bench.pool())).await;
    bench.cycle(&SuspensionTimeout::new(bench.pool())).await;
    Ok(worker.execution())
}

async fn hears(
    bench: &Bench,
    kind: Kind,
    filter: &Filter,
    what: impl AsyncFnOnce(&Bench) -> Result<Execution, Stop>,
    words: &[&str],
) -> Result<(), Stop> {
    let events = match kind {
        Kind::Completion => bench.engine().completions(filter).await?,
        Kind::Lease => bench.engine().leases(filter).await?,
    };
    let execution = what(bench).await?;
    let heard = bench.words(events, kind, execution).await?;
    if heard == words { Ok(()) } else { Err(Stop::Said(format!("heard {heard:?}"))) }
}

async fn ends(
    bench: &Bench,
    what: impl AsyncFnOnce(&Bench) -> Result<Execution, Stop>,
    word: &str,
) -> Result<(), Stop> {
    hears(bench, Kind::Completion, &Filter::default(), what, &[word]).await
}

checks! {
    COMPLETIONS: "`subscribe_completion` tells once of each ending";
    of_an_expired_attempt: "`attempt_timeout`: expired", [Works],
        async |bench| ends(bench, expired, r#"Other("expired")"#).await;
    of_an_execution_given_up: "`lease_expiry`: failed", [Works],
        async |bench| ends(bench, given_up, r#"Other("failed")"#).await;
    of_a_suspension_that_failed: "`suspension_timeout`: failed", [Works],
        async |bench| ends(bench, async |bench| timed_out(bench, "fail").await, r#"Other("failed")"#).await;
    of_a_suspension_that_was_cancelled: "`suspension_timeout`: cancelled", [Works],
        async |bench| ends(bench, async |bench| timed_out(bench, "cancel").await, "Cancelled").await;
    of_a_suspension_that_expired: "`suspension_timeout`: expired", [Works],
        async |bench| ends(bench, async |bench| timed_out(bench, "expire").await, r#"Other("expired")"#).await;
    of_a_resume: "`suspension_timeout`: resumable", [Works],
        async |bench| {
            let resumed = async |bench: &Bench| timed_out(bench, "auto_resume_with_timeout_signal").await;
            ends(bench, resumed, r#"Other("resumable")"#).await
        };
    by_namespace: "filtered by namespace", [Works],
        async |bench| hears(bench, Kind::Completion, &bench.filter(), expired, &[r#"Other("expired")"#]).await;
    by_tag: "filtered by tag", [PAIRS],
        async |bench| hears(bench, Kind::Completion, &bench.tag_filter(), expired, &[r#"Other("expired")"#]).await;
}

checks! {
    LEASES: "`subscribe_lease_history` tells once of each lease that ends";
    of_an_attempt_that_expired: "`attempt_timeout`: acquired, expired", [Works],
        async |bench| hears(bench, Kind::Lease, &Filter::default(), expired, &["acquired", "expired"]).await;
    of_a_lease_that_lapsed: "`lease_expiry`, put back: acquired, expired", [Works],
        async |bench| hears(bench, Kind::Lease, &Filter::default(), put_back, &["acquired", "expired"]).await;
    of_a_lease_that_lapsed_once_too_often: "`lease_expiry`, given up: acquired, expired", [Works],
        async |bench| hears(bench, Kind::Lease, &Filter::default(), given_up, &["acquired", "expired"]).await;
    of_a_suspension: "`suspension_timeout`: acquired, revoked when it was suspended, and no more", [Works],
        async |bench| {
            let failed = async |bench: &Bench| timed_out(bench, "fail").await;
            hears(bench, Kind::Lease, &Filter::default(), failed, &["acquired", "revoked"]).await
        };
    leases_by_namespace: "filtered by namespace", [Works],
        async |bench| hears(bench, Kind::Lease, &bench.filter(), put_back, &["acquired", "expired"]).await;
    leases_by_tag: "filtered by tag", [Works],
        async |bench| hears(bench, Kind::Lease, &bench.tag_filter(), put_back, &["acquired", "expired"]).await;
}
