//! The curve of growth, drawn.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use crate::error::BenchError;
use crate::growth::Point;

const SIZE: (u32, u32) = (900, 800);
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
    let drawn = root.fill(&WHITE).map_err(|error| error.to_string()).and_then(|()| {
        let (above, below) = root.split_vertically(SIZE.1 * 2 / 3);
        panel(&above, "rows a second", &rates).map_err(|error| error.to_string())?;
        panel(&below, "idle: database CPU, % of a core", &[("all together", idle)])
            .map_err(|error| error.to_string())?;
        root.present().map_err(|error| error.to_string())
    });
    drawn.map_err(BenchError::Wrong)
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
    for (index, (name, line)) in series.iter().enumerate() {
        let color = Palette99::pick(index).to_rgba();
        chart
            .draw_series(LineSeries::new(line.iter().copied(), color.stroke_width(2)).point_size(3))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    if series.len() > 1 {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.8))
            .draw()?;
    }
    Ok(())
}
