//! How does one bad, locked or foreign row cost only itself?
//!
//! The shape that all our reconcilers share. *Look*: one read-only statement over all partitions of the tick returns
//! the keys that are due; when nothing is due, that is the whole tick. *Act*: one atomic statement per partition locks
//! what it can, re-checks under the lock, changes and says per key what it did. Looking may be stale, acting may not.

mod acts;
mod avoid;
mod order;
mod quiet;

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::hash::Hash;
use std::iter;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use tracing::warn;

use crate::{Backlog, Scope, Tick, TickContext, TickError, TickReason};
use acts::Round;
use avoid::Avoid;
pub use quiet::{Ask, Quiet};

/// The two statements of a reconciler that uses [`Sweep`].
#[async_trait]
pub trait LookThenAct: Send + Sync {
    /// The reconciler's scope.
    type Scope: Scope;
    /// What names a due row within its partition.
    type Key: Clone + Eq + Hash + Display + Send + Sync;

    /// Most rows that one look returns: for a partition, or altogether where the scope is [`Global`](crate::Global).
    fn batch_limit(&self) -> u32;

    /// Most keys that one act takes (default: all that the look has found in a partition), for keys that stand for so
    /// many rows that an act over a whole batch of them would hold its locks for too long.
    fn act_limit(&self) -> usize {
        usize::MAX
    }

    /// Returns the keys that are due, at most [`Self::batch_limit`], without any of `page.avoid`.
    async fn look(&self, page: Page<'_, Self::Scope, Self::Key>) -> Result<Vec<Due<Self::Key>>, TickError>;

    /// Whether a row that an act has left out is acted on once more: alone, and with [`Act::waits`].
    ///
    /// For rows that are in use nearly all the time, which would hardly ever be found free. By default they are skipped.
    fn waits_for_held(&self) -> bool {
        false
    }

    /// Settles `act.keys` of one partition atomically and says what became of each; a key that is not in the answer
    /// counts as skipped.
    async fn act(&self, act: Act<'_, Self::Key>) -> Result<Vec<Verdict<Self::Key>>, TickError>;
}

/// What a look is asked for.
#[derive(Debug)]
pub struct Page<'a, S: Scope, K> {
    /// The tick: its partitions, its filter, its time.
    pub cx: &'a TickContext<S>,
    /// Keys to leave out: rows that were locked a moment ago, and rows that keep failing.
    pub avoid: &'a [K],
    /// What earlier looks know of a database that nobody writes to; a look need not make use of it.
    pub quiet: &'a Quiet,
}

/// What an act is asked for.
#[derive(Debug)]
pub struct Act<'a, K> {
    /// The partition that all keys live in.
    pub partition: i16,
    /// The rows to settle.
    pub keys: &'a [K],
    /// The pinned time, as [`TickContext::now_ms`] has it.
    pub now_ms: Option<i64>,
    /// Whether to wait for a row that somebody holds, rather than to leave it out. Only ever for a single row, and where
    /// [`LookThenAct::waits_for_held`] says so.
    pub waits: bool,
}

/// A row that a look has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due<K> {
    /// Its partition.
    pub partition: i16,
    /// Its key.
    pub key: K,
    /// What is wrong with the row, when it can never become due as it stands; it is reported and not acted on.
    pub problem: Option<String>,
}

/// What became of a row that was acted on: it changed, in the way that `word` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<K> {
    /// Its key.
    pub key: K,
    /// In the reconciler's own words, such as `requeued`; counted in [`TickReport::verdicts`](crate::TickReport::verdicts).
    pub word: String,
}

/// What a reconciler keeps between the ticks of a cycle: which rows to leave alone for now.
///
/// Losing it costs a few statements and never correctness.
pub struct Sweep<K> {
    avoid: Mutex<Avoid<K>>,
    quiet: Quiet,
    acts_at_once: usize,
}

impl<K> Default for Sweep<K> {
    fn default() -> Self {
        Self { avoid: Mutex::new(Avoid::default()), quiet: Quiet::default(), acts_at_once: 2 }
    }
}

impl<K> fmt::Debug for Sweep<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sweep").field("acts_at_once", &self.acts_at_once).finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash + Display + Send + Sync> Sweep<K> {
    /// How many partitions are acted on at a time, each on a connection of its own (default 2, at least 1).
    #[must_use]
    pub fn with_acts_at_once(mut self, acts: usize) -> Self {
        self.acts_at_once = acts.max(1);
        self
    }

    /// One tick: look, then act per partition.
    ///
    /// Rows that are locked are left out for the rest of the cycle, so that they cannot hide the rows behind them
    /// (where they are waited for, that comes after all others of their partition, one by one); rows that fail are left
    /// out for a time that doubles with every failure, up to five minutes. Where an act finds nothing left of many rows,
    /// another process is at the same backlog and has most likely been at the partitions behind this one as well: the
    /// tick goes on from the other end of what it has yet to act on, and leaves to another look what is left when it has
    /// come upon a process from there, too.
    ///
    /// # Errors
    ///
    /// What `look` says; what `act` says unless it is about the data (narrowed down to the rows that fail, which are
    /// reported) or about contention (retried, then skipped).
    ///
    /// # Cancel safety
    ///
    /// Partitions that were acted on stay changed, the rest is still due. What is lost is the report.
    pub async fn tick<W>(&self, work: &W, cx: &TickContext<W::Scope>) -> Result<Tick, TickError>
    where
        W: LookThenAct<Key = K>,
    {
        let avoided = {
            let mut avoid = self.avoid();
            if cx.reason() != TickReason::Drain {
                avoid.forget_skipped(|partition| cx.covers(partition));
            }
            avoid.keys()
        };
        let found = work.look(Page { cx, avoid: &avoided, quiet: &self.quiet }).await?;
        let limit = usize::try_from(work.batch_limit()).unwrap_or(usize::MAX);
        let groups = self.by_partition(found);
        let full = W::Scope::batch(groups.values().map(|group| group.seen)) >= limit;

        let round = Round::new(groups);
        let mut acts = stream::iter(iter::from_fn(|| round.rest.next()))
            .map(|next| self.act_on(work, cx, next, &round))
            .buffer_unordered(self.acts_at_once);
        let mut unfinished = false;
        while let Some(done) = acts.next().await {
            unfinished |= !done?;
        }
        drop(acts);
        let report = round.report.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Beyond this many rows that cannot be moved, a look costs more than the next cycle's start is worth.
        let more = unfinished || (full && !self.avoid().is_full());
        Ok(report.into_tick(if more { Backlog::Remaining } else { Backlog::Drained }))
    }

    fn by_partition(&self, found: Vec<Due<K>>) -> BTreeMap<i16, Group<K>> {
        let mut groups: BTreeMap<i16, Group<K>> = BTreeMap::new();
        for due in found {
            let group = groups.entry(due.partition).or_insert_with(|| Group { keys: Vec::new(), seen: 0 });
            group.seen += 1;
            if let Some(problem) = due.problem {
                warn!(partition = due.partition, key = %due.key, problem, "a row can never become due as it stands");
                self.avoid().malformed(due.key, due.partition);
            } else {
                group.keys.push(due.key);
            }
        }
        groups
    }

    fn avoid(&self) -> MutexGuard<'_, Avoid<K>> {
        lock(&self.avoid)
    }
}

struct Group<K> {
    keys: Vec<K>,
    seen: usize,
}

/// A panicked tick leaves counts behind that are still counts.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
