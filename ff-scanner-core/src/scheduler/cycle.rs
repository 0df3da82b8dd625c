//! How is everything in scope visited once, fairly and within a bound?

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::attempt::Trouble;
use super::erased::Target;
use super::observe::tick;
use super::{Entry, Shared};
use crate::{Backlog, ErrorKind, TickReason, TickReport};

/// How often a tick that lost against another transaction is repeated at once.
const CONTENTION_RETRIES_MAX: u32 = 3;

/// What a cycle did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CycleReport {
    /// Ticks that were run, those that failed included.
    pub ticks: u64,
    /// The sum of their reports.
    pub report: TickReport,
    /// [`Backlog::Remaining`] when the cycle ended, at its bound or because it was stopped, with work left.
    pub backlog: Backlog,
    /// From its start to its end.
    pub elapsed: Duration,
}

/// One visit to everything in scope.
///
/// A target that has more goes to the back of the queue, so that a deep one cannot starve the rest. A transient or
/// terminal error ends the cycle, as it would meet every other target too; any other trouble costs its target only.
pub(super) struct Cycle<'a> {
    shared: &'a Shared,
    entry: &'a Entry,
    stop: &'a CancellationToken,
    pub(super) report: CycleReport,
    /// Of all the trouble, that which decides what happens next.
    pub(super) trouble: Option<Trouble>,
    /// Where the next cycle starts: behind the target that ended this one, so that it cannot starve the rest.
    pub(super) next_first: usize,
}

struct Visit {
    position: usize,
    target: Box<dyn Target>,
    reason: TickReason,
}

impl<'a> Cycle<'a> {
    pub(super) fn new(shared: &'a Shared, entry: &'a Entry, stop: &'a CancellationToken) -> Self {
        Self { shared, entry, stop, report: CycleReport::default(), trouble: None, next_first: 0 }
    }

    /// Runs the cycle, starting with the target at position `first`. Does not panic when a tick does.
    pub(super) async fn run(&mut self, reason: TickReason, first: usize) {
        let started = Instant::now();
        self.visit_all(reason, first).await;
        self.report.elapsed = started.elapsed();
    }

    async fn visit_all(&mut self, reason: TickReason, first: usize) {
        let counts = self.shared.settings.partitions;
        let targets = match catch_unwind(AssertUnwindSafe(|| self.entry.reconciler.targets(counts))) {
            Ok(targets) => targets,
            Err(payload) => return self.note(Trouble::from_panic(&*payload)),
        };
        let mut queue: VecDeque<Visit> =
            targets.into_iter().enumerate().map(|(position, target)| Visit { position, target, reason }).collect();
        let len = queue.len().max(1);
        queue.rotate_left(first % len);

        let mut drain_ticks = 0;
        while let Some(mut visit) = queue.pop_front() {
            let full = visit.reason == TickReason::Drain && drain_ticks == self.shared.settings.drain_ticks_max;
            if full || self.stopped_while_pausing(visit.reason).await {
                self.report.backlog = Backlog::Remaining;
                return;
            }
            drain_ticks += u32::from(visit.reason == TickReason::Drain);
            match self.visit(&visit).await {
                Ok(Backlog::Drained) => {}
                Ok(Backlog::Remaining) => {
                    visit.reason = TickReason::Drain;
                    queue.push_back(visit);
                }
                Err(trouble) => {
                    let over = matches!(trouble.kind(), ErrorKind::Transient | ErrorKind::Terminal);
                    self.note(trouble);
                    if over {
                        self.next_first = visit.position + 1;
                        return;
                    }
                }
            }
        }
    }

    async fn stopped_while_pausing(&self, reason: TickReason) -> bool {
        if reason == TickReason::Drain {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => {}
                () = sleep(self.shared.settings.drain_pause) => {}
            }
        }
        self.stop.is_cancelled()
    }

    async fn visit(&mut self, visit: &Visit) -> Result<Backlog, Trouble> {
        let mut retries = 0;
        loop {
            self.report.ticks += 1;
            match tick(self.shared, self.entry, &*visit.target, visit.reason, self.stop).await {
                Ok(tick) => {
                    self.report.report.merge(tick.report);
                    return Ok(tick.backlog);
                }
                Err(trouble) if trouble.kind() == ErrorKind::Contention && retries < CONTENTION_RETRIES_MAX => {
                    retries += 1;
                    if self.stop.is_cancelled() {
                        return Err(trouble);
                    }
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    fn note(&mut self, trouble: Trouble) {
        let weight = |trouble: &Trouble| match trouble.kind() {
            ErrorKind::Contention => 1,
            ErrorKind::Data => 2,
            ErrorKind::Transient => 3,
            ErrorKind::Terminal => 4,
        };
        if self.trouble.as_ref().is_none_or(|known| weight(known) < weight(&trouble)) {
            self.trouble = Some(trouble);
        }
    }
}
