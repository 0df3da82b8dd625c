#![doc = include_str!("../README.md")]

mod cascade;
mod heal;
mod look;
mod plan;
mod policy;
mod rows;
pub mod sql;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ff_scanner_core::postgres::{Pools, Transaction, failed};
use ff_scanner_core::{
    Act, Backlog, Due, Global, LookThenAct, Page, PartitionCount, PartitionCounts, Reconciler, Sweep, Tick,
    TickContext, TickError, Verdict, async_trait,
};
use uuid::Uuid;

use cascade::{Cascade, Stop, Work};
use heal::Walk;

/// The channel on which Postgres notifies of a completion event.
pub const WAKE_CHANNEL: &str = "ff_completion";

const INTERVAL_DEFAULT: Duration = Duration::from_secs(15);
const BATCH_LIMIT_DEFAULT: u32 = 20_000;
const HEAL_AFTER_DEFAULT: Duration = Duration::from_secs(15);
const PAGE_DEFAULT: u32 = 5000;

/// Moves on what waits for executions that have ended. See the crate's documentation.
#[derive(Debug)]
pub struct Dependency {
    pools: Pools,
    interval: Duration,
    batch_limit: u32,
    heal_after: Duration,
    page: u32,
    partitions: PartitionCount,
    walk: Walk,
    /// Whether the acts of this tick have skipped children, which are endings again.
    goes_on: AtomicBool,
    sweep: Sweep<Ending>,
}

impl Dependency {
    /// Its name in spans, statuses and on the command line.
    pub const NAME: &str = "dependency";

    /// Works on the database of `pools`, with the defaults of the crate's documentation.
    #[must_use]
    pub fn new(pools: impl Into<Pools>) -> Self {
        Self {
            pools: pools.into(),
            interval: INTERVAL_DEFAULT,
            batch_limit: BATCH_LIMIT_DEFAULT,
            heal_after: HEAL_AFTER_DEFAULT,
            page: PAGE_DEFAULT,
            partitions: PartitionCounts::default().flow,
            walk: Walk::default(),
            goes_on: AtomicBool::new(false),
            sweep: Sweep::default(),
        }
    }

    /// Sets the time from the end of one cycle to the start of the next (default 15 s).
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the most endings that one look takes altogether (default 20,000).
    #[must_use]
    pub fn with_batch_limit(mut self, rows: u32) -> Self {
        self.batch_limit = rows;
        self
    }

    /// Sets how long ago an execution must have ended for its children to be moved on without an event (default 15 s).
    #[must_use]
    pub fn with_heal_after(mut self, age: Duration) -> Self {
        self.heal_after = age;
        self
    }

    /// Sets how many waiting children a cycle examines for upstreams that ended without an event (default 5000, at
    /// least 1). A cycle by hand examines all.
    #[must_use]
    pub fn with_page(mut self, children: u32) -> Self {
        self.page = children.max(1);
        self
    }

    /// Sets the number of flow partitions (default 256); children in partitions beyond it are moved on by events only.
    #[must_use]
    pub fn with_partitions(mut self, count: PartitionCount) -> Self {
        self.partitions = count;
        self
    }
}

#[async_trait]
impl Reconciler for Dependency {
    type Scope = Global;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn scope(&self) -> Global {
        Global
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn tick(&self, cx: TickContext<Global>) -> Result<Tick, TickError> {
        self.walk.begin(cx.reason(), self.interval);
        let mut tick = self.sweep.tick(self, &cx).await?;
        let goes_on = self.goes_on.swap(false, Ordering::Relaxed);
        if self.walk.end() || goes_on {
            tick.backlog = Backlog::Remaining;
        }
        Ok(tick)
    }
}

#[async_trait]
impl LookThenAct for Dependency {
    type Scope = Global;
    type Key = Ending;

    fn batch_limit(&self) -> u32 {
        self.batch_limit
    }

    async fn look(&self, page: Page<'_, Global, Ending>) -> Result<Vec<Due<Ending>>, TickError> {
        let failed = failed("look for executions that have ended");
        let mut tx = Transaction::look(&self.pools.looks).await.map_err(&failed)?;
        let due = self.look_if_needed(&mut tx, &page).await;
        tx.end(due).await.map_err(&failed)
    }

    async fn act(&self, act: Act<'_, Ending>) -> Result<Vec<Verdict<Ending>>, TickError> {
        let failed = failed("move on what waits for ended executions");
        let mut verdicts = Vec::new();
        let mut work = Work { endings: act.keys.to_vec(), behind: None };
        while !work.endings.is_empty() {
            let mut tx = Transaction::act(&self.pools.acts).await.map_err(&failed)?;
            let (partition, now_ms) = (act.partition, act.now_ms);
            let mut cascade = Cascade { connection: &mut tx, partition, now_ms, heal_after: self.heal_after };
            let done = cascade.run(&work).await;
            work = match tx.end(done).await {
                Ok(done) => {
                    self.goes_on.fetch_or(done.goes_on, Ordering::Relaxed);
                    verdicts.extend(done.verdicts);
                    done.rest
                }
                Err(Stop::Held(others)) => others,
                Err(Stop::Sql(error)) => return Err(failed(error)),
            };
        }
        Ok(verdicts)
    }
}

/// An execution that has ended, as it is come by. Displays with its flow first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// A completion event tells of it.
    Told {
        /// The event.
        event_id: i64,
        /// What ended.
        execution_id: Uuid,
        /// Its flow; without one, nothing waits for it.
        flow_id: Option<Uuid>,
    },
    /// No event tells of it, and children wait.
    Untold {
        /// Its flow.
        flow_id: Uuid,
        /// What ended.
        execution_id: Uuid,
    },
}

impl Ending {
    fn is_told(&self) -> bool {
        self.event_id().is_some()
    }

    fn event_id(&self) -> Option<i64> {
        match self {
            Self::Told { event_id, .. } => Some(*event_id),
            Self::Untold { .. } => None,
        }
    }

    /// Its flow, nil when it has none, and what ended.
    fn member(&self) -> (Uuid, Uuid) {
        match *self {
            Self::Told { execution_id, flow_id, .. } => (flow_id.unwrap_or_default(), execution_id),
            Self::Untold { flow_id, execution_id } => (flow_id, execution_id),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told { event_id, execution_id, flow_id: Some(flow_id) } => {
                write!(f, "{flow_id}/{execution_id} (event {event_id})")
            }
            Self::Told { event_id, execution_id, flow_id: None } => write!(f, "{execution_id} (event {event_id})"),
            Self::Untold { flow_id, execution_id } => write!(f, "{flow_id}/{execution_id}"),
        }
    }
}
