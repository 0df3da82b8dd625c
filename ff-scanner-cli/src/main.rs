//! The `ff-scanner` binary: data goes to stdout, everything else to stderr.

mod args;
mod connect;
mod demo;
mod error;
mod logs;
mod migrate;
mod output;
mod preflight;
mod run;
mod schedule;
mod tick;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use error::CliError;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logs::start(cli.common.log_format, matches!(cli.command, Command::Demo(_)));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(cli)),
        Err(error) => Err(CliError::Failed(format!("cannot start the runtime: {error}"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::from(error.code())
        }
    }
}

async fn dispatch(cli: Cli) -> Result<(), CliError> {
    match cli.command {
        Command::Demo(args) => demo::demo(&cli.common, &args).await,
        Command::Migrate(args) => migrate::migrate(&cli.common, &args).await,
        Command::Run(args) => run::run(&cli.common, &args).await,
        Command::Tick(args) => tick::tick(&cli.common, &args).await,
    }
}
