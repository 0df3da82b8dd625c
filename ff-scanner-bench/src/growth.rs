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
    /// By reconciler and approach, of each round.
    pub(crate) rows_per_s: BTreeMap<&'static str, BTreeMap<Approach, Vec<f64>>>,
}

impl Point {
    /// Of ours, the median of the rounds.
    pub(crate) fn rate(&self, name: &str) -> f64 {
        median(self.rows_per_s[name][&Approach::Ours].iter().copied())
    }

    /// As a part of an approach's rate at another size: the median of the rounds' own ratios.
    pub(crate) fn ratio_to(&self, other: &Self, name: &str, approach: Approach) -> f64 {
        let [own, other] = [self, other].map(|point| &point.rows_per_s[name][&approach]);
        median(own.iter().zip(other).map(|(own, other)| per(*own, *other)))
    }
}

/// The size that the largest is compared with: at the smallest, the backlog is most of the table.
const BASE: usize = 1;

/// The two sizes that are compared.
pub(crate) fn compared(points: &[Point]) -> Option<(&Point, &Point)> {
    points.get(BASE).zip(points.last())
}

/// Fills a database for each size and measures idle on it, and then has each work off the same number of rows: the sizes in
/// turns, because what the machine does meanwhile makes more of a difference than what is to be seen. Each on a server of
/// its own, so that no tables take memory from another's. At the two sizes that are compared the floor does so, too: what
/// it loses is the server's. The others are for the curve.
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
    let last = sizes.growth.len().saturating_sub(1);
    let is_compared = |size: usize| size == BASE || size == last;
    for case in cases {
        for round in 0..sizes.fewer_rounds {
            // What is compared is measured one behind the other; whichever comes first in one round comes last in the next.
            let mut turns: Vec<usize> = (0..worlds.len()).collect();
            turns.sort_by_key(|size| is_compared(*size));
            if round % 2 == 1 {
                turns.reverse();
            }
            for size in turns {
                progress.say(format!("growth: {} at {}, round {}", case.name, points[size].executions, round + 1));
                let mut approaches = vec![Approach::Ours];
                if is_compared(size) {
                    approaches.insert(round % 2, Approach::Floor);
                }
                for approach in approaches {
                    let figures = run(&mut worlds[size], case, approach, sizes.growth_rows).await?;
                    let rates = points[size].rows_per_s.entry(case.name).or_default();
                    rates.entry(approach).or_default().push(figures.rows_per_s);
                }
            }
        }
    }
    Ok(points)
}
