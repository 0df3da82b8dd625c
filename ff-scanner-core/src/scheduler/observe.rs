//! What does a tick leave behind: a span, counts, lines in the log.

use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::attempt::{Trouble, attempt};
use super::erased::Target;
use super::{Entry, Shared};
use crate::{ErrorKind, Tick, TickReason, TickReport};

/// Ticks once, within a span, and accounts for it.
pub(super) async fn tick(
    shared: &Shared,
    entry: &Entry,
    target: &dyn Target,
    reason: TickReason,
    stop: &CancellationToken,
) -> Result<Tick, Trouble> {
    let settings = &shared.settings;
    let span = tracing::info_span!(
        "tick", reconciler = entry.name, %reason, changed = Empty, skipped = Empty, failed = Empty
    );
    let ended =
        attempt(target, reason, settings.filter.clone(), stop, settings.tick_timeout).instrument(span.clone()).await;
    entry.status().add(&ended);
    span.in_scope(|| match &ended {
        Ok(tick) => log_report(&span, &tick.report),
        Err(trouble) => log_trouble(trouble),
    });
    let error = if let Err(Trouble::Error(error)) = &ended { Some(error) } else { None };
    shared.outage.note(entry.name, error);
    ended
}

fn log_report(span: &Span, report: &TickReport) {
    span.record("changed", report.changed).record("skipped", report.skipped).record("failed", report.failed());
    for failure in &report.failures {
        tracing::warn!(key = failure.key, error = failure.error, "a row is still due after an error");
    }
    if report.examined() > 0 {
        let TickReport { changed, skipped, verdicts, .. } = report;
        tracing::debug!(changed, skipped, failed = report.failed(), ?verdicts, "ticked");
    }
}

fn log_trouble(trouble: &Trouble) {
    match trouble {
        Trouble::Panic(text) => tracing::error!(panic = text, "the tick panicked"),
        Trouble::Error(error) if error.kind == ErrorKind::Data => {
            tracing::warn!(error = error.chain(), "the tick failed");
        }
        // The outage says that something is away, and the loop that it stops; contention is no news.
        Trouble::Error(error) => tracing::debug!(error = error.chain(), "the tick failed"),
    }
}
