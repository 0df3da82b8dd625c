//! When is there nothing to look for?
//!
//! As long as nobody has written anything, the tables are what the last look saw, and only time can make a row due. So
//! a look that found nothing is not repeated until somebody writes or time brings on what a look ahead has seen.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How far ahead to look, and the longest time without a look: what is written through another node of a cluster may
/// leave no trace in what this one says of its transactions.
const AHEAD: Duration = Duration::from_mins(1);

/// What a reconciler knows of a database that nobody writes to. Losing it costs a look.
#[derive(Debug, Default)]
pub struct Quiet {
    last: Mutex<Option<Last>>,
}

#[derive(Debug)]
struct Last {
    state: String,
    /// Until then a look at this state finds nothing, milliseconds since the epoch.
    nothing_before_ms: i64,
    /// From then on it is worth while to look ahead.
    ahead_from_ms: i64,
}

/// Whether to look, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A look would find nothing.
    Nothing,
    /// Look at what is due now.
    Now,
    /// Look at what will be due at this time, milliseconds since the epoch, and where that is something, at what is due
    /// now.
    Ahead(i64),
}

impl Quiet {
    /// Asks whether to look at `state`, which stands for all that a look can see: it is the same only as long as nobody
    /// has written anything. `now_ms` is the server's time.
    #[must_use]
    pub fn ask(&self, state: &str, now_ms: i64) -> Ask {
        match &*self.last() {
            Some(last) if last.state != state => Ask::Now,
            Some(last) if now_ms < last.nothing_before_ms => Ask::Nothing,
            Some(last) if now_ms >= last.ahead_from_ms => Ask::Ahead(ahead(now_ms)),
            _ => Ask::Now,
        }
    }

    /// A look at `state` has found nothing that was due at `now_ms`. What `nothing_ahead` says of a look ahead, if there
    /// was one, is whether it found nothing either.
    pub fn found_nothing(&self, state: String, now_ms: i64, nothing_ahead: Option<bool>) {
        let mut last = self.last();
        let (nothing_before_ms, ahead_from_ms) = match (nothing_ahead, &*last) {
            (Some(true), _) => (ahead(now_ms), ahead(now_ms)),
            // Something is near: until it is over, each look finds out by itself.
            (Some(false), _) => (now_ms, ahead(now_ms)),
            (None, Some(last)) if last.state == state => (now_ms, last.ahead_from_ms),
            // The second look at one state is worth one ahead: where somebody writes all the time, there is none.
            (None, _) => (now_ms, now_ms),
        };
        *last = Some(Last { state, nothing_before_ms, ahead_from_ms });
    }

    /// As [`Self::found_nothing`], where time makes nothing due.
    pub fn found_nothing_until_written(&self, state: String, now_ms: i64) {
        self.found_nothing(state, now_ms, Some(true));
    }

    fn last(&self) -> MutexGuard<'_, Option<Last>> {
        // Nothing panics while it is held.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ahead(now_ms: i64) -> i64 {
    now_ms.saturating_add(i64::try_from(AHEAD.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Ask, Quiet};

    const MINUTE: i64 = 60_000;

    #[test]
    fn where_somebody_writes_all_the_time_each_look_is_made_and_none_ahead() {
        let quiet = Quiet::default();
        for now in 0..5 {
            assert_eq!(quiet.ask(&now.to_string(), now), Ask::Now);
            quiet.found_nothing(now.to_string(), now, None);
        }
    }

    #[test]
    fn the_second_look_at_a_silent_database_is_the_last_for_a_minute() {
        let quiet = Quiet::default();
        assert_eq!(quiet.ask("a", 0), Ask::Now);
        quiet.found_nothing("a".to_owned(), 0, None);
        assert_eq!(quiet.ask("a", 1), Ask::Ahead(1 + MINUTE));
        quiet.found_nothing("a".to_owned(), 1, Some(true));
        assert_eq!(quiet.ask("a", MINUTE), Ask::Nothing);
        assert_eq!(quiet.ask("a", 1 + MINUTE), Ask::Ahead(1 + 2 * MINUTE));
    }

    #[test]
    fn a_write_ends_the_silence() {
        let quiet = Quiet::default();
        quiet.found_nothing_until_written("a".to_owned(), 0);
        assert_eq!(quiet.ask("a", 1), Ask::Nothing);
        assert_eq!(quiet.ask("b", 2), Ask::Now);
    }

    #[test]
    fn what_becomes_due_within_the_minute_is_looked_for_at_each_interval() {
        let quiet = Quiet::default();
        quiet.found_nothing("a".to_owned(), 0, None);
        quiet.found_nothing("a".to_owned(), 1, Some(false));
        for now in [2, 1000, MINUTE] {
            assert_eq!(quiet.ask("a", now), Ask::Now);
            quiet.found_nothing("a".to_owned(), now, None);
        }
        assert_eq!(quiet.ask("a", 1 + MINUTE), Ask::Ahead(1 + 2 * MINUTE));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nothing_due() {
        let quiet = Quiet::default();
        quiet.found_nothing("a".to_owned(), MINUTE, Some(true));
        assert_eq!(quiet.ask("a", 0), Ask::Nothing);
    }
}
