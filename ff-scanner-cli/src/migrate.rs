//! `ff-scanner migrate`: creates what ff-scanner owns, and on demand the engine's tables.

use ff_scanner_migrations::{Applied, EngineVersion, Plan, apply_engine, apply_scanner, plan_engine, plan_scanner};

use crate::args::{Common, MigrateArgs};
use crate::error::CliError;
use crate::{connect, output};

pub(crate) async fn migrate(common: &Common, args: &MigrateArgs) -> Result<(), CliError> {
    let database = connect::given(common)?;
    connect::close(connect::reach(&database).await?).await;
    let version = EngineVersion::default();
    if args.dry_run {
        if args.engine_schema {
            plan("engine", &plan_engine(&database, version, args.hash_children).await?)?;
        }
        return plan("scanner", &plan_scanner(&database).await?);
    }
    if args.engine_schema {
        done("engine", &apply_engine(&database, version, args.hash_children).await?)?;
    }
    done("scanner", &apply_scanner(&database).await?)
}

fn plan(set: &str, plan: &Plan) -> Result<(), CliError> {
    for step in &plan.pending {
        output::line(format_args!("{set}: would apply {step}"))?;
    }
    output::line(format_args!("{set}: {} there, {} to apply", plan.present.len(), plan.pending.len()))
}

fn done(set: &str, done: &Applied) -> Result<(), CliError> {
    for step in &done.applied {
        output::line(format_args!("{set}: applied {step}"))?;
    }
    output::line(format_args!("{set}: {} there, {} applied now", done.total, done.applied.len()))
}
