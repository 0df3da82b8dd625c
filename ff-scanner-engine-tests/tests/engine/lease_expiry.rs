//! What becomes of an execution whose worker stopped renewing its lease?

use ff_scanner::lease_expiry::LeaseExpiry;
use ff_scanner_engine_tests::bench::{Bench, SHORT_MS};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{Absent, Works};
use ff_scanner_engine_tests::engine::{Execution, Stop};
use serde_json::json;

use crate::paths::{self, NOT_RESUMED, QUEUED};

async fn put_back(bench: &Bench) -> Result<Execution, Stop> {
    let worker = bench.started(json!({}), SHORT_MS).await?;
    bench.settle(&LeaseExpiry::new(bench.pool())).await;
    Ok(worker.execution())
}

checks! {
    PUT_BACK: "`lease_expiry` puts an execution back";
    claim_takes_it: "`claim`", [Works],
        async |bench| paths::claim(bench, put_back(bench).await?).await;
    the_scheduler_finds_it: "`claim_for_worker`", [Works],
        async |bench| paths::grant(bench, put_back(bench).await?).await;
    a_scheduled_claim_takes_it: "`claim_for_worker`, then `issue_grant_and_claim`", [Absent, Works],
        async |bench| paths::granted(bench, put_back(bench).await?).await;
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
}
