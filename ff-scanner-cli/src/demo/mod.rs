//! `ff-scanner demo`: the main job, on a database of its own, with no set-up.

mod place;
mod progress;
mod seed;
mod table;
mod verify;
mod work;

use sqlx::ConnectOptions;
use tracing::info;

use crate::args::{Common, DemoArgs};
use crate::error::CliError;
use crate::output;
use place::Place;
use progress::Progress;

pub(crate) async fn demo(common: &Common, args: &DemoArgs) -> Result<(), CliError> {
    let progress = Progress::new();
    progress.stage("starting a Postgres");
    let place = Place::find(common.database_url()).await?;
    let result = tokio::select! {
        result = show(&place, args, &progress) => result,
        _ = tokio::signal::ctrl_c() => Err(CliError::Failed("interrupted".to_owned())),
    };
    progress.finish();
    // Whatever happened, the place is tidied; what happened first is what is reported.
    let tidied = place.leave(args.keep).await;
    result.and(tidied)
}

async fn show(place: &Place, args: &DemoArgs, progress: &Progress) -> Result<(), CliError> {
    progress.stage("creating the tables");
    let database = place.database();
    ff_scanner_migrations::apply_engine(database, ff_scanner_migrations::EngineVersion::default(), 16).await?;
    ff_scanner_migrations::apply_scanner(database).await?;

    progress.stage("making executions");
    let options = database.clone().disable_statement_logging();
    let mut connection = options.connect().await.map_err(CliError::sql("connect to the demo's database"))?;
    let plan = seed::seed(&mut connection, args.executions).await?;
    output::line(format_args!(
        "{} executions beside flows and budgets, {} rows in trouble now or in a moment",
        args.executions,
        plan.total()
    ))?;

    let work = work::work(database, &mut connection, &plan, progress).await?;
    progress.stage("verifying every row");
    let lateness = table::measure(&mut connection, work.started_ms).await?;
    let problems = verify::verify(&mut connection).await?;
    progress.finish();
    info!(elapsed = ?work.elapsed, "the reconcilers have stopped");

    output::line(table::table(&lateness))?;
    output::line(
        "rows/s counts what was due at the start, until the last of it was moved; lateness is acted at minus due at",
    )?;
    verify::tell(&problems, &work)
}
