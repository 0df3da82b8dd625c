//! A reconciler that does what a script says and remembers when it was asked to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ff_scanner_core::{
    Backlog, ErrorKind, Failure, Global, PartitionCount, PartitionCounts, PartitionSpace, Partitioned, Reconciler,
    Scheduler, SchedulerBuilder, SchedulerHandle, Scope, Status, Tick, TickContext, TickError, TickReason, TickReport,
    async_trait,
};
use tokio::time::{Instant, sleep};

/// What a tick does.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// Finds nothing.
    Done,
    /// One row changed and more waiting.
    More,
    /// One row failed.
    FailRow,
    Fail(ErrorKind),
    Panic,
    /// Never returns and ignores being told to stop.
    Hang,
    /// Returns when told to stop.
    UntilStopped,
    Takes(Duration),
}

/// When and why each tick started, and which partition it was for (its first; 0 for a global one).
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<(Instant, TickReason, i16)>>>);

impl Log {
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Since `from`, to the hundredth of a second: Tokio's timer rounds up to milliseconds.
    pub(crate) fn millis(&self, from: Instant) -> Vec<u128> {
        self.0.lock().unwrap().iter().map(|(at, ..)| (*at - from).as_millis() / 10 * 10).collect()
    }

    pub(crate) fn reasons(&self) -> Vec<TickReason> {
        self.0.lock().unwrap().iter().map(|(_, reason, _)| *reason).collect()
    }

    pub(crate) fn partitions(&self) -> Vec<i16> {
        self.0.lock().unwrap().iter().map(|(.., partition)| *partition).collect()
    }

    fn push(&self, reason: TickReason, partition: i16) -> usize {
        let mut log = self.0.lock().unwrap();
        log.push((Instant::now(), reason, partition));
        log.len()
    }
}

type Script = Box<dyn Fn(usize, i16) -> Step + Send + Sync>;

/// Does what the script says for the nth tick (from 1) and the partition.
pub(crate) struct Fake<S> {
    name: &'static str,
    interval: Duration,
    scope: S,
    script: Script,
    log: Log,
}

pub(crate) const INTERVAL: Duration = Duration::from_secs(100);

/// A global reconciler with an interval of 100 s, whose nth tick (from 1) is `script(n)`.
pub(crate) fn global(
    name: &'static str,
    script: impl Fn(usize) -> Step + Send + Sync + 'static,
) -> (Fake<Global>, Log) {
    fake(name, Global, move |n, _| script(n))
}

/// A reconciler that visits its partitions singly, and treats each as `script` says.
pub(crate) fn singly(
    name: &'static str,
    script: impl Fn(i16) -> Step + Send + Sync + 'static,
) -> (Fake<Partitioned>, Log) {
    let scope = Partitioned::over(PartitionSpace::Flow).with_partitions_per_tick(1.try_into().unwrap());
    fake(name, scope, move |_, partition| script(partition))
}

fn fake<S>(
    name: &'static str,
    scope: S,
    script: impl Fn(usize, i16) -> Step + Send + Sync + 'static,
) -> (Fake<S>, Log) {
    let log = Log::default();
    (Fake { name, interval: INTERVAL, scope, script: Box::new(script), log: log.clone() }, log)
}

impl<S> Fake<S> {
    pub(crate) fn every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    async fn step<T: Scope>(&self, cx: &TickContext<T>, partition: i16) -> Result<Tick, TickError> {
        let n = self.log.push(cx.reason(), partition);
        let mut report = TickReport::default();
        match (self.script)(n, partition) {
            Step::Done => {}
            Step::More => {
                report.changed = 1;
                return Ok(report.into_tick(Backlog::Remaining));
            }
            Step::FailRow => report.failures.push(Failure { key: "row-1".into(), error: "poison".into() }),
            Step::Fail(kind) => return Err(TickError::new(kind, "do as told", "told to fail")),
            Step::Panic => panic!("told to panic"),
            Step::Hang => std::future::pending().await,
            Step::UntilStopped => cx.stopping().await,
            Step::Takes(time) => sleep(time).await,
        }
        Ok(report.into_tick(Backlog::Drained))
    }
}

#[async_trait]
impl Reconciler for Fake<Global> {
    type Scope = Global;

    fn name(&self) -> &'static str {
        self.name
    }

    fn scope(&self) -> Global {
        self.scope
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn tick(&self, cx: TickContext<Global>) -> Result<Tick, TickError> {
        self.step(&cx, 0).await
    }
}

#[async_trait]
impl Reconciler for Fake<Partitioned> {
    type Scope = Partitioned;

    fn name(&self) -> &'static str {
        self.name
    }

    fn scope(&self) -> Partitioned {
        self.scope
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn tick(&self, cx: TickContext<Partitioned>) -> Result<Tick, TickError> {
        self.step(&cx, cx.partitions().keys()[0]).await
    }
}

/// A builder without chance: no stagger, no jitter, three flow partitions.
pub(crate) fn exact() -> SchedulerBuilder {
    let counts = PartitionCounts { flow: PartitionCount::new(3).unwrap(), ..PartitionCounts::default() };
    Scheduler::builder().partitions(counts).jitter(0.0).random(|| 0.0)
}

/// Runs `builder` for `time`; returns its handle and when it started.
pub(crate) async fn run(builder: SchedulerBuilder, time: Duration) -> (SchedulerHandle, Instant) {
    let start = Instant::now();
    let handle = builder.build().unwrap().spawn();
    sleep(time).await;
    (handle, start)
}

pub(crate) fn status(handle: &SchedulerHandle, name: &str) -> Status {
    handle.status().into_iter().find(|status| status.name == name).unwrap()
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
