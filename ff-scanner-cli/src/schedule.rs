//! The scheduler of a command: which reconcilers, on which database.

use std::collections::BTreeSet;

use ff_scanner::Config;
use ff_scanner::core::{Filter, PartitionCounts, Scheduler, postgres};
use sqlx::postgres::PgConnectOptions;

use crate::error::CliError;

/// For acts; enough to keep a server of a few cores busy. Each learns about each child of each table by itself and keeps
/// that in memory, so that more of them make the first acts slower. Looks have connections of their own.
const CONNECTIONS: u32 = 4;

pub(crate) fn build(
    database: PgConnectOptions,
    counts: PartitionCounts,
    filter: Filter,
    names: BTreeSet<String>,
) -> Result<Scheduler, CliError> {
    let mut config = Config::new(postgres::pool(database, CONNECTIONS)).with_only(names);
    config.dependency.partitions = Some(counts.flow);
    config.edge_cancel_reconciler.partitions = Some(counts.flow);
    let builder = Scheduler::builder().partitions(counts).filter(filter);
    let builder = ff_scanner::register_enabled(builder, &config);
    builder.build().map_err(|error| CliError::Failed(error.to_string()))
}
