//! Does it stay as fast and as cheap when the tables grow?

use std::collections::BTreeMap;

use serde::Serialize;

use crate::approach::Approach;
use crate::args::Sizes;
use crate::case::Case;
use crate::error::BenchError;
use crate::idle::{Idle, idle};
use crate::progress::Progress;
use crate::work_off::run;
use crate::world::World;

/// At one size of the tables.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) executions: i64,
    pub(crate) idle: Idle,
    /// By reconciler.
    pub(crate) rows_per_s: BTreeMap<&'static str, f64>,
}

/// Grows the tables through all sizes and measures at each: idle, then working off the same number of rows.
pub(crate) async fn growth(
    world: &mut World,
    cases: &[Case],
    sizes: &Sizes,
    progress: &Progress,
) -> Result<Vec<Point>, BenchError> {
    let mut points = Vec::new();
    for executions in sizes.growth.iter().copied() {
        progress.say(format!("growth: filling the tables up to {executions}"));
        world.grow(executions).await?;
        progress.say(format!("growth: idle at {executions}"));
        let idle = idle(world, executions, sizes.growth_pause).await?;
        let mut rows_per_s = BTreeMap::new();
        for case in cases {
            progress.say(format!("growth: {} at {executions}", case.name));
            let figures = run(world, case, Approach::Ours, sizes.growth_rows).await?;
            rows_per_s.insert(case.name, figures.rows_per_s);
        }
        points.push(Point { executions, idle, rows_per_s });
    }
    Ok(points)
}
