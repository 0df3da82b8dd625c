//! Does what has ended, or waits again, read back right?

use ff_scanner_engine_tests::bench::Bench;
use ff_scanner_engine_tests::engine::{Execution, Stop};

/// An execution that ended between two moments, as `word`, in every read call but `describe_execution`.
pub(crate) async fn ended(bench: &Bench, execution: Execution, since_ms: i64, word: &str) -> Result<(), Stop> {
    let reading = bench.read(execution).await?;
    let now_ms = bench.engine().now_ms();
    let in_time = reading.completed_at_ms.is_some_and(|at| (since_ms..=now_ms).contains(&at));
    // A started execution has started before it ended; 0.11 knows when only of some.
    let in_order = reading.started_at_ms <= reading.completed_at_ms;
    let right = reading.outcome == word && reading.public == word && reading.blocking == "none";
    if right && in_time && in_order && reading.result.is_none() {
        Ok(())
    } else {
        Err(Stop::Said(format!("{reading:?} between {since_ms} and {now_ms}")))
    }
}

/// `read_execution_info` and its like: an execution that is not over reads as `public`.
pub(crate) async fn waits(bench: &Bench, execution: Execution, public: &str) -> Result<(), Stop> {
    let reading = bench.read(execution).await?;
    let right = reading.outcome == "none" && reading.public == public && reading.completed_at_ms.is_none();
    if right { Ok(()) } else { Err(Stop::Said(format!("{reading:?}"))) }
}

/// `describe_execution`.
pub(crate) async fn described(bench: &Bench, execution: Execution, public: &str) -> Result<(), Stop> {
    let word = bench.engine().describe(execution).await?;
    if word == public { Ok(()) } else { Err(Stop::Said(word)) }
}
