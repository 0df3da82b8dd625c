//! Which partition comes next?

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Mutex;

use super::lock;

/// What a tick has yet to act on, partition by partition.
pub(super) struct Rest<G> {
    groups: Mutex<VecDeque<(i16, G)>>,
}

impl<G> Rest<G> {
    /// `groups` in the order of their partitions, beginning with any: processes that look at one backlog at the same time
    /// would otherwise act on each partition one behind the other, and find nothing left.
    pub(super) fn from_anywhere(groups: BTreeMap<i16, G>) -> Self {
        let mut groups: VecDeque<(i16, G)> = groups.into_iter().collect();
        let random = RandomState::new().build_hasher().finish();
        let first = usize::try_from(random % groups.len().max(1) as u64).unwrap_or_default();
        groups.rotate_left(first);
        Self { groups: Mutex::new(groups) }
    }

    pub(super) fn next(&self) -> Option<(i16, G)> {
        lock(&self.groups).pop_front()
    }

    /// Leaves the nearer half to the next look: another process has come by there.
    pub(super) fn leave_half(&self) {
        let mut groups = lock(&self.groups);
        let half = groups.len().div_ceil(2);
        groups.drain(..half);
    }
}

#[cfg(test)]
mod tests {
    use std::iter::from_fn;

    use super::Rest;

    #[test]
    fn all_partitions_come_in_their_order_from_one_of_them_on() {
        let rest = Rest::from_anywhere((0..5).map(|partition| (partition, ())).collect());
        let came: Vec<i16> = from_fn(|| rest.next()).map(|(partition, ())| partition).collect();
        let first = came[0];
        assert_eq!(came, (0..5).map(|place| (first + place) % 5).collect::<Vec<_>>());
    }

    #[test]
    fn the_half_that_is_left_to_the_next_look_is_the_nearer_one() {
        let rest = Rest::from_anywhere((0..5).map(|partition| (partition, ())).collect());
        let first = rest.next().expect("there are five").0;
        rest.leave_half();
        let came: Vec<i16> = from_fn(|| rest.next()).map(|(partition, ())| partition).collect();
        assert_eq!(came, [(first + 3) % 5, (first + 4) % 5]);
        rest.leave_half();
        assert!(rest.next().is_none());
    }
}
