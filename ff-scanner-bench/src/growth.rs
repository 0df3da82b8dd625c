//! Does it stay as fast and as cheap when the tables grow?

use std::collections::BTreeMap;

use ff_scanner_testkit::Server;
use serde::Serialize;

use crate::approach::Approach;
use crate::args::Sizes;
use crate::case::Case;
use crate::error::BenchError;
use crate::figures::median;
use crate::idle::{Idle, idle};
use crate::progress::Progress;
use crate::work_off::run;
use crate::world::World;

/// At one size of the tables.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) executions: i64,
    pub(crate) idle: Idle,
    /// By reconciler, each the median of the rounds.
    pub(crate) rows_per_s: BTreeMap<&'static str, f64>,
}

/// Fills a database for each size and measures idle on it, and then has each work off the same number of rows: the sizes in
/// turns, because what the machine does meanwhile differs by more than what is to be seen.
pub(crate) async fn growth(
    server: &Server,
    cases: &[Case],
    sizes: &Sizes,
    progress: &Progress,
) -> Result<Vec<Point>, BenchError> {
    let mut points = Vec::new();
    let mut worlds = Vec::new();
    for executions in sizes.growth.iter().copied() {
        progress.say(format!("growth: filling tables of {executions}"));
        let mut world = World::new(server, &format!("growth_{executions}"), sizes).await?;
        world.grow(executions).await?;
        progress.say(format!("growth: idle at {executions}"));
        let idle = idle(&mut world, executions, sizes.growth_pause).await?;
        points.push(Point { executions, idle, rows_per_s: BTreeMap::new() });
        worlds.push(world);
    }
    for case in cases {
        let mut rates = vec![Vec::new(); worlds.len()];
        for round in 0..sizes.growth_rounds {
            for turn in 0..worlds.len() {
                // Whichever comes first in one round comes last in another.
                let size = (turn + round) % worlds.len();
                progress.say(format!("growth: {} at {}, round {}", case.name, points[size].executions, round + 1));
                rates[size].push(run(&mut worlds[size], case, Approach::Ours, sizes.growth_rows).await?.rows_per_s);
            }
        }
        for (point, rates) in points.iter_mut().zip(rates) {
            point.rows_per_s.insert(case.name, median(rates.into_iter()));
        }
    }
    Ok(points)
}
