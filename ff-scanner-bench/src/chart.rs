//! The curve of growth, drawn.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use crate::error::BenchError;
use crate::growth::Point;

const SIZE: (u32, u32) = (1060, 800);
/// Beside the panels, because wherever a legend lies in one, it lies on the lines of some run.
const LEGEND: (i32, i32) = (870, 50);
const LEGEND_LINE: usize = 20;
const FONT: &str = "sans-serif";

/// One line of a panel.
type Series = (&'static str, Vec<(f64, f64)>);

/// Draws rows a second and the idle cost by the size of the tables, one above the other.
pub(crate) fn draw(points: &[Point], file: &Path) -> Result<(), BenchError> {
    let x = |point: &Point| point.executions as f64;
    let rates: Vec<Series> = points.first().map_or_else(Vec::new, |first| {
        let line = |name| points.iter().map(|point| (x(point), point.rate(name))).collect();
        first.rows_per_s.keys().map(|name| (*name, line(name))).collect()
    });
    let idle = points.iter().map(|point| (x(point), point.idle.database_cpu * 100.0)).collect();

    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    let drawn = || {
        root.fill(&WHITE)?;
        let (panels, _) = root.split_horizontally(LEGEND.0);
        let (above, below) = panels.split_vertically(SIZE.1 * 2 / 3);
        panel(&above, "rows a second", &rates)?;
        panel(&below, "idle: database CPU, % of a core", &[("all together", idle)])?;
        legend(&root, &rates)?;
        root.present()
    };
    drawn().map_err(|error| BenchError::Wrong(error.to_string()))
}

fn panel<B: DrawingBackend>(
    area: &DrawingArea<B, plotters::coord::Shift>,
    title: &str,
    series: &[Series],
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let points = || series.iter().flat_map(|(_, line)| line);
    let most = |value: fn(&(f64, f64)) -> f64| points().map(value).fold(f64::MIN_POSITIVE, f64::max);
    let least = points().map(|point| point.0).fold(f64::MAX, f64::min);
    let (across, up): (Range<f64>, Range<f64>) = (least..most(|point| point.0) * 1.1, 0.0..most(|point| point.1) * 1.1);
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .caption(title, (FONT, 18))
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(across.log_scale(), up)?;
    let whole = |value: &f64| format!("{value:.0}");
    let short = |value: &f64| if *value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") };
    chart.configure_mesh().x_desc("executions").x_label_formatter(&whole).y_label_formatter(&short).draw()?;
    for (index, (_, line)) in series.iter().enumerate() {
        let color = Palette99::pick(index).stroke_width(2);
        chart.draw_series(LineSeries::new(line.iter().copied(), color).point_size(3))?;
    }
    Ok(())
}

fn legend<B: DrawingBackend>(
    root: &DrawingArea<B, plotters::coord::Shift>,
    series: &[Series],
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let (left, top) = LEGEND;
    for ((index, (name, _)), y) in series.iter().enumerate().zip((top..).step_by(LEGEND_LINE)) {
        root.draw(&PathElement::new([(left, y), (left + 16, y)], Palette99::pick(index).stroke_width(2)))?;
        root.draw(&Text::new(*name, (left + 22, y - 6), (FONT, 13)))?;
    }
    Ok(())
}
