//! What do the reconcilers cost, beside the plain approach and beside the best that SQL by hand does?
//!
//! Run by `cargo xtask bench`, which builds it and the `ff-scanner` binary with optimisation.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures are rounded when they are shown, and no count here comes near 2^52"
)]

mod approach;
mod args;
mod binary;
mod case;
mod chart;
mod error;
mod figures;
mod growth;
mod idle;
mod lateness;
mod leases;
mod machine;
mod memory;
mod meter;
mod progress;
mod replicas;
mod report;
mod work_off;
mod world;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Format, Part, Sizes};
use case::{CASES, Case};
use error::BenchError;
use machine::Machine;
use memory::Memory;
use progress::Progress;
use report::Results;
use world::{SETTINGS, World, start_server};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let result = match (&args.worker, &args.database_url) {
        (Some(name), Some(url)) => work(name, args.connections, url).await,
        _ => bench(&args).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn work(name: &str, connections: u32, url: &str) -> Result<(), BenchError> {
    replicas::worker(name, connections, url.parse()?).await
}

async fn bench(args: &Args) -> Result<(), BenchError> {
    let progress = Progress::new();
    let measured = measure(args, &progress).await;
    progress.finish();
    measured
}

/// Shows each part as soon as it is measured: a run takes an hour and more, and what has been measured when it fails or is
/// stopped is not lost. Growth comes last, because it takes the longest.
async fn measure(args: &Args, progress: &Progress) -> Result<(), BenchError> {
    let wanted = |case: &Case| args.only.is_empty() || args.only.iter().any(|name| name == case.name);
    let cases: Vec<Case> = CASES.into_iter().filter(wanted).collect();
    let sizes = if args.tiny { Sizes::tiny() } else { Sizes::full(args.rows, args.rounds) };
    let does = |part| args.parts.is_empty() || args.parts.contains(&part);

    progress.say("starting a Postgres and making the tables");
    let server = start_server()?;
    let mut world = World::new(&server, "bench", &sizes).await?;
    let machine = Machine::new(
        world.version().await?,
        sizes.hash_children,
        SETTINGS.map(|(name, value)| format!("{name} {value}")),
        Memory::measure().await,
    );
    let (rows, rounds) = (sizes.rows, sizes.rounds);
    let mut results = Results::new(machine, rows, rounds, sizes.fewer_rounds);
    if args.format == Format::Text {
        progress.print(&results.machine.to_string());
    }
    let show = |results: &Results, part: Part| {
        if args.format == Format::Text {
            progress.print(&results.to_text(part));
        }
        args.page.as_deref().map_or(Ok(()), |page| write_page(results, page))
    };

    progress.say("filling the tables");
    world.grow(i64::try_from(rows * 10).unwrap_or(i64::MAX)).await?;
    if does(Part::WorkOff) {
        results.work_off = work_off::work_off(&mut world, &cases, rows, rounds, progress).await?;
        show(&results, Part::WorkOff)?;
    }
    if does(Part::Replicas)
        && let Some(case) = cases.iter().find(|case| case.name == "lease_expiry")
    {
        results.replicas = replicas::replicas(&mut world, case, rows, sizes.fewer_rounds, progress).await?;
        show(&results, Part::Replicas)?;
    }
    if does(Part::Lateness) {
        progress.say("lateness");
        results.lateness = lateness::lateness(&mut world, &cases, sizes.late_rows, sizes.late_window).await?;
        show(&results, Part::Lateness)?;
    }
    if does(Part::Idle) {
        progress.say("idle: filling the tables");
        world.grow(sizes.idle_executions).await?;
        progress.say("idle");
        results.idle = Some(idle::idle(&mut world, sizes.idle_executions, sizes.idle_pause).await?);
        show(&results, Part::Idle)?;
    }
    if does(Part::Leases) {
        progress.say("live leases");
        results.live_leases = leases::leases(&mut world, &sizes.leases).await?;
        show(&results, Part::Leases)?;
    }
    // Growth has servers of its own, which need the memory.
    drop((world, server));
    if does(Part::Growth) {
        results.growth = growth::growth(&cases, &sizes, progress).await?;
        show(&results, Part::Growth)?;
    }
    if args.format == Format::Json {
        progress.print(&serde_json::to_string_pretty(&results).expect("numbers and names are JSON"));
    }
    Ok(())
}

fn write_page(results: &Results, page: &Path) -> Result<(), BenchError> {
    let wrong = |error| BenchError::File(page.display().to_string(), error);
    if !results.growth.is_empty() {
        chart::draw(&results.growth, &page.with_file_name(report::CHART))?;
    }
    fs::write(page, results.to_markdown()).map_err(wrong)
}
