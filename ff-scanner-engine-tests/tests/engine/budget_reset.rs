//! What becomes of a budget when its next window begins?

use ff_scanner_engine_tests::bench::{Bench, WINDOW_MS};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{self, Absent, Works};
use ff_scanner_engine_tests::engine::{Budget, BudgetReading, Stop};
use futures_util::future::{join, join_all};
use serde_json::json;

const LIMIT: u64 = 10;
const EXHAUSTED: Cell =
    Cell::Refuses { says: "HardBreach", why: "The window has not ended, and what may be spent in it is spent." };

/// A budget of which all is spent.
async fn exhausted(bench: &Bench) -> Result<Budget, Stop> {
    let budget = bench.budget(LIMIT).await?;
    bench.engine().report_usage(&budget, LIMIT).await?;
    match bench.engine().report_usage(&budget, 1).await {
        Err(Stop::Said(text)) if text.contains("HardBreach") => Ok(budget),
        other => panic!("the engine admits too much: {other:?}"),
    }
}

async fn next_ms(bench: &Bench, budget: &Budget) -> Result<i64, Stop> {
    bench.engine().budget(budget).await?.next_reset_at_ms.ok_or_else(|| Stop::Said("no next window".to_owned()))
}

/// Lets the next window of `budget` begin, and be as much in it as `late_ms` says.
async fn reset(bench: &Bench, budget: &Budget, late_ms: i64) -> Result<(), Stop> {
    let now_ms = next_ms(bench, budget).await? + late_ms;
    assert_eq!(bench.reset_budgets(budget, now_ms).await.changed, 1);
    Ok(())
}

async fn spent(bench: &Bench, budget: &Budget, amount: u64) -> Result<(), Stop> {
    let reading = bench.engine().budget(budget).await?;
    if reading.spent == amount { Ok(()) } else { Err(Stop::Said(format!("{reading:?}"))) }
}

/// A budget that was reset after an execution had spent from it, and the execution.
async fn spent_before(bench: &Bench) -> Result<(Budget, ff_scanner_engine_tests::engine::Execution), Stop> {
    let (budget, execution) = (bench.budget(LIMIT).await?, bench.execution(json!({})).await?);
    bench.engine().record_spend(&budget, execution, 4).await?;
    reset(bench, &budget, 0).await?;
    Ok((budget, execution))
}

checks! {
    RESET: "`budget_reset` begins a new window";
    it_admits_again: "`report_usage`, after all was spent", [Works],
        async |bench| {
            let budget = exhausted(bench).await?;
            reset(bench, &budget, 0).await?;
            bench.engine().report_usage(&budget, LIMIT).await?;
            spent(bench, &budget, LIMIT).await
        };
    not_before_its_time: "`report_usage`, a millisecond before", [EXHAUSTED],
        async |bench| {
            let budget = exhausted(bench).await?;
            let now_ms = next_ms(bench, &budget).await? - 1;
            assert_eq!(bench.reset_budgets(&budget, now_ms).await.changed, 0);
            bench.engine().report_usage(&budget, 1).await
        };
    it_reads_as_new: "`get_budget_status`: nothing spent, nothing exceeded", [Works],
        async |bench| {
            let budget = exhausted(bench).await?;
            reset(bench, &budget, 0).await?;
            match bench.engine().budget(&budget).await? {
                BudgetReading { spent: 0, last_breach: None, .. } => Ok(()),
                other => Err(Stop::Said(format!("{other:?}"))),
            }
        };
    its_windows_do_not_drift: "`get_budget_status`: the next window is on the grid, however late the reset", [Works],
        async |bench| {
            let budget = bench.budget(LIMIT).await?;
            let first_ms = next_ms(bench, &budget).await?;
            let window_ms = i64::try_from(WINDOW_MS).expect("an hour");
            reset(bench, &budget, 2 * window_ms + window_ms / 2).await?;
            match next_ms(bench, &budget).await? - first_ms {
                ahead if ahead == 3 * window_ms => Ok(()),
                other => Err(Stop::Said(format!("{other} ms ahead"))),
            }
        };
    an_endless_window_is_no_error: "a window so long that the next one lies beyond every time that can be written", [Works],
        async |bench| {
            const ENDLESS_MS: u64 = 9_000_000_000_000_000_000;
            let neighbour = exhausted(bench).await?;
            let endless = bench.engine().create_budget(neighbour.partition, ENDLESS_MS, LIMIT).await?;
            let now_ms = next_ms(bench, &endless).await?;
            assert_eq!(bench.reset_budgets(&endless, now_ms).await.changed, 2, "with its neighbour");
            let next_ms = next_ms(bench, &endless).await?;
            if next_ms == i64::MAX { Ok(()) } else { Err(Stop::Said(format!("at {next_ms}"))) }
        };
    a_busy_budget_is_reset: "`report_usage` all the time, while it is reset", [Works],
        async |bench| {
            let budget = exhausted(bench).await?;
            let now_ms = next_ms(bench, &budget).await?;
            let (done, seen) = tokio::sync::watch::channel(false);
            let report = async || {
                while !*seen.borrow() {
                    bench.engine().report_usage(&budget, 1).await.ok();
                }
            };
            let reset = async {
                let mut cycles = 0;
                while bench.reset_budgets(&budget, now_ms).await.changed == 0 {
                    cycles += 1;
                    assert!(cycles < 20, "it is starved by those who spend");
                }
                done.send(true).ok();
            };
            join(reset, join_all((0..4).map(|_| report()))).await;
            // The last reports came after the reset, or this one does.
            bench.engine().report_usage(&budget, 0).await?;
            match bench.engine().budget(&budget).await?.spent {
                0..=LIMIT => Ok(()),
                more => Err(Stop::Said(format!("{more} spent"))),
            }
        };
    many_are_reset_at_once: "sixty budgets of one partition, in one cycle", [Works],
        async |bench| {
            let first = exhausted(bench).await?;
            let create = || bench.engine().create_budget(first.partition, WINDOW_MS, LIMIT);
            let others = join_all((1..60).map(|_| create())).await.into_iter().collect::<Result<Vec<_>, _>>()?;
            let now_ms = next_ms(bench, others.last().unwrap_or(&first)).await? + 60_000;
            match bench.reset_budgets(&first, now_ms).await.changed {
                60 => bench.engine().report_usage(&first, 1).await,
                other => Err(Stop::Said(format!("{other} were reset"))),
            }
        };
    spending_is_admitted_again: "`record_spend`, after all was spent", [Absent, Works],
        async |bench| {
            let (budget, execution) = (bench.budget(LIMIT).await?, bench.execution(json!({})).await?);
            bench.engine().record_spend(&budget, execution, LIMIT).await?;
            reset(bench, &budget, 0).await?;
            bench.engine().record_spend(&budget, execution, LIMIT).await
        };
    old_spend_is_not_given_back: "`release_budget` of what was spent before: the new window keeps its own", [Absent, Works],
        async |bench| {
            let (budget, old) = spent_before(bench).await?;
            let new = bench.execution(json!({})).await?;
            bench.engine().record_spend(&budget, new, 3).await?;
            bench.engine().release_budget(&budget, old).await?;
            spent(bench, &budget, 3).await
        };
    new_spend_is_given_back: "`release_budget` of what was spent before and after: only the latter", [Absent, Works],
        async |bench| {
            let (budget, execution) = spent_before(bench).await?;
            bench.engine().record_spend(&budget, execution, 3).await?;
            bench.engine().report_usage(&budget, 5).await?;
            bench.engine().release_budget(&budget, execution).await?;
            spent(bench, &budget, 5).await
        };
}
