//! Do several processes share one backlog, without doing anything twice?

use std::process::Stdio;
use std::time::Duration;

use ff_scanner::core::{Scheduler, postgres};
use ff_scanner::{Config, register_enabled};
use futures_util::future::join_all;
use serde::Serialize;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::case::Case;
use crate::error::BenchError;
use crate::figures::{median, per};
use crate::progress::Progress;
use crate::work_off::WARM_UP;
use crate::world::World;

/// One process with two of them keeps two cores busy by itself; only with one it leaves something to others.
const CONNECTIONS: [u32; 2] = [1, 2];
const PROCESSES: [usize; 3] = [1, 2, 4];
/// They look when they are told to.
const FOREVER: Duration = Duration::from_hours(1);
/// Without news for this long, they are told again.
const LULL: Duration = Duration::from_secs(2);

/// One backlog worked off by several processes.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Replicas {
    /// That each process acts on.
    pub(crate) connections: u32,
    pub(crate) processes: usize,
    pub(crate) rows_per_s: f64,
    /// As a multiple of what one process does: the median of the rounds' own ratios.
    pub(crate) of_one: f64,
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
    for connections in CONNECTIONS {
        let mut runs = PROCESSES.map(|_| Vec::new());
        for round in 0..rounds {
            for turn in 0..PROCESSES.len() {
                // Whoever comes first in one round comes last in another.
                let place = (turn + round) % PROCESSES.len();
                let processes = PROCESSES[place];
                progress.say(format!("replicas: {processes} on {}, round {} of {rounds}", case.name, round + 1));
                world.clean_up().await?;
                runs[place].push(run(world, case, rows, connections, processes).await?);
            }
        }
        let alone = runs[0].clone();
        measured.extend(PROCESSES.into_iter().zip(runs).map(|(processes, runs)| Replicas {
            connections,
            processes,
            rows_per_s: median(runs.iter().map(|run| run.rows_per_s)),
            of_one: median(runs.iter().zip(&alone).map(|(run, alone)| per(run.rows_per_s, alone.rows_per_s))),
            twice: runs.iter().map(|run| run.twice).sum(),
            conflicts: runs.iter().map(|run| run.conflicts).sum::<u64>() / runs.len().max(1) as u64,
        }));
    }
    Ok(measured)
}

/// One backlog, worked off once.
#[derive(Clone, Copy)]
struct Run {
    rows_per_s: f64,
    twice: i64,
    conflicts: u64,
}

async fn run(world: &mut World, case: &Case, rows: u64, connections: u32, processes: usize) -> Result<Run, BenchError> {
    let mut processes = Processes::start(&world.database(), case, connections, processes).await?;
    // Each gets its part of the rows, and each of them is to be as warm as one that is alone.
    for _ in 0..world.warm_ups * processes.counts.len() {
        world.write_due(case, WARM_UP, Duration::ZERO, "warm-up").await?;
        processes.work_off(WARM_UP / case.rows_per_key).await?;
    }
    world.write_due(case, rows, Duration::ZERO, "backlog").await?;
    world.write_out().await?;
    let (warm, warm_conflicts) = processes.sum();
    let elapsed = processes.work_off(rows / case.rows_per_key).await?;
    let (changed, conflicts) = processes.stop().await;
    Ok(Run {
        rows_per_s: per(rows as f64, elapsed.as_secs_f64()),
        twice: i64::try_from(changed - warm).unwrap_or(i64::MAX) - i64::try_from(rows / case.rows_per_key).unwrap_or(0),
        conflicts: conflicts - warm_conflicts,
    })
}

/// Processes that run the same reconciler on the same database.
struct Processes {
    children: Vec<Child>,
    told: mpsc::UnboundedReceiver<Told>,
    /// What each has changed and skipped so far.
    counts: Vec<(u64, u64)>,
    _readers: JoinSet<()>,
}

impl Processes {
    async fn start(
        database: &PgConnectOptions,
        case: &Case,
        connections: u32,
        processes: usize,
    ) -> Result<Self, BenchError> {
        let (sender, mut told) = mpsc::unbounded_channel();
        let (mut children, mut readers) = (Vec::new(), JoinSet::new());
        for index in 0..processes {
            let mut child = start(database, case, connections)?;
            readers.spawn(listen(child.stdout.take().ok_or_else(died)?, index, sender.clone()));
            children.push(child);
        }
        // They say when they are ready.
        for _ in 0..processes {
            told.recv().await.ok_or_else(died)?;
        }
        Ok(Self { children, told, counts: vec![(0, 0); processes], _readers: readers })
    }

    /// Has them work off a backlog of `keys` and says how long it took.
    async fn work_off(&mut self, keys: u64) -> Result<Duration, BenchError> {
        let wanted = self.sum().0 + keys;
        let started = Instant::now();
        self.go().await?;
        while self.sum().0 < wanted {
            match timeout(LULL, self.told.recv()).await {
                Ok(told) => self.note(told.ok_or_else(died)?),
                // What each of two left to the other is found by another look.
                Err(_) => self.go().await?,
            }
        }
        Ok(started.elapsed())
    }

    async fn go(&mut self) -> Result<(), BenchError> {
        for child in &mut self.children {
            let stdin = child.stdin.as_mut().ok_or_else(died)?;
            stdin.write_all(b"go\n").await.map_err(|error| BenchError::File("a worker".to_owned(), error))?;
        }
        Ok(())
    }

    /// Ends them and says what they have changed and skipped altogether.
    async fn stop(&mut self) -> (u64, u64) {
        for child in &mut self.children {
            drop(child.stdin.take());
        }
        join_all(self.children.iter_mut().map(Child::wait)).await;
        while let Some(told) = self.told.recv().await {
            self.note(told);
        }
        self.sum()
    }

    fn note(&mut self, (index, changed, skipped): Told) {
        self.counts[index] = (changed, skipped);
    }

    fn sum(&self) -> (u64, u64) {
        self.counts.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

fn died() -> BenchError {
    BenchError::Wrong("a worker died".to_owned())
}

fn start(database: &PgConnectOptions, case: &Case, connections: u32) -> Result<Child, BenchError> {
    let wrong = |error| BenchError::File("this program".to_owned(), error);
    let mut command = Command::new(std::env::current_exe().map_err(wrong)?);
    command.args(["--worker", case.name, "--connections", &connections.to_string()]);
    command.env("DATABASE_URL", database.to_url_lossy().as_str());
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

/// What each of the processes does: runs one reconciler, which looks at every line of stdin, to its end.
pub(crate) async fn worker(name: &str, connections: u32, database: PgConnectOptions) -> Result<(), BenchError> {
    let config = Config::new(postgres::pool(database, connections)).with_only([name]).with_interval(FOREVER);
    let builder = register_enabled(Scheduler::builder().random(|| 0.0), &config);
    let handle = builder.build().map_err(|error| BenchError::Wrong(error.to_string()))?.spawn();
    drop(config.pool.acquire().await?);
    println!("0 0");
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut last = (0, 0);
    loop {
        let ended = tokio::select! {
            line = lines.next_line() => {
                let line = line.map_err(|error| BenchError::File("stdin".to_owned(), error))?;
                line.is_none_or(|_| !handle.waker().wake(name))
            }
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
