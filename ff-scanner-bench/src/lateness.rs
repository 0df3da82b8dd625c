//! How long does a row wait from the moment that it is due, when there is little to do?

use std::time::Duration;

use serde::Serialize;
use tokio::time::sleep;

use crate::binary::Binary;
use crate::case::{Case, LatenessOf};
use crate::error::BenchError;
use crate::figures::quantile;
use crate::world::World;

/// Rows of each kind that are done before, so that connections know the tables as those of a long-lived process do.
const WARM_UP: u64 = 5120;
/// More than the longest default interval, so that whatever became due last is done.
const REST: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Lateness {
    pub(crate) name: &'static str,
    pub(crate) rows: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Lets `rows` of each kind become due over `window`, under `ff-scanner run` with its defaults.
pub(crate) async fn lateness(
    world: &mut World,
    cases: &[Case],
    rows: u64,
    window: Duration,
) -> Result<Vec<Lateness>, BenchError> {
    world.clean_up().await?;
    let binary = Binary::run(&world.database())?;
    for case in cases {
        world.write_due(case, WARM_UP, Duration::ZERO, "warm-up").await?;
    }
    sleep(REST).await;
    for case in cases.iter().filter(|case| matches!(case.lateness, LatenessOf::Timed(_))) {
        world.write_due(case, rows, window, &called(case)).await?;
    }
    let pause = window.div_f64(rows as f64);
    for _ in 0..rows {
        for case in cases.iter().filter(|case| matches!(case.lateness, LatenessOf::Written(_))) {
            world.write_due(case, case.rows_per_key, Duration::ZERO, &called(case)).await?;
        }
        sleep(pause).await;
    }
    sleep(REST).await;
    drop(binary);
    let mut measured = Vec::new();
    for case in cases {
        let (LatenessOf::Timed(acted) | LatenessOf::Written(acted)) = case.lateness else { continue };
        let late: Vec<f64> = sqlx::query_scalar(acted).bind(called(case)).fetch_all(&mut world.connection).await?;
        if late.is_empty() {
            return Err(BenchError::Wrong(format!("nothing was done by {}", case.name)));
        }
        let at = |q| quantile(late.iter().copied(), q);
        measured.push(Lateness { name: case.name, rows: late.len(), p50_ms: at(0.5), p99_ms: at(0.99) });
    }
    Ok(measured)
}

fn called(case: &Case) -> String {
    format!("late {}", case.name)
}
