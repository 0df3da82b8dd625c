//! How is a reconciler run?

use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use ff_scanner_core::{Backlog, Reconciler, Tick, TickContext, TickReason, TickReport};
use sqlx::PgPool;
use tokio::time::timeout;

use super::Subject;
use super::stage::ScopeOf;
use super::violation::{Violation, ensure, violated};

/// Far more than any batch of the suite takes, on any machine.
const TICK_MAX: Duration = Duration::from_secs(20);
const TICKS_MAX: usize = 200;

/// One instance of the subject's reconciler.
pub(super) struct Run<S: Subject> {
    pub(super) reconciler: S::Reconciler,
    /// Its connections, and what they call themselves.
    pub(super) pool: PgPool,
    pub(super) name: String,
}

/// What the ticks of one cycle did together.
pub(super) struct Cycle {
    pub(super) ticks: usize,
    pub(super) report: TickReport,
}

impl<S: Subject> Run<S> {
    pub(super) async fn tick(&self, cx: &TickContext<ScopeOf<S>>) -> Result<Tick, Violation> {
        let done = timeout(TICK_MAX, self.reconciler.tick(cx.clone())).await;
        let done = done.map_err(|_| violated(format!("a tick is not over after {TICK_MAX:?}")))?;
        done.map_err(|error| violated(format!("a tick fails as a whole: {error}: {:?}", error.source)))
    }

    /// Ticks until nothing remains, as the scheduler does.
    pub(super) async fn cycle(&self, cx: &TickContext<ScopeOf<S>>) -> Result<Cycle, Violation> {
        let mut cycle = Cycle { ticks: 0, report: TickReport::default() };
        let mut cx = cx.clone();
        loop {
            let tick = self.tick(&cx).await?;
            cycle.ticks += 1;
            cycle.report.merge(tick.report);
            if tick.backlog == Backlog::Drained {
                return Ok(cycle);
            }
            ensure(cycle.ticks < TICKS_MAX, || format!("more is said to be waiting after {TICKS_MAX} ticks"))?;
            cx = cx.because(TickReason::Drain);
        }
    }
}

/// Polls `future` until it is over or has been pending `steps` times.
pub(super) async fn step<F: Future>(mut future: Pin<&mut F>, steps: u32) -> Option<F::Output> {
    let mut left = steps;
    let stepping = poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    });
    timeout(TICK_MAX, stepping).await.ok().flatten()
}

/// Waits, without letting it go on, until a future that was stepped could: the server has done what it was asked for, and
/// its answer is there to be read.
pub(super) async fn answered() {
    let mut woken = false;
    let waiting = poll_fn(|_| if mem::replace(&mut woken, true) { Poll::Ready(()) } else { Poll::Pending });
    // Whatever else it waits for than an answer is left to the trial.
    drop(timeout(TICK_MAX, waiting).await);
}
