//! `ff-scanner tick`: a cycle, or as many as it takes, now.

use std::collections::BTreeSet;

use ff_scanner::core::{Backlog, Failure, Scheduler};
use serde::Serialize;

use crate::args::{Common, Format, TickArgs};
use crate::error::CliError;
use crate::{connect, output, preflight, schedule};

/// A cycle that moves nothing and still reports more has met rows that others hold; this many in a row, and what could
/// be moved has been.
const IDLE_CYCLES_MAX: u32 = 3;

/// What one reconciler did. The names are a contract with scripts.
#[derive(Debug, Serialize)]
struct Report {
    name: String,
    ticks: u64,
    changed: u64,
    skipped: u64,
    failed: u64,
    /// Whether the last cycle ended with a full batch: due rows are left that another one could move.
    remaining: bool,
    #[serde(skip)]
    failures: Vec<Failure>,
}

pub(crate) async fn tick(common: &Common, args: &TickArgs) -> Result<(), CliError> {
    let database = connect::given(common)?;
    let counts = args.partitions.counts();
    let names: BTreeSet<String> = args.names.iter().cloned().collect();
    preflight::check(&database, counts, &names).await?;
    let scheduler = schedule::build(database, counts, common.filter(), names.clone())?;
    let mut reports = Vec::new();
    for name in names {
        reports.push(drain(&scheduler, name, args.until_drained).await?);
    }
    for report in &reports {
        for failure in &report.failures {
            output::note(format_args!("{}: {} failed: {}", report.name, failure.key, failure.error));
        }
    }
    match args.format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&reports).expect("names and numbers are always JSON");
            output::line(json)
        }
        Format::Text => output::line(table(&reports)),
    }
}

async fn drain(scheduler: &Scheduler, name: String, until_drained: bool) -> Result<Report, CliError> {
    let mut total =
        Report { name, ticks: 0, changed: 0, skipped: 0, failed: 0, remaining: false, failures: Vec::new() };
    let mut idle = 0;
    loop {
        let cycle = scheduler.cycle(&total.name).await;
        let cycle = cycle.expect("clap knows no names but those that are registered")?;
        total.ticks += cycle.ticks;
        total.changed += cycle.report.changed;
        total.remaining = cycle.backlog == Backlog::Remaining;
        // Each cycle meets the same locked and failing rows again, so only the last one counts them.
        total.skipped = cycle.report.skipped;
        total.failed = cycle.report.failed();
        total.failures = cycle.report.failures;
        idle = if cycle.report.changed == 0 { idle + 1 } else { 0 };
        let drained = idle > 0 && !total.remaining;
        if !until_drained || drained || idle >= IDLE_CYCLES_MAX {
            return Ok(total);
        }
    }
}

fn table(reports: &[Report]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(["reconciler", "ticks", "changed", "skipped", "failed", "remaining"]);
    for report in reports {
        table.add_row([
            report.name.clone(),
            report.ticks.to_string(),
            report.changed.to_string(),
            report.skipped.to_string(),
            report.failed.to_string(),
            if report.remaining { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table
}
