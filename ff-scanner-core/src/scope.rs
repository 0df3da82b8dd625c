//! What does one cycle cover?

use std::fmt;
use std::num::NonZeroU16;

mod sealed {
    pub trait Sealed {}
}

/// [`Partitioned`] or [`Global`]; there are no others.
pub trait Scope: sealed::Sealed + Clone + fmt::Debug + Send + Sync + 'static {
    /// What one tick is handed: a [`PartitionSet`], or nothing.
    type Target: Clone + fmt::Debug + Send + Sync + 'static;

    /// Cuts a cycle into the targets of its ticks.
    #[doc(hidden)]
    fn targets(&self, counts: PartitionCounts) -> Vec<Self::Target>;

    /// Whether `partition` belongs to `target`.
    #[doc(hidden)]
    fn covers(target: &Self::Target, partition: i16) -> bool;

    /// What a batch limit bounds: the most rows in one partition, or all of them, of these numbers of rows.
    #[doc(hidden)]
    fn batch(rows_by_partition: impl Iterator<Item = usize>) -> usize;
}

/// A cycle is one look over everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Global;

impl sealed::Sealed for Global {}
impl Scope for Global {
    type Target = ();

    fn targets(&self, _: PartitionCounts) -> Vec<()> {
        vec![()]
    }

    fn covers((): &(), _: i16) -> bool {
        true
    }

    fn batch(rows_by_partition: impl Iterator<Item = usize>) -> usize {
        rows_by_partition.sum()
    }
}

/// A cycle visits every partition of a space, several of them a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partitioned {
    space: PartitionSpace,
    per_tick: Option<NonZeroU16>,
}

impl Partitioned {
    /// All partitions of `space`, all of them in one tick.
    #[must_use]
    pub fn over(space: PartitionSpace) -> Self {
        Self { space, per_tick: None }
    }

    /// At most `partitions` a tick (default: all); 1 for a reconciler that wants them singly.
    #[must_use]
    pub fn with_partitions_per_tick(mut self, partitions: NonZeroU16) -> Self {
        self.per_tick = Some(partitions);
        self
    }
}

impl sealed::Sealed for Partitioned {}
impl Scope for Partitioned {
    type Target = PartitionSet;

    fn targets(&self, counts: PartitionCounts) -> Vec<PartitionSet> {
        let all = PartitionSet::all(counts.of(self.space));
        let size = self.per_tick.map_or(all.keys.len(), |n| usize::from(n.get()));
        all.keys.chunks(size).map(|keys| PartitionSet { keys: keys.to_vec() }).collect()
    }

    fn covers(target: &PartitionSet, partition: i16) -> bool {
        target.keys.binary_search(&partition).is_ok()
    }

    fn batch(rows_by_partition: impl Iterator<Item = usize>) -> usize {
        rows_by_partition.max().unwrap_or_default()
    }
}

/// Which of the engine's partition spaces a key belongs to (ENGINE 1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartitionSpace {
    /// Flows, and the executions, attempts, suspensions and events that live with them.
    Flow,
    /// Budgets.
    Budget,
}

/// How many partitions a space has: 1 to 32,768, so that every key fits a `smallint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionCount(u16);

impl PartitionCount {
    /// The largest count whose keys fit a `smallint`.
    pub const MAX: u16 = 32_768;

    /// `None` when `count` is 0 or above [`Self::MAX`]: a wrapped key would silently cover nothing.
    #[must_use]
    pub const fn new(count: u16) -> Option<Self> {
        if count == 0 || count > Self::MAX { None } else { Some(Self(count)) }
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// The number of partitions of each space; it must be what the engine was started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionCounts {
    /// `FF_FLOW_PARTITIONS` of the engine, 256 by default.
    pub flow: PartitionCount,
    /// `FF_BUDGET_PARTITIONS` of the engine, 32 by default.
    pub budget: PartitionCount,
}

impl Default for PartitionCounts {
    fn default() -> Self {
        Self { flow: PartitionCount(256), budget: PartitionCount(32) }
    }
}

impl PartitionCounts {
    /// The count of one space.
    #[must_use]
    pub fn of(self, space: PartitionSpace) -> PartitionCount {
        match space {
            PartitionSpace::Flow => self.flow,
            PartitionSpace::Budget => self.budget,
        }
    }
}

/// Partition keys, ascending and distinct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionSet {
    keys: Vec<i16>,
}

impl PartitionSet {
    /// The keys `0..count`.
    #[must_use]
    pub fn all(count: PartitionCount) -> Self {
        // A count is at most 32,768, so no key is lost.
        (0..=i16::MAX).take(usize::from(count.get())).collect()
    }

    /// The keys, as they are bound to a statement.
    #[must_use]
    pub fn keys(&self) -> &[i16] {
        &self.keys
    }
}

impl FromIterator<i16> for PartitionSet {
    fn from_iter<I: IntoIterator<Item = i16>>(keys: I) -> Self {
        let mut keys: Vec<i16> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        Self { keys }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_does_not_fit_a_smallint_is_refused() {
        assert_eq!(PartitionCount::new(0), None);
        assert_eq!(PartitionCount::new(32_769), None);
        let most = PartitionCount::new(32_768).expect("the last key is 32,767");
        assert_eq!(PartitionSet::all(most).keys().last(), Some(&i16::MAX));
    }

    #[test]
    fn a_cycle_covers_every_partition_once_however_many_a_tick_takes() {
        let counts = PartitionCounts { flow: PartitionCount(10), budget: PartitionCount(1) };
        let whole = Partitioned::over(PartitionSpace::Flow);
        assert_eq!(whole.targets(counts), vec![PartitionSet::all(counts.flow)]);
        let threes = whole.with_partitions_per_tick(NonZeroU16::new(3).expect("not zero"));
        let keys: Vec<i16> = threes.targets(counts).iter().flat_map(|set| set.keys().to_vec()).collect();
        assert_eq!(keys, (0..10).collect::<Vec<i16>>());
    }
}
