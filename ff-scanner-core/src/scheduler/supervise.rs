//! When does a reconciler run next, and what becomes of it when a cycle fails?

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::attempt::Trouble;
use super::cycle::Cycle;
use super::{Entry, Exit, Outcome, Shared, State, pace};
use crate::{Backlog, ErrorKind, TickReason};

/// Until the next cycle.
#[derive(Clone, Copy)]
struct Rest {
    state: State,
    wait: Duration,
    /// The part of `wait` that waking does not shorten: all of a backoff, and otherwise the drain pause, so that a
    /// storm of wake-ups is not a busy loop.
    least: Duration,
}

/// Runs the reconciler at `index` until `stop`, or until an error that it cannot recover from.
pub(super) async fn supervise(shared: Arc<Shared>, index: usize, stop: CancellationToken) -> Exit {
    let entry = &shared.entries[index];
    let _stopped = MarkStopped(entry);
    let mut rest = waiting(&shared, pace::stagger(entry.interval, (shared.settings.random)()));
    let mut first = 0;
    while let Some(reason) = sleep_or_wake(entry, rest, &stop).await {
        {
            let mut status = entry.status();
            (status.state, status.next_due, status.last_start) = (State::Running, None, Some(Instant::now()));
        }
        let mut cycle = Cycle::new(&shared, entry, &stop);
        cycle.run(reason, first).await;
        first = cycle.next_first;
        let failures = account(entry, cycle.trouble.as_ref());
        match cycle.trouble {
            Some(Trouble::Error(error)) if error.kind == ErrorKind::Terminal => {
                tracing::error!(reconciler = entry.name, error = error.chain(), "stopped until somebody mends it");
                return Exit::Terminal(error);
            }
            Some(trouble) => rest = backing_off(&shared, trouble.kind(), failures),
            None if cycle.report.backlog == Backlog::Remaining => rest = waiting(&shared, shared.settings.drain_pause),
            None => rest = waiting(&shared, jittered(&shared, entry.interval)),
        }
    }
    Exit::Stopped
}

/// Waits; `None` once stopped.
async fn sleep_or_wake(entry: &Entry, rest: Rest, stop: &CancellationToken) -> Option<TickReason> {
    {
        let mut status = entry.status();
        (status.state, status.next_due) = (rest.state, Instant::now().checked_add(rest.wait));
    }
    tokio::select! {
        biased;
        () = stop.cancelled() => return None,
        () = sleep(rest.least) => {}
    }
    let reason = tokio::select! {
        biased;
        () = stop.cancelled() => return None,
        () = entry.wake.notified() => TickReason::Wake,
        () = sleep(rest.wait.saturating_sub(rest.least)) => TickReason::Interval,
    };
    // A wake-up from before the cycle starts is answered by that cycle.
    let woken_too = entry.wake.notified().now_or_never().is_some();
    Some(if woken_too { TickReason::Wake } else { reason })
}

/// Enters how a cycle ended; returns how many have failed in a row.
fn account(entry: &Entry, trouble: Option<&Trouble>) -> u32 {
    let mut status = entry.status();
    status.cycles += 1;
    status.last_end = Some(Instant::now());
    status.last_outcome = Some(match trouble {
        None => Outcome::Done,
        Some(Trouble::Panic(_)) => Outcome::Panicked,
        Some(Trouble::Error(error)) => Outcome::Failed { kind: error.kind, error: error.chain() },
    });
    status.consecutive_failures = match trouble.map(Trouble::kind) {
        None => 0,
        Some(ErrorKind::Contention) => status.consecutive_failures,
        Some(_) => status.consecutive_failures.saturating_add(1),
    };
    status.consecutive_failures
}

fn waiting(shared: &Shared, wait: Duration) -> Rest {
    Rest { state: State::Waiting, wait, least: wait.min(shared.settings.drain_pause) }
}

fn jittered(shared: &Shared, interval: Duration) -> Duration {
    pace::below(interval, shared.settings.jitter, (shared.settings.random)())
}

fn backing_off(shared: &Shared, kind: ErrorKind, failures: u32) -> Rest {
    let settings = &shared.settings;
    let wait = pace::below(settings.backoff.after(kind, failures), settings.jitter, (settings.random)());
    Rest { state: State::BackingOff, wait, least: wait }
}

/// Holds however the loop ends: an aborted one cannot say so itself.
struct MarkStopped<'a>(&'a Entry);

impl Drop for MarkStopped<'_> {
    fn drop(&mut self) {
        let mut status = self.0.status();
        (status.state, status.next_due) = (State::Stopped, None);
    }
}
