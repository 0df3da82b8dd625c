//! What must a reconciler promise?

use std::time::Duration;

/// Re-exported so that an implementation needs no dependency of its own for it.
pub use async_trait::async_trait;

use crate::{Scope, Tick, TickContext, TickError};

/// Moves due rows to the state they should be in, one bounded batch at a time.
///
/// # Contract
///
/// * **Level-based**: a tick reads what is there now and never relies on having been told what happened.
/// * **Idempotent**: a second tick over rows that the first one settled changes nothing.
/// * **Concurrent-safe**: two processes ticking the same rows at once change each row exactly once.
/// * **Cancel-safe**: a tick dropped at any await leaves no half-changed row; what was not committed is still due.
///
/// Each of the four is a test in the conformance suite of `ff-scanner-testkit`.
///
/// A reconciler never loops over batches and never sleeps: it reports [`Backlog::Remaining`](crate::Backlog) and
/// the scheduler ticks it again.
// `async_trait`, because native async methods are not object safe and users register types that we have never
// seen. One boxed future a tick is nothing beside a round trip to a database.
#[async_trait]
pub trait Reconciler: Send + Sync + 'static {
    /// [`Partitioned`](crate::Partitioned) or [`Global`](crate::Global).
    type Scope: Scope;

    /// Unique within a scheduler; names the span, the status and the log lines.
    fn name(&self) -> &'static str;

    /// What a cycle covers: which partition space, and how many partitions one tick takes.
    fn scope(&self) -> Self::Scope;

    /// From the end of one cycle to the start of the next, at most, when nothing wakes it earlier.
    fn interval(&self) -> Duration;

    /// Reconciles one batch.
    ///
    /// # Errors
    ///
    /// [`TickError`] when the batch as a whole could not be done; its kind decides what the scheduler does next.
    /// Rows that fail alone are counted in the report instead.
    ///
    /// # Panics
    ///
    /// A panic is caught by the scheduler, counted and backed off from; other reconcilers do not notice.
    async fn tick(&self, cx: TickContext<Self::Scope>) -> Result<Tick, TickError>;
}

#[cfg(test)]
mod tests {
    use super::Reconciler;
    use crate::{Global, Partitioned};

    #[expect(dead_code, reason = "compiling is the test: the trait must stay object safe")]
    fn object_safe(_: &dyn Reconciler<Scope = Global>, _: &dyn Reconciler<Scope = Partitioned>) {}
}
