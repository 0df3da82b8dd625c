//! How does one list hold reconcilers of both scopes?

use std::pin::Pin;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{Filter, PartitionCounts, Reconciler, Scope, Tick, TickContext, TickError, TickReason};

/// A tick that has been started.
pub(super) type Ticking<'a> = Pin<Box<dyn Future<Output = Result<Tick, TickError>> + Send + 'a>>;

/// A reconciler whose scope has been forgotten.
pub(super) trait AnyReconciler: Send + Sync {
    /// The targets of one cycle, in the order of their keys.
    fn targets(&self, counts: PartitionCounts) -> Vec<Box<dyn Target>>;
}

/// What one tick covers, together with the reconciler that knows how to.
pub(super) trait Target: Send + Sync {
    fn tick(&self, reason: TickReason, filter: Filter, stop: CancellationToken) -> Ticking<'_>;
}

/// Keeps the scope's type where it is known, so that nothing is ever cast back.
pub(super) struct Erased<R>(Arc<R>);

impl<R: Reconciler> Erased<R> {
    pub(super) fn new(reconciler: R) -> Self {
        Self(Arc::new(reconciler))
    }
}

impl<R: Reconciler> AnyReconciler for Erased<R> {
    fn targets(&self, counts: PartitionCounts) -> Vec<Box<dyn Target>> {
        let aim = |target| -> Box<dyn Target> { Box::new(Aim { reconciler: Arc::clone(&self.0), target }) };
        self.0.scope().targets(counts).into_iter().map(aim).collect()
    }
}

struct Aim<R: Reconciler> {
    reconciler: Arc<R>,
    target: <R::Scope as Scope>::Target,
}

impl<R: Reconciler> Target for Aim<R> {
    fn tick(&self, reason: TickReason, filter: Filter, stop: CancellationToken) -> Ticking<'_> {
        self.reconciler.tick(TickContext::new(self.target.clone(), reason, filter, stop))
    }
}
