//! What can be asked for?

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Measures the reconcilers on a private Postgres with durable settings.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
pub(crate) struct Args {
    /// Due rows of each work-off; ten times as many that are not due are there as well
    #[arg(long, default_value_t = 50_000)]
    pub(crate) rows: u64,
    /// Rounds of which the medians are reported; work-off measures ours and the floor twice in each, and replicas and
    /// growth take half as many, rounded up
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Everything in the smallest size, to see that it works
    #[arg(long)]
    pub(crate) tiny: bool,
    /// Only these reconcilers
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
    pub(crate) parts: Vec<Part>,
    /// How the results look on stdout
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Also write them to this page, as far as they are measured
    #[arg(long, value_name = "FILE")]
    pub(crate) page: Option<PathBuf>,
    /// Be one of several processes on one backlog
    #[arg(long, hide = true, value_name = "NAME")]
    pub(crate) worker: Option<String>,
    /// To act on, as one of several
    #[arg(long, hide = true, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) connections: u32,
    /// Of the backlog
    #[arg(long, hide = true, env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    WorkOff,
    Idle,
    Lateness,
    Leases,
    Growth,
    Replicas,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// How much of everything.
#[derive(Debug)]
pub(crate) struct Sizes {
    /// Of each table.
    pub(crate) hash_children: u16,
    pub(crate) warm_ups: usize,
    pub(crate) rows: u64,
    pub(crate) rounds: usize,
    pub(crate) idle_executions: i64,
    pub(crate) idle_pause: Duration,
    /// Of replicas and growth, whose runs are many.
    pub(crate) fewer_rounds: usize,
    pub(crate) late_rows: u64,
    pub(crate) late_window: Duration,
    pub(crate) leases: Vec<i64>,
    pub(crate) growth: Vec<i64>,
    pub(crate) growth_rows: u64,
    pub(crate) growth_pause: Duration,
}

impl Sizes {
    pub(crate) fn full(rows: u64, rounds: usize) -> Self {
        Self {
            // As the engine has it.
            hash_children: 256,
            // So that nearly each of two connections has met nearly each partition.
            warm_ups: 4,
            rows,
            rounds,
            idle_executions: 1_000_000,
            idle_pause: Duration::from_mins(1),
            fewer_rounds: rounds.div_ceil(2),
            late_rows: 300,
            late_window: Duration::from_mins(1),
            leases: vec![1_000, 10_000, 100_000],
            growth: vec![10_000, 100_000, 1_000_000, 3_000_000],
            growth_rows: rows,
            growth_pause: Duration::from_mins(1),
        }
    }

    pub(crate) fn tiny() -> Self {
        Self {
            hash_children: 8,
            warm_ups: 1,
            rows: 500,
            rounds: 1,
            idle_executions: 6_000,
            idle_pause: Duration::from_secs(3),
            fewer_rounds: 1,
            late_rows: 20,
            late_window: Duration::from_secs(2),
            leases: vec![100, 200],
            growth: vec![1_000, 2_000, 3_000],
            growth_rows: 200,
            growth_pause: Duration::from_secs(2),
        }
    }
}
