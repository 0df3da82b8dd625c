//! What can be asked for on the command line?

mod values;

use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use ff_scanner::core::{Filter, PartitionCount, PartitionCounts};

pub(crate) use values::DatabaseUrl;
use values::{count, duration, tag};

/// Moves due FlowFabric executions to the state they should be in.
///
/// Exit codes: 0 ok, 1 failure, 2 usage, 4 database unreachable or not given, 5 schema mismatch.
#[derive(Debug, Parser)]
#[command(name = "ff-scanner", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fill a database with executions in trouble, put every one right, and prove it; needs no set-up
    Demo(DemoArgs),
    /// Create or update the tables that ff-scanner owns
    Migrate(MigrateArgs),
    /// Run the reconcilers until SIGINT or SIGTERM
    Run(RunArgs),
    /// Run one cycle of the named reconcilers now, and report
    Tick(TickArgs),
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The database of the FlowFabric deployment, as postgres://user:password@host:port/name
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<DatabaseUrl>,
    /// Only executions of this namespace
    #[arg(long, global = true, value_name = "NAME")]
    namespace: Option<String>,
    /// Only executions that carry this tag
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = tag)]
    instance_tag: Option<(String, String)>,
    /// How log lines look on stderr
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(crate) log_format: Format,
}

impl Common {
    /// An empty `DATABASE_URL` is one that is not set, as everywhere else.
    pub(crate) fn database_url(&self) -> Option<&DatabaseUrl> {
        self.database_url.as_ref().filter(|url| !url.expose().is_empty())
    }

    pub(crate) fn filter(&self) -> Filter {
        let mut filter = Filter::default();
        if let Some(namespace) = &self.namespace {
            filter = filter.with_namespace(namespace);
        }
        if let Some((key, value)) = &self.instance_tag {
            filter = filter.with_instance_tag(key, value);
        }
        filter
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// How many executions to make; about half of them need help
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    pub(crate) executions: u32,
    /// Leave the database for a look around; a private server stays until Ctrl-C
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Also create the engine's tables; for development only, refused where FlowFabric made them
    #[arg(long)]
    pub(crate) engine_schema: bool,
    /// Hash children of each partitioned table
    #[arg(long, requires = "engine_schema", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) hash_children: u16,
    /// Say what would be done and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Only these reconcilers
    #[arg(long, value_delimiter = ',', value_name = "NAME", value_parser = PossibleValuesParser::new(ff_scanner::names()))]
    pub(crate) only: Vec<String>,
    /// All reconcilers but these
    #[arg(long, value_delimiter = ',', value_name = "NAME", value_parser = PossibleValuesParser::new(ff_scanner::names()))]
    pub(crate) except: Vec<String>,
    /// How long a shutdown may take, such as 30s or 1m30s
    #[arg(long, default_value = "30s", value_name = "DURATION", value_parser = duration)]
    pub(crate) grace: Duration,
    /// Where to hear notifications, when --database-url leads through a transaction pooler, which never delivers them
    #[arg(long, env = "FF_SCANNER_LISTEN_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) listen_url: Option<DatabaseUrl>,
    #[command(flatten)]
    pub(crate) partitions: Partitions,
}

#[derive(Debug, Args)]
pub(crate) struct TickArgs {
    /// Which reconcilers
    #[arg(required = true, value_name = "NAME", value_parser = PossibleValuesParser::new(ff_scanner::names()))]
    pub(crate) names: Vec<String>,
    /// Repeat until nothing that can be moved is left; rows that are locked or fail do not keep it going
    #[arg(long)]
    pub(crate) until_drained: bool,
    /// How the report looks on stdout
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) partitions: Partitions,
}

/// Must be what the engine runs with: an execution in a partition beyond would never be visited.
#[derive(Debug, Args)]
pub(crate) struct Partitions {
    /// Flow partitions of the engine
    #[arg(long, default_value = "256", value_name = "COUNT", value_parser = count)]
    flow_partitions: PartitionCount,
    /// Budget partitions of the engine
    #[arg(long, default_value = "32", value_name = "COUNT", value_parser = count)]
    budget_partitions: PartitionCount,
}

impl Partitions {
    pub(crate) fn counts(&self) -> PartitionCounts {
        PartitionCounts { flow: self.flow_partitions, budget: self.budget_partitions }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
