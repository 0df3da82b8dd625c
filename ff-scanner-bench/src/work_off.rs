//! How fast is a backlog worked off, beside the other two approaches, interleaved?

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::approach::Approach;
use crate::case::Case;
use crate::error::BenchError;
use crate::figures::{median, per};
use crate::meter::Reading;
use crate::progress::Progress;
use crate::world::World;

/// The plain approach takes so long that it gets a part of the rows; what counts is its rate.
const SHARE_OF_ROW_AT_A_TIME: u64 = 20;
/// Some rows of every partition and, as the siblings of a group count as one key, a multiple of five.
pub(crate) const WARM_UP: u64 = 1280;

/// Of one reconciler: each approach's medians over the rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WorkOff {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) rows: u64,
    pub(crate) figures: BTreeMap<Approach, Figures>,
    /// Ours as a multiple of each approach's rate: the median of the rounds' own ratios, as what the machine does meanwhile
    /// differs more between rounds than within one.
    pub(crate) ratio_to: BTreeMap<Approach, f64>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Figures {
    pub(crate) rows_per_s: f64,
    pub(crate) cpu_us_per_row: f64,
    pub(crate) wal_bytes_per_row: f64,
    pub(crate) statements_per_row: Option<f64>,
    pub(crate) dead_tuples_per_row: f64,
}

pub(crate) async fn work_off(
    world: &mut World,
    cases: &[Case],
    rows: u64,
    rounds: usize,
    progress: &Progress,
) -> Result<Vec<WorkOff>, BenchError> {
    let mut measured = Vec::new();
    for case in cases {
        let mut runs: BTreeMap<Approach, Vec<Figures>> = BTreeMap::new();
        for round in 0..rounds {
            // Twice each of the two whose ratio is the closest, one behind the other, and from either end: what the machine
            // does meanwhile then counts for both.
            let [first, second] =
                if round % 2 == 0 { [Approach::Ours, Approach::Floor] } else { [Approach::Floor, Approach::Ours] };
            let turns = [first, second, Approach::RowAtATime, second, first];
            for approach in turns {
                progress.say(format!("work-off: {}, round {} of {rounds}, {approach:?}", case.name, round + 1));
                let part = if approach == Approach::RowAtATime { SHARE_OF_ROW_AT_A_TIME } else { 1 };
                runs.entry(approach).or_default().push(run(world, case, approach, rows / part).await?);
            }
        }
        let ratio_to = Approach::ALL.map(|approach| (approach, median_ratio(&runs[&Approach::Ours], &runs[&approach])));
        let figures = runs.into_iter().map(|(approach, runs)| (approach, medians(&runs))).collect();
        measured.push(WorkOff { name: case.name, unit: case.unit, rows, figures, ratio_to: ratio_to.into() });
    }
    Ok(measured)
}

/// Writes `rows` due rows and has them worked off, on connections that have worked off a few before.
pub(crate) async fn run(world: &mut World, case: &Case, approach: Approach, rows: u64) -> Result<Figures, BenchError> {
    world.clean_up().await?;
    let mut worker = approach.start(case, &world.database()).await?;
    for _ in 0..approach.warm_ups(world.warm_ups) {
        world.write_due(case, WARM_UP, Duration::ZERO, "warm-up").await?;
        worker.work_off(case, WARM_UP).await?;
    }
    world.write_due(case, rows, Duration::ZERO, "backlog").await?;
    world.write_out().await?;
    let before = world.meter.read(&mut world.connection).await?;
    let elapsed = worker.work_off(case, rows).await?;
    worker.stop().await?;
    let spent = world.meter.read(&mut world.connection).await?.since(before);
    Ok(figures(spent, elapsed, rows))
}

fn figures(spent: Reading, elapsed: Duration, rows: u64) -> Figures {
    Figures {
        rows_per_s: per(rows as f64, elapsed.as_secs_f64()),
        cpu_us_per_row: per(spent.cpu.as_micros() as f64, rows as f64),
        wal_bytes_per_row: per(spent.wal_bytes as f64, rows as f64),
        statements_per_row: spent.statements.map(|statements| per(statements as f64, rows as f64)),
        dead_tuples_per_row: per(spent.dead_tuples as f64, rows as f64),
    }
}

fn median_ratio(ours: &[Figures], theirs: &[Figures]) -> f64 {
    // Ours may have been measured more often in a round.
    let of_a_round = ours.chunks(ours.len().div_ceil(theirs.len()));
    let rates = of_a_round.map(|runs| per(runs.iter().map(|run| run.rows_per_s).sum(), runs.len() as f64));
    median(rates.zip(theirs).map(|(ours, theirs)| per(ours, theirs.rows_per_s)))
}

fn medians(runs: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| median(runs.iter().map(figure));
    let counted = runs.iter().all(|run| run.statements_per_row.is_some());
    Figures {
        rows_per_s: of(|run| run.rows_per_s),
        cpu_us_per_row: of(|run| run.cpu_us_per_row),
        wal_bytes_per_row: of(|run| run.wal_bytes_per_row),
        statements_per_row: counted.then(|| of(|run| run.statements_per_row.unwrap_or_default())),
        dead_tuples_per_row: of(|run| run.dead_tuples_per_row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_of_each_round_however_often_ours_was_measured_in_it() {
        let rates = |rates: &[f64]| -> Vec<Figures> {
            rates.iter().map(|rate| Figures { rows_per_s: *rate, ..Figures::default() }).collect()
        };
        let once = median_ratio(&rates(&[2.0, 6.0]), &rates(&[2.0, 3.0]));
        let twice = median_ratio(&rates(&[1.0, 3.0, 4.0, 8.0]), &rates(&[2.0, 3.0]));
        assert!((once - 1.5).abs() < f64::EPSILON, "{once}");
        assert!((twice - 1.5).abs() < f64::EPSILON, "{twice}");
    }
}
