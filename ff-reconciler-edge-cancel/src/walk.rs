//! Where does a walk over all groups go on?
//!
//! Groups whose queue entry was lost can only be found by reading all groups. A cycle at the interval reads one page and
//! the next one goes on behind it; a cycle by hand reads them all.

use ff_scanner_core::TickReason;
use uuid::Uuid;

use crate::Group;

/// A group of a partition; the walk is in their order.
pub(crate) type Place = (i16, Group);

/// Before all places.
pub(crate) const START: Place = (i16::MIN, Group { flow_id: Uuid::nil(), downstream_eid: Uuid::nil() });

/// Losing it costs a few pages and never a group: the walk begins anew.
#[derive(Debug)]
pub(crate) struct Walk {
    reads_queue: bool,
    behind: Place,
    share: Share,
    seen: Option<Seen>,
}

/// What is left to read in this cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    Nothing,
    Page,
    All,
}

/// How far a look has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// To this place, where its batch was full.
    Batch(Place),
    /// To the end of a page.
    Page(Place),
    /// To the end of the table.
    End,
}

impl Default for Walk {
    fn default() -> Self {
        Self { reads_queue: true, behind: START, share: Share::Nothing, seen: None }
    }
}

impl Walk {
    /// Begins a tick.
    pub(crate) fn begin(&mut self, reason: TickReason) {
        self.seen = None;
        self.reads_queue |= reason != TickReason::Drain;
        match reason {
            TickReason::Drain => {}
            TickReason::Manual => (self.behind, self.share) = (START, Share::All),
            _ => self.share = Share::Page,
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

    /// Behind which place to look, if at all.
    pub(crate) fn next(&self) -> Option<Place> {
        (self.share != Share::Nothing).then_some(self.behind)
    }

    /// Notes how far a look has come; it counts once the tick has succeeded.
    pub(crate) fn see(&mut self, seen: Seen) {
        self.seen = Some(seen);
    }

    /// Ends a tick that has succeeded. Whether it walked and has not come to the end of its share.
    pub(crate) fn end(&mut self) -> bool {
        match self.seen.take() {
            None => false,
            Some(Seen::Batch(place)) => {
                self.behind = place;
                true
            }
            Some(Seen::Page(place)) => {
                self.behind = place;
                if self.share == Share::Page {
                    self.share = Share::Nothing;
                }
                self.share == Share::All
            }
            Some(Seen::End) => {
                (self.behind, self.share) = (START, Share::Nothing);
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ff_scanner_core::TickReason::{Drain, Interval, Manual};

    use super::{Group, Place, START, Seen, Uuid, Walk};

    fn place(partition: i16) -> Place {
        (partition, Group { flow_id: Uuid::nil(), downstream_eid: Uuid::nil() })
    }

    #[test]
    fn a_cycle_at_the_interval_walks_one_page_and_the_next_goes_on_behind_it() {
        let mut walk = Walk::default();
        walk.begin(Interval);
        assert_eq!(walk.next(), Some(START));
        walk.see(Seen::Page(place(3)));
        assert!(!walk.end());
        walk.begin(Drain);
        assert_eq!(walk.next(), None);
        walk.begin(Interval);
        assert_eq!(walk.next(), Some(place(3)));
    }

    #[test]
    fn the_queue_is_read_until_nothing_more_is_found_and_again_in_the_next_cycle() {
        let mut walk = Walk::default();
        walk.begin(Manual);
        walk.begin(Drain);
        assert!(walk.reads_queue());
        walk.has_read_queue();
        walk.begin(Drain);
        assert!(!walk.reads_queue());
        walk.begin(Interval);
        assert!(walk.reads_queue());
    }

    #[test]
    fn a_full_batch_is_followed_by_the_rest_of_its_page() {
        let mut walk = Walk::default();
        walk.begin(Interval);
        walk.see(Seen::Batch(place(1)));
        assert!(walk.end());
        walk.begin(Drain);
        assert_eq!(walk.next(), Some(place(1)));
    }

    #[test]
    fn a_cycle_by_hand_walks_from_the_start_to_the_end() {
        let mut walk = Walk::default();
        walk.begin(Interval);
        walk.see(Seen::Page(place(3)));
        walk.end();
        walk.begin(Manual);
        assert_eq!(walk.next(), Some(START));
        walk.see(Seen::Page(place(5)));
        assert!(walk.end());
        walk.begin(Drain);
        assert_eq!(walk.next(), Some(place(5)));
        walk.see(Seen::End);
        assert!(!walk.end());
        assert_eq!(walk.next(), None);
    }

    #[test]
    fn a_tick_that_does_not_end_is_walked_again() {
        let mut walk = Walk::default();
        walk.begin(Interval);
        walk.see(Seen::Page(place(3)));
        walk.begin(Interval);
        assert!(!walk.end());
        assert_eq!(walk.next(), Some(START));
    }
}
