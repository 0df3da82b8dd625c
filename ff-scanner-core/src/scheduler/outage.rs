//! Is something that all reconcilers need away? One line when it goes, one when it is back.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::{ErrorKind, TickError};

/// The reconcilers whose last tick failed with a transient error.
#[derive(Default)]
pub(super) struct Outage(Mutex<Away>);

#[derive(Default)]
struct Away {
    names: BTreeSet<&'static str>,
    since: Option<Instant>,
}

impl Outage {
    /// Takes note of how a tick of `name` ended.
    pub(super) fn note(&self, name: &'static str, error: Option<&TickError>) {
        let mut away = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = error.filter(|error| error.kind == ErrorKind::Transient) {
            away.names.insert(name);
            if away.since.is_none() {
                away.since = Some(Instant::now());
                tracing::warn!(reconciler = name, error = error.chain(), "transient errors: backing off");
            }
            return;
        }
        away.names.remove(name);
        if away.names.is_empty()
            && let Some(since) = away.since.take()
        {
            tracing::info!(reconciler = name, after = ?since.elapsed(), "back after transient errors");
        }
    }
}
