//! What if a tick panics, or never returns?

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::erased::Target;
use crate::{ErrorKind, Filter, Tick, TickError, TickReason};

/// Why a tick has no result.
pub(super) enum Trouble {
    Error(TickError),
    /// What the panic said.
    Panic(String),
}

impl Trouble {
    /// The kind that decides what happens next; a panic is treated as bad data is.
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Error(error) => error.kind,
            Self::Panic(_) => ErrorKind::Data,
        }
    }

    pub(super) fn from_panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self::Panic(text.unwrap_or("no message").to_owned())
    }

    pub(super) fn into_error(self) -> TickError {
        match self {
            Self::Error(error) => error,
            Self::Panic(text) => TickError::new(ErrorKind::Data, "finish a tick", format!("it panicked: {text}")),
        }
    }
}

/// Ticks once, for at most `limit` and a short grace.
///
/// At `limit` the tick is told to stop so that it can return with what it has; after the grace it is dropped, which
/// the contract of a reconciler allows at any await.
pub(super) async fn attempt(
    target: &dyn Target,
    reason: TickReason,
    filter: Filter,
    stop: &CancellationToken,
    limit: Duration,
) -> Result<Tick, Trouble> {
    let stop = stop.child_token();
    // Unwind safe: a panicked tick's future is dropped whole, and what a reconciler keeps between ticks is
    // configuration. The block is there because the call itself may panic, before there is a future.
    let tick = AssertUnwindSafe(async { target.tick(reason, filter, stop.clone()).await }).catch_unwind();
    let mut tick = pin!(tick);
    let mut ended = timeout(limit, &mut tick).await;
    if ended.is_err() {
        stop.cancel();
        let grace = (limit / 10).max(Duration::from_millis(100));
        ended = timeout(grace, &mut tick).await;
    }
    match ended {
        Ok(Ok(result)) => result.map_err(Trouble::Error),
        Ok(Err(payload)) => Err(Trouble::from_panic(&*payload)),
        Err(_) => Err(Trouble::Error(out_of_time(limit))),
    }
}

fn out_of_time(limit: Duration) -> TickError {
    TickError::new(ErrorKind::Transient, "finish a tick", format!("tick time limit of {limit:?} exceeded"))
}
