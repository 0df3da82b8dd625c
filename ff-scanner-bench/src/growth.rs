//! Does it stay as fast and as cheap when the tables grow?

use std::collections::BTreeMap;

use serde::Serialize;

use crate::approach::Approach;
use crate::args::Sizes;
use crate::case::Case;
use crate::error::BenchError;
use crate::figures::{median, per};
use crate::idle::{Idle, idle};
use crate::progress::Progress;
use crate::work_off::run;
use crate::world::{World, start_server};

/// At one size of the tables.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) executions: i64,
    pub(crate) idle: Idle,
    /// By reconciler, of each round.
    pub(crate) rows_per_s: BTreeMap<&'static str, Vec<f64>>,
}

impl Point {
    /// The median of the rounds.
    pub(crate) fn rate(&self, name: &str) -> f64 {
        median(self.rows_per_s[name].iter().copied())
    }

    /// As a part of the rate at another size: the median of the rounds' own ratios.
    pub(crate) fn ratio_to(&self, other: &Self, name: &str) -> f64 {
        median(self.rows_per_s[name].iter().zip(&other.rows_per_s[name]).map(|(own, other)| per(*own, *other)))
    }
}

/// Fills a database for each size and measures idle on it, and then has each work off the same number of rows: the sizes in
/// turns, because what the machine does meanwhile differs by more than what is to be seen. Each on a server of its own, so
/// that no tables take memory from another's.
pub(crate) async fn growth(cases: &[Case], sizes: &Sizes, progress: &Progress) -> Result<Vec<Point>, BenchError> {
    let mut points = Vec::new();
    let mut servers = Vec::new();
    let mut worlds = Vec::new();
    for executions in sizes.growth.iter().copied() {
        progress.say(format!("growth: filling tables of {executions}"));
        let server = start_server()?;
        let mut world = World::new(&server, "growth", sizes).await?;
        world.grow(executions).await?;
        progress.say(format!("growth: idle at {executions}"));
        let idle = idle(&mut world, executions, sizes.growth_pause).await?;
        points.push(Point { executions, idle, rows_per_s: BTreeMap::new() });
        worlds.push(world);
        servers.push(server);
    }
    for case in cases {
        for round in 0..sizes.growth_rounds {
            for turn in 0..worlds.len() {
                // Whichever comes first in one round comes last in another.
                let size = (turn + round) % worlds.len();
                progress.say(format!("growth: {} at {}, round {}", case.name, points[size].executions, round + 1));
                let figures = run(&mut worlds[size], case, Approach::Ours, sizes.growth_rows).await?;
                points[size].rows_per_s.entry(case.name).or_default().push(figures.rows_per_s);
            }
        }
    }
    Ok(points)
}
