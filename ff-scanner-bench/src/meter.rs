//! What did the server spend?

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ff_scanner_testkit::Server;
use sqlx::PgConnection;

use crate::error::BenchError;

/// Clock ticks of `/proc` a second, the same on every Linux that there is.
const TICKS_PER_S: u64 = 100;

/// What the server has spent so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    /// Processor time of all of the server's processes; zero where there is no `/proc`.
    pub(crate) cpu: Duration,
    pub(crate) wal_bytes: i64,
    /// Without transaction control; `None` where `pg_stat_statements` is not to be had.
    pub(crate) statements: Option<i64>,
    pub(crate) dead_tuples: i64,
}

impl Reading {
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(earlier.cpu),
            wal_bytes: self.wal_bytes - earlier.wal_bytes,
            statements: self.statements.zip(earlier.statements).map(|(now, then)| now - then),
            dead_tuples: self.dead_tuples - earlier.dead_tuples,
        }
    }
}

/// Reads what a private server spends.
pub(crate) struct Meter {
    postmaster: Option<u32>,
    counts_statements: bool,
}

impl Meter {
    pub(crate) async fn new(server: &Server, connection: &mut PgConnection) -> Result<Self, BenchError> {
        let pid_file = server.directory().map(|dir| PathBuf::from(dir).join("data").join("postmaster.pid"));
        let pid = pid_file.and_then(|file| fs::read_to_string(file).ok());
        let postmaster = pid.and_then(|text| text.lines().next().and_then(|line| line.parse().ok()));
        let created = sqlx::raw_sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").execute(connection).await;
        Ok(Self { postmaster, counts_statements: created.is_ok() })
    }

    /// Best read when the sessions that are measured have ended: a session keeps its counts to itself for a while.
    pub(crate) async fn read(&self, connection: &mut PgConnection) -> Result<Reading, BenchError> {
        let (wal_bytes, dead_tuples) =
            sqlx::query_as(include_str!("../sql/spent.sql")).fetch_one(&mut *connection).await?;
        let mut statements = None;
        if self.counts_statements {
            let count = sqlx::query_scalar(include_str!("../sql/statements.sql"));
            statements = Some(count.fetch_one(connection).await?);
        }
        Ok(Reading { cpu: self.cpu(), wal_bytes, statements, dead_tuples })
    }

    /// What a [`Reading`] has of it, without asking the server: its answer takes it longer than seconds of doing nothing.
    pub(crate) fn cpu(&self) -> Duration {
        self.postmaster.map_or(Duration::ZERO, cpu_of_server)
    }
}

/// Of the postmaster, of its children, and of those children that have ended.
fn cpu_of_server(postmaster: u32) -> Duration {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let ticks: u64 = pids
        .filter_map(stat)
        .filter(|stat| stat.pid == postmaster || stat.parent == postmaster)
        .map(|stat| stat.own + if stat.pid == postmaster { stat.of_children } else { 0 })
        .sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_S)
}

struct Stat {
    pid: u32,
    parent: u32,
    own: u64,
    of_children: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold blanks and brackets; what follows the last bracket does not.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
    Some(Stat {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        own: number(11)? + number(12)?,
        of_children: number(13)? + number(14)?,
    })
}

/// Resident memory of this process in MiB; `None` where there is no `/proc`.
pub(crate) fn memory_mib(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

/// Processor time of one process.
pub(crate) fn cpu_of(pid: u32) -> Duration {
    Duration::from_millis(stat(pid).map_or(0, |stat| stat.own) * 1000 / TICKS_PER_S)
}
