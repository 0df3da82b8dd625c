//! Which partition comes first?

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// `groups` in the order of their partitions, beginning with any: processes that look at one backlog at the same time would
/// otherwise act on each partition one behind the other, and find nothing left.
pub(super) fn from_anywhere<G>(groups: BTreeMap<i16, G>) -> impl Iterator<Item = (i16, G)> {
    let mut groups: Vec<(i16, G)> = groups.into_iter().collect();
    let random = RandomState::new().build_hasher().finish();
    let first = usize::try_from(random % groups.len().max(1) as u64).unwrap_or_default();
    groups.rotate_left(first);
    groups.into_iter()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::from_anywhere;

    #[test]
    fn any_partition_may_come_first_and_none_is_left_out() {
        let groups: BTreeMap<i16, &str> = (0..4).map(|partition| (partition, "a group")).collect();
        let mut firsts = BTreeSet::new();
        for _ in 0..200 {
            let order: Vec<i16> = from_anywhere(groups.clone()).map(|(partition, _)| partition).collect();
            assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (0..4).collect());
            firsts.insert(order[0]);
        }
        assert_eq!(firsts, (0..4).collect());
        assert_eq!(from_anywhere(BTreeMap::<i16, &str>::new()).count(), 0);
    }
}
