//! Which partition comes next?

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Mutex;

use super::lock;

/// What a tick has yet to act on, partition by partition.
pub(super) struct Rest<G> {
    state: Mutex<State<G>>,
}

struct State<G> {
    groups: VecDeque<(i16, G)>,
    from: End,
}

/// The end of the rest that a partition was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Near,
    Far,
}

impl<G> Rest<G> {
    /// `groups` in the order of their partitions, beginning with any: processes that look at one backlog at the same time
    /// would otherwise act on each partition one behind the other, and find nothing left.
    pub(super) fn from_anywhere(groups: BTreeMap<i16, G>) -> Self {
        let mut groups: VecDeque<(i16, G)> = groups.into_iter().collect();
        let random = RandomState::new().build_hasher().finish();
        let first = usize::try_from(random % groups.len().max(1) as u64).unwrap_or_default();
        groups.rotate_left(first);
        Self { state: Mutex::new(State { groups, from: End::Near }) }
    }

    pub(super) fn next(&self) -> Option<(i16, G, End)> {
        let mut state = lock(&self.state);
        let from = state.from;
        let next = match from {
            End::Near => state.groups.pop_front(),
            End::Far => state.groups.pop_back(),
        };
        next.map(|(partition, group)| (partition, group, from))
    }

    /// Another process has been at a partition that was taken from this end, and so at the next ones there: what is left is
    /// taken from the far end, where the process that began before this one has yet to arrive, and nothing once that has.
    /// `false` when something is left to the next look.
    pub(super) fn overtaken_at(&self, end: End) -> bool {
        let mut state = lock(&self.state);
        match state.from {
            // Of several acts at once the first has said so.
            from if from != end => true,
            End::Near => {
                state.from = End::Far;
                true
            }
            End::Far => {
                let none = state.groups.is_empty();
                state.groups.clear();
                none
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::iter::from_fn;

    use super::{End, Rest};

    fn of_five() -> Rest<()> {
        Rest::from_anywhere((0..5).map(|partition| (partition, ())).collect())
    }

    fn all(rest: &Rest<()>) -> Vec<i16> {
        from_fn(|| rest.next()).map(|(partition, ..)| partition).collect()
    }

    #[test]
    fn all_partitions_come_in_their_order_from_one_of_them_on() {
        let came = all(&of_five());
        let first = came[0];
        assert_eq!(came, (0..5).map(|place| (first + place) % 5).collect::<Vec<_>>());
    }

    #[test]
    fn after_another_process_was_met_the_rest_comes_from_the_far_end() {
        let rest = of_five();
        let (first, (), end) = rest.next().expect("there are five");
        assert!(rest.overtaken_at(end), "nothing is left out yet");
        assert!(rest.overtaken_at(end), "another act from the near end says nothing new");
        assert_eq!(all(&rest), [4, 3, 2, 1].map(|place| (first + place) % 5));
        assert!(rest.overtaken_at(End::Far), "nothing is left out at the end either");
    }

    #[test]
    fn what_lies_between_two_other_processes_is_left_to_the_next_look() {
        let rest = of_five();
        assert!(rest.overtaken_at(End::Near));
        let (.., end) = rest.next().expect("there are five");
        assert!(!rest.overtaken_at(end), "four are left out");
        assert!(rest.next().is_none());
    }
}
