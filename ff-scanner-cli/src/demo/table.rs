//! How fast was each reconciler, and how late?

use comfy_table::{CellAlignment, Table, presets};
use sqlx::PgConnection;

use crate::error::CliError;

#[derive(sqlx::FromRow)]
pub(super) struct Lateness {
    reconciler: String,
    rows: i64,
    rows_per_s: Option<f64>,
    p50: Option<f64>,
    p99: Option<f64>,
}

pub(super) async fn measure(connection: &mut PgConnection, started_ms: i64) -> Result<Vec<Lateness>, CliError> {
    sqlx::query_as(include_str!("sql/lateness.sql"))
        .bind(started_ms)
        .fetch_all(connection)
        .await
        .map_err(CliError::sql("measure lateness"))
}

pub(super) fn table(measured: &[Lateness]) -> Table {
    let number =
        |value: Option<f64>, unit: &str| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.0}{unit}"));
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["reconciler", "rows moved", "rows/s", "lateness p50", "lateness p99"]);
    for row in measured {
        table.add_row([
            row.reconciler.clone(),
            row.rows.to_string(),
            number(row.rows_per_s, ""),
            number(row.p50, " ms"),
            number(row.p99, " ms"),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
