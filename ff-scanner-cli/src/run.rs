//! `ff-scanner run`: until a signal, then an orderly end.

use std::collections::BTreeSet;
use std::time::Duration;

use ff_scanner::core::{Exit, SchedulerHandle, State, postgres};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use crate::args::{Common, RunArgs};
use crate::error::CliError;
use crate::{connect, output, preflight, schedule};

/// How often to look whether any reconciler is left running.
const HEALTH_PAUSE: Duration = Duration::from_secs(1);

pub(crate) async fn run(common: &Common, args: &RunArgs) -> Result<(), CliError> {
    let names = selected(args)?;
    let database = connect::given(common)?;
    let counts = args.partitions.counts();
    preflight::check(&database, counts, &names).await?;
    // Before anything runs, so that an early signal finds somebody listening.
    let mut signals = Signals::new()?;
    let direct = args.listen_url.as_ref().map_or_else(|| Ok(database.clone()), connect::parse)?;
    let scheduler = schedule::build(database, counts, common.filter(), names)?;
    let names = scheduler.names();
    let heard = ff_scanner::wake_channels().into_iter().filter(|(_, name)| names.contains(name)).collect::<Vec<_>>();
    // Dropped, and so stopped, when this function ends.
    let _listener = (!heard.is_empty()).then(|| postgres::listen(direct, scheduler.waker(), heard));
    let handle = scheduler.spawn();
    tokio::select! {
        () = signals.next() => info!("stopping; a second signal ends it at once"),
        () = all_stopped(&handle) => warn!("no reconciler is left running"),
    }
    let exits = tokio::select! {
        exits = handle.shutdown(args.grace) => exits,
        // Dropping the handle's future aborts what still runs; rows are safe, for acts are transactions.
        () = signals.next() => {
            for name in names {
                output::line(format_args!("{name}: aborted"))?;
            }
            return Err(CliError::Failed("ended at once by a second signal".to_owned()));
        }
    };
    let mut broken = Vec::new();
    for (name, exit) in exits {
        let word = match &exit {
            Exit::Stopped => "stopped",
            Exit::Terminal(error) => {
                broken.push(format!("{name}: {}", error.chain()));
                "terminal"
            }
            Exit::Panicked => "panicked",
            _ => "aborted",
        };
        output::line(format_args!("{name}: {word}"))?;
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(CliError::Terminal(format!("could not go on ({}); mend the schema, then start again", broken.join("; "))))
}

fn selected(args: &RunArgs) -> Result<BTreeSet<String>, CliError> {
    let all = || ff_scanner::names().into_iter().map(str::to_owned);
    let names: BTreeSet<String> = all()
        .filter(|name| args.only.is_empty() || args.only.contains(name))
        .filter(|name| !args.except.contains(name))
        .collect();
    if names.is_empty() {
        return Err(CliError::Failed("--only and --except leave no reconciler to run; loosen one of them".to_owned()));
    }
    Ok(names)
}

async fn all_stopped(handle: &SchedulerHandle) {
    loop {
        tokio::time::sleep(HEALTH_PAUSE).await;
        if handle.status().iter().all(|status| status.state == State::Stopped) {
            return;
        }
    }
}

/// SIGINT and SIGTERM, alike.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self, CliError> {
        let listen =
            |kind| signal(kind).map_err(|error| CliError::Failed(format!("cannot listen for signals: {error}")));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
