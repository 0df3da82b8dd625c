//! How far has the walk over the waiting children come, and when does it go on?

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ff_scanner_core::TickReason;
use tokio::time::Instant;
use uuid::Uuid;

/// The last child that was examined; the walk goes on behind it. Before the first: `(-1, nil)`.
pub(crate) type Cursor = (i16, Uuid);

pub(crate) const START: Cursor = (-1, Uuid::nil());

/// The walk of one instance. Losing it costs a few statements and never correctness.
#[derive(Debug)]
pub(crate) struct Walk {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    owed: Owed,
    cursor: Cursor,
    /// What the look of this tick has examined; it counts when the tick has acted on it.
    examined: Option<Examined>,
    /// Whether events have come first since the last page.
    gave_way: bool,
    last_ended_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Examined {
    /// Where the next page begins; `None` at the end of the round.
    next: Option<Cursor>,
}

/// How much of the walk the current cycle owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    Nothing,
    Page,
    Round,
}

impl Default for Walk {
    fn default() -> Self {
        let state = State { owed: Owed::Nothing, cursor: START, examined: None, gave_way: false, last_ended_at: None };
        Self { state: Mutex::new(state) }
    }
}

impl Walk {
    /// A tick begins. A cycle by hand owes all children; any other a page, at most one an `interval`: notifications
    /// may come all the time.
    pub(crate) fn begin(&self, reason: TickReason, interval: Duration) {
        let mut state = self.state();
        state.examined = None;
        match reason {
            // A round that was cut short is finished, or in a large database none ever would be.
            TickReason::Manual if state.owed != Owed::Round => {
                state.owed = Owed::Round;
                state.cursor = START;
            }
            TickReason::Interval if state.owed == Owed::Nothing => state.owed = Owed::Page,
            TickReason::Wake
                if state.owed == Owed::Nothing
                    && state.last_ended_at.is_none_or(|ended| ended.elapsed() >= interval) =>
            {
                state.owed = Owed::Page;
            }
            _ => {}
        }
    }

    /// Where the page that is owed begins. Events that were found come first, or they would wait for a look that takes
    /// half a second whenever it is planned anew; but once a page only, or a stream of them would keep it from its turn.
    pub(crate) fn owes(&self, events_found: bool) -> Option<Cursor> {
        let mut state = self.state();
        let gives_way = events_found && !state.gave_way && state.owed != Owed::Nothing;
        state.gave_way |= gives_way;
        (state.owed != Owed::Nothing && !gives_way).then_some(state.cursor)
    }

    /// A page was examined, and all that it showed will be acted on. `next` is where the next one begins; `None` when
    /// it was the last.
    pub(crate) fn examined(&self, next: Option<Cursor>) {
        self.state().examined = Some(Examined { next });
    }

    /// The tick has acted. Returns whether the cycle owes more.
    pub(crate) fn end(&self) -> bool {
        let mut state = self.state();
        if let Some(Examined { next }) = state.examined.take() {
            state.cursor = next.unwrap_or(START);
            state.last_ended_at = Some(Instant::now());
            state.gave_way = false;
            if next.is_none() || state.owed == Owed::Page {
                state.owed = Owed::Nothing;
            }
        }
        state.owed != Owed::Nothing
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, and a cursor is a cursor.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ff_scanner_core::TickReason::{Drain, Interval, Manual, Wake};
    use uuid::Uuid;

    use super::{START, Walk};

    const INTERVAL: Duration = Duration::from_secs(15);
    const HALFWAY: (i16, Uuid) = (7, Uuid::nil());

    #[test]
    fn a_cycle_by_hand_walks_to_the_end_and_starts_over_the_next_time() {
        let walk = Walk::default();
        walk.begin(Manual, INTERVAL);
        walk.examined(Some(HALFWAY));
        assert!(walk.end(), "the round is not over");
        walk.begin(Drain, INTERVAL);
        assert_eq!(walk.owes(false), Some(HALFWAY));
        walk.examined(None);
        assert!(!walk.end());
        walk.begin(Manual, INTERVAL);
        assert_eq!(walk.owes(false), Some(START));
    }

    #[test]
    fn a_round_by_hand_that_was_cut_short_is_finished_by_the_next_one() {
        let walk = Walk::default();
        walk.begin(Manual, INTERVAL);
        walk.examined(Some(HALFWAY));
        walk.end();
        walk.begin(Manual, INTERVAL);
        assert_eq!(walk.owes(false), Some(HALFWAY));
    }

    #[test]
    fn a_page_that_was_not_acted_on_is_examined_again() {
        let walk = Walk::default();
        walk.begin(Interval, INTERVAL);
        walk.examined(Some(HALFWAY));
        walk.begin(Interval, INTERVAL);
        assert_eq!(walk.owes(false), Some(START), "the tick before did not come to its end");
    }

    #[test]
    fn a_page_gives_way_to_events_once() {
        let walk = Walk::default();
        walk.begin(Interval, INTERVAL);
        assert_eq!(walk.owes(true), None);
        assert!(walk.end(), "the page is still owed");
        walk.begin(Drain, INTERVAL);
        assert_eq!(walk.owes(true), Some(START));
        walk.examined(Some(HALFWAY));
        assert!(!walk.end());
        walk.begin(Interval, INTERVAL);
        assert_eq!(walk.owes(true), None);
    }

    #[tokio::test(start_paused = true)]
    async fn notifications_that_keep_coming_walk_a_page_an_interval() {
        let walk = Walk::default();
        walk.begin(Wake, INTERVAL);
        assert!(walk.owes(false).is_some());
        walk.examined(Some(HALFWAY));
        assert!(!walk.end());
        walk.begin(Wake, INTERVAL);
        assert_eq!(walk.owes(false), None, "the interval is not over");
        tokio::time::advance(INTERVAL).await;
        walk.begin(Wake, INTERVAL);
        assert_eq!(walk.owes(false), Some(HALFWAY), "it goes on where it was");
    }
}
