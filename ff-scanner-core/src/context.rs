//! What is a tick told?

use std::fmt;

use tokio_util::sync::CancellationToken;

use crate::{Filter, Global, PartitionSet, Partitioned, Scope};

/// What a tick is told: its target, why it runs, whose rows it may touch, and when to stop.
///
/// A reconciler brings its own database pool, so a custom one need not be about Postgres at all.
///
/// Partitions exist only for a partitioned reconciler; asking a global one for them does not compile:
///
/// ```compile_fail
/// # use ff_scanner_core::*;
/// fn keys(cx: &TickContext<Global>) -> &[i16] { cx.partitions().keys() }
/// ```
///
/// ```
/// # use ff_scanner_core::*;
/// fn keys(cx: &TickContext<Partitioned>) -> &[i16] { cx.partitions().keys() }
/// ```
#[derive(Clone, Debug)]
pub struct TickContext<S: Scope> {
    target: S::Target,
    reason: TickReason,
    filter: Filter,
    stop: CancellationToken,
    now_ms: Option<i64>,
}

/// Why a tick runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TickReason {
    /// The interval has passed.
    Interval,
    /// Somebody asked for it.
    Wake,
    /// The previous tick of this cycle reported more.
    Drain,
    /// A cycle run by hand.
    Manual,
}

impl fmt::Display for TickReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interval => "interval",
            Self::Wake => "wake",
            Self::Drain => "drain",
            Self::Manual => "manual",
        })
    }
}

impl<S: Scope> TickContext<S> {
    pub(crate) fn new(target: S::Target, reason: TickReason, filter: Filter, stop: CancellationToken) -> Self {
        Self { target, reason, filter, stop, now_ms: None }
    }

    fn manual(target: S::Target) -> Self {
        Self::new(target, TickReason::Manual, Filter::default(), CancellationToken::new())
    }

    /// Why this tick runs; [`TickReason::Drain`] means that the cycle goes on.
    #[must_use]
    pub fn reason(&self) -> TickReason {
        self.reason
    }

    /// Whose rows may be touched.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn target(&self) -> &S::Target {
        &self.target
    }

    pub(crate) fn covers(&self, partition: i16) -> bool {
        S::covers(&self.target, partition)
    }

    /// Whether the tick should return with what it has, because of a shutdown or its time limit.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Completes when the tick should return with what it has. Cancel safe.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// The time that a test has pinned, in milliseconds since the epoch; `None` means the server's clock.
    #[must_use]
    pub fn now_ms(&self) -> Option<i64> {
        self.now_ms
    }

    /// This context at a pinned time, in milliseconds since the epoch. For tests.
    #[must_use]
    pub fn pinned(mut self, now_ms: i64) -> Self {
        self.now_ms = Some(now_ms);
        self
    }

    /// This context with another reason. For tests.
    #[must_use]
    pub fn because(mut self, reason: TickReason) -> Self {
        self.reason = reason;
        self
    }

    /// This context restricted to `filter`.
    #[must_use]
    pub fn filtered(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }
}

impl TickContext<Partitioned> {
    /// A context for a tick by hand over `partitions`: no filter, the server's clock, nothing that stops it.
    #[must_use]
    pub fn over(partitions: PartitionSet) -> Self {
        Self::manual(partitions)
    }

    /// The partitions that this tick covers.
    #[must_use]
    pub fn partitions(&self) -> &PartitionSet {
        &self.target
    }
}

impl TickContext<Global> {
    /// A context for a tick by hand: no filter, the server's clock, nothing that stops it.
    #[must_use]
    pub fn global() -> Self {
        Self::manual(())
    }
}
