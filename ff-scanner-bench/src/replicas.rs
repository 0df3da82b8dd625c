//! Do several processes share one backlog, without doing anything twice?

use std::process::Stdio;
use std::time::Duration;

use ff_scanner::core::{Scheduler, postgres};
use ff_scanner::{Config, register_enabled};
use futures_util::future::join_all;
use serde::Serialize;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::case::Case;
use crate::error::BenchError;
use crate::figures::{median, per};
use crate::progress::Progress;
use crate::world::World;

const CONNECTIONS: u32 = 2;

/// One backlog worked off by several processes.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Replicas {
    pub(crate) processes: usize,
    pub(crate) rows_per_s: f64,
    /// Rows that were changed more than once.
    pub(crate) twice: i64,
    /// Rows that one process looked at and another one had.
    pub(crate) conflicts: u64,
}

/// What a process tells after each change: rows it has changed, and rows it has skipped.
type Told = (usize, u64, u64);

pub(crate) async fn replicas(
    world: &mut World,
    case: &Case,
    rows: u64,
    rounds: usize,
    progress: &Progress,
) -> Result<Vec<Replicas>, BenchError> {
    let mut measured = Vec::new();
    for processes in [1, 2, 4] {
        let mut runs = Vec::new();
        for round in 0..rounds {
            progress.say(format!("replicas: {processes} on {}, round {} of {rounds}", case.name, round + 1));
            world.write_due(case, rows, Duration::ZERO, "backlog").await?;
            world.meter.settle(&mut world.connection).await?;
            runs.push(run(&world.database(), case, rows, processes).await?);
        }
        measured.push(Replicas {
            processes,
            rows_per_s: median(runs.iter().map(|run| run.rows_per_s)),
            twice: runs.iter().map(|run| run.twice).sum(),
            conflicts: runs.iter().map(|run| run.conflicts).sum::<u64>() / runs.len().max(1) as u64,
        });
    }
    Ok(measured)
}

async fn run(database: &PgConnectOptions, case: &Case, rows: u64, processes: usize) -> Result<Replicas, BenchError> {
    let (sender, mut told) = mpsc::unbounded_channel();
    let (mut children, mut readers) = (Vec::new(), JoinSet::new());
    for index in 0..processes {
        let mut child = start(database, case)?;
        readers.spawn(listen(child.stdout.take().ok_or_else(died)?, index, sender.clone()));
        children.push(child);
    }
    drop(sender);
    // They say when they are ready, and begin when they are told to.
    for _ in 0..processes {
        told.recv().await.ok_or_else(died)?;
    }
    for child in &mut children {
        let stdin = child.stdin.as_mut().ok_or_else(died)?;
        stdin.write_all(b"go\n").await.map_err(|error| BenchError::File("a worker".to_owned(), error))?;
    }
    let started = Instant::now();
    let mut counts = vec![(0, 0); processes];
    let sum = |counts: &[(u64, u64)]| counts.iter().map(|(changed, _)| changed).sum::<u64>();
    while sum(&counts) < rows / case.rows_per_key {
        let (index, changed, skipped) = told.recv().await.ok_or_else(died)?;
        counts[index] = (changed, skipped);
    }
    let elapsed = started.elapsed();
    for child in &mut children {
        drop(child.stdin.take());
    }
    join_all(children.iter_mut().map(Child::wait)).await;
    while let Some((index, changed, skipped)) = told.recv().await {
        counts[index] = (changed, skipped);
    }
    let twice = i64::try_from(sum(&counts)).unwrap_or(i64::MAX) - i64::try_from(rows / case.rows_per_key).unwrap_or(0);
    let conflicts = counts.iter().map(|(_, skipped)| skipped).sum();
    Ok(Replicas { processes, rows_per_s: per(rows as f64, elapsed.as_secs_f64()), twice, conflicts })
}

fn died() -> BenchError {
    BenchError::Wrong("a worker died".to_owned())
}

fn start(database: &PgConnectOptions, case: &Case) -> Result<Child, BenchError> {
    let wrong = |error| BenchError::File("this program".to_owned(), error);
    let mut command = Command::new(std::env::current_exe().map_err(wrong)?);
    command.args(["--worker", case.name]).env("DATABASE_URL", database.to_url_lossy().as_str());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().map_err(wrong)
}

async fn listen(stdout: ChildStdout, index: usize, told: mpsc::UnboundedSender<Told>) {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut numbers = line.split(' ').filter_map(|word| word.parse().ok());
        if let (Some(changed), Some(skipped)) = (numbers.next(), numbers.next())
            && told.send((index, changed, skipped)).is_err()
        {
            return;
        }
    }
}

/// What each of the processes does: runs one reconciler from the first line of stdin to its end.
pub(crate) async fn worker(name: &str, database: PgConnectOptions) -> Result<(), BenchError> {
    let wrong = |error| BenchError::File("stdin".to_owned(), error);
    let config = Config::new(postgres::pool(database, CONNECTIONS)).with_only([name]);
    let builder = register_enabled(Scheduler::builder().random(|| 0.0), &config);
    let scheduler = builder.build().map_err(|error| BenchError::Wrong(error.to_string()))?;
    drop(config.pool.acquire().await?);
    println!("0 0");
    let mut stdin = tokio::io::stdin();
    let mut go = [0; 3];
    stdin.read_exact(&mut go).await.map_err(wrong)?;
    let handle = scheduler.spawn();
    let mut last = (0, 0);
    let mut rest = Vec::new();
    let mut over = std::pin::pin!(stdin.read_to_end(&mut rest));
    loop {
        let ended = tokio::select! {
            _ = over.as_mut() => true,
            () = sleep(Duration::from_millis(1)) => false,
        };
        let now = handle.status().iter().fold((0, 0), |sum, one| (sum.0 + one.changed, sum.1 + one.skipped));
        if now != last {
            println!("{} {}", now.0, now.1);
            last = now;
        }
        if ended {
            break;
        }
    }
    handle.shutdown(Duration::from_secs(10)).await;
    Ok(())
}
