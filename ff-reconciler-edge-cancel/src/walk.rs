//! Where does a walk over all groups go on?
//!
//! Groups whose queue entry was lost can only be found by reading all groups. A cycle at the interval reads some of them and
//! the next one goes on behind these; a cycle by hand reads them all.

use ff_scanner_core::TickReason;

/// Where a group is: its partition, and its place in the table as Postgres writes it. The walk is in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) partition: i16,
    pub(crate) ctid: String,
}

impl Place {
    /// Before all groups.
    fn start() -> Self {
        Self { partition: i16::MIN, ctid: "(0,0)".to_owned() }
    }
}

/// Losing it costs a few pages and never a group: the walk begins anew.
#[derive(Debug)]
pub(crate) struct Walk {
    reads_queue: bool,
    behind: Place,
    left: Left,
    seen: Option<Seen>,
    round: Round,
}

/// What is left to read in this cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Groups(u32),
    All,
}

/// How far a look has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// To this place, through so many groups.
    Place(Place, u32),
    /// To the end of the table.
    End,
}

/// What a round from the start to the end knows of a database that nobody writes to; states are those of
/// [`Silence`](ff_scanner_core::postgres::Silence).
#[derive(Debug)]
enum Round {
    /// It has found nothing since it began at this state.
    Began(String),
    /// It has found nothing from its start to its end, all at this state.
    FoundNothing(String),
    /// Nothing follows from it.
    Unknown,
}

impl Default for Walk {
    fn default() -> Self {
        Self { reads_queue: true, behind: Place::start(), left: Left::Groups(0), seen: None, round: Round::Unknown }
    }
}

impl Walk {
    /// Begins a tick; a cycle at the interval walks over `page` groups.
    pub(crate) fn begin(&mut self, reason: TickReason, page: u32) {
        self.seen = None;
        self.reads_queue |= reason != TickReason::Drain;
        match reason {
            TickReason::Drain => {}
            TickReason::Manual => (self.behind, self.left) = (Place::start(), Left::All),
            _ => self.left = Left::Groups(page),
        }
    }

    /// Whether the queue is still to be read in this cycle: once, and not with every page, as it is read whole.
    pub(crate) fn reads_queue(&self) -> bool {
        self.reads_queue
    }

    /// Notes that there is nothing more to find in the queue.
    pub(crate) fn has_read_queue(&mut self) {
        self.reads_queue = false;
    }

    /// Behind which place to look, if at all, and through how many groups: a `page` or what is left of it. The database is
    /// at `state`.
    pub(crate) fn next(&mut self, page: u32, state: Option<&str>) -> Option<(Place, u32)> {
        let groups = match self.left {
            Left::Groups(0) => return None,
            Left::Groups(left) => left,
            Left::All => page,
        };
        if self.behind == Place::start() {
            self.round = state.map_or(Round::Unknown, |state| Round::Began(state.to_owned()));
        }
        Some((self.behind.clone(), groups))
    }

    /// Notes how far a look has come; it counts once the tick has succeeded. With a `state`, it has found nothing.
    pub(crate) fn see(&mut self, seen: Seen, state: Option<String>) {
        match (&self.round, state) {
            (Round::Began(began), Some(state)) if seen == Seen::End && *began == state => {
                self.round = Round::FoundNothing(state);
            }
            (_, Some(_)) => {}
            (_, None) => self.round = Round::Unknown,
        }
        self.seen = Some(seen);
    }

    /// Whether a walk from the start to the end finds nothing at `state`.
    pub(crate) fn finds_nothing(&self, state: &str) -> bool {
        matches!(&self.round, Round::FoundNothing(found_at) if found_at == state)
    }

    /// Ends a tick that has succeeded. Whether it walked and has not come to the end of its share.
    pub(crate) fn end(&mut self) -> bool {
        match self.seen.take() {
            None => return false,
            Some(Seen::Place(place, groups)) => {
                self.behind = place;
                if let Left::Groups(left) = &mut self.left {
                    *left = left.saturating_sub(groups);
                }
            }
            Some(Seen::End) => (self.behind, self.left) = (Place::start(), Left::Groups(0)),
        }
        self.left != Left::Groups(0)
    }
}

#[cfg(test)]
mod tests {
    use ff_scanner_core::TickReason::{Drain, Interval, Manual};

    use super::{Place, Seen, Walk};

    const PAGE: u32 = 10;

    fn place(partition: i16) -> Place {
        Place { partition, ctid: "(1,1)".to_owned() }
    }

    #[test]
    fn a_cycle_at_the_interval_walks_one_page_and_the_next_goes_on_behind_it() {
        let mut walk = Walk::default();
        walk.begin(Interval, PAGE);
        assert_eq!(walk.next(PAGE, None), Some((Place::start(), PAGE)));
        walk.see(Seen::Place(place(3), PAGE), None);
        assert!(!walk.end());
        walk.begin(Drain, PAGE);
        assert_eq!(walk.next(PAGE, None), None);
        walk.begin(Interval, PAGE);
        assert_eq!(walk.next(PAGE, None), Some((place(3), PAGE)));
    }

    #[test]
    fn the_queue_is_read_until_nothing_more_is_found_and_again_in_the_next_cycle() {
        let mut walk = Walk::default();
        walk.begin(Manual, PAGE);
        walk.begin(Drain, PAGE);
        assert!(walk.reads_queue());
        walk.has_read_queue();
        walk.begin(Drain, PAGE);
        assert!(!walk.reads_queue());
        walk.begin(Interval, PAGE);
        assert!(walk.reads_queue());
    }

    #[test]
    fn a_full_batch_is_followed_by_the_rest_of_its_page() {
        let mut walk = Walk::default();
        walk.begin(Interval, PAGE);
        assert_eq!(walk.next(PAGE, None), Some((Place::start(), PAGE)));
        walk.see(Seen::Place(place(1), 7), None);
        assert!(walk.end());
        walk.begin(Drain, PAGE);
        assert_eq!(walk.next(PAGE, None), Some((place(1), 3)));
        walk.see(Seen::Place(place(2), 3), None);
        assert!(!walk.end());
    }

    #[test]
    fn a_cycle_by_hand_walks_from_the_start_to_the_end() {
        let mut walk = Walk::default();
        walk.begin(Interval, PAGE);
        walk.see(Seen::Place(place(3), PAGE), None);
        walk.end();
        walk.begin(Manual, PAGE);
        assert_eq!(walk.next(PAGE, None), Some((Place::start(), PAGE)));
        walk.see(Seen::Place(place(5), PAGE), None);
        assert!(walk.end());
        walk.begin(Drain, PAGE);
        assert_eq!(walk.next(PAGE, None), Some((place(5), PAGE)));
        walk.see(Seen::End, None);
        assert!(!walk.end());
        assert_eq!(walk.next(PAGE, None), None);
    }

    #[test]
    fn a_tick_that_does_not_end_is_walked_again() {
        let mut walk = Walk::default();
        walk.begin(Interval, PAGE);
        walk.see(Seen::Place(place(3), PAGE), None);
        walk.begin(Interval, PAGE);
        assert!(!walk.end() && walk.next(PAGE, None) == Some((Place::start(), PAGE)));
    }

    /// Walks two pages, from the start at one state to the end at the other.
    fn round(walk: &mut Walk, states: [&str; 2]) {
        for (state, seen) in states.into_iter().zip([Seen::Place(place(3), PAGE), Seen::End]) {
            walk.begin(Interval, PAGE);
            assert!(walk.next(PAGE, Some(state)).is_some());
            walk.see(seen, Some(state.to_owned()));
            walk.end();
        }
    }

    #[test]
    fn a_round_at_one_state_that_finds_nothing_need_not_be_repeated_at_that_state() {
        let mut walk = Walk::default();
        round(&mut walk, ["a", "a"]);
        assert!(walk.finds_nothing("a"));
        assert!(!walk.finds_nothing("b"));
        walk.begin(Interval, PAGE);
        walk.next(PAGE, Some("a"));
        assert!(!walk.finds_nothing("a"), "it has begun anew");
    }

    #[test]
    fn nothing_follows_from_a_round_during_which_somebody_wrote() {
        let mut walk = Walk::default();
        round(&mut walk, ["a", "b"]);
        assert!(!walk.finds_nothing("a") && !walk.finds_nothing("b"));
    }

    #[test]
    fn nothing_follows_from_a_round_that_has_found_something() {
        let mut walk = Walk::default();
        walk.begin(Interval, PAGE);
        walk.next(PAGE, Some("a"));
        walk.see(Seen::Place(place(3), PAGE), None);
        walk.end();
        walk.begin(Interval, PAGE);
        walk.next(PAGE, Some("a"));
        walk.see(Seen::End, Some("a".to_owned()));
        assert!(!walk.finds_nothing("a"));
    }
}
