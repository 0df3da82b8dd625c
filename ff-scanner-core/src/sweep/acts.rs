//! What becomes of the keys of one partition when they are locked, bad or gone?

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt::Display;
use std::hash::Hash;
use std::sync::Mutex;

use tracing::debug;

use super::order::{End, Rest};
use super::{Act, Group, LookThenAct, Sweep, Verdict, lock};
use crate::{ErrorKind, Failure, TickContext, TickError, TickReport};

/// How often an act that lost against another transaction is tried again before its keys count as skipped.
const CONTENTION_RETRIES: u32 = 3;
/// An act of at least this many rows that finds none left has met another process, and not a worker here and there.
pub(super) const OVERTAKEN_MIN: usize = 10;

/// What the acts of one tick share.
pub(super) struct Round<K> {
    pub(super) report: Mutex<TickReport>,
    pub(super) rest: Rest<Group<K>>,
}

impl<K> Round<K> {
    pub(super) fn new(groups: BTreeMap<i16, Group<K>>) -> Self {
        Self { report: Mutex::default(), rest: Rest::from_anywhere(groups) }
    }
}

impl<K: Clone + Eq + Hash + Display + Send + Sync> Sweep<K> {
    /// Settles the keys of one partition, in halves where the data will not do. `false` when told to stop, or overtaken,
    /// with something left.
    pub(super) async fn act_on<W>(
        &self,
        work: &W,
        cx: &TickContext<W::Scope>,
        (partition, group, end): (i16, Group<K>, End),
        round: &Round<K>,
    ) -> Result<bool, TickError>
    where
        W: LookThenAct<Key = K>,
    {
        // The last is acted on first.
        let mut waiting: Vec<Vec<K>> = group.keys.chunks(work.act_limit().max(1)).map(<[K]>::to_vec).rev().collect();
        let mut held = VecDeque::new();
        loop {
            let waits = waiting.is_empty();
            let Some(mut keys) = waiting.pop().or_else(|| held.pop_front().map(|key| vec![key])) else {
                return Ok(true);
            };
            if cx.is_stopping() {
                return Ok(false);
            }
            let act = Act { partition, keys: &keys, now_ms: cx.now_ms(), waits };
            match act_through_contention(work, act).await {
                Ok(verdicts) => {
                    if work.waits_for_held() && !waits {
                        held.extend(left_out(&mut keys, &verdicts));
                    }
                    self.settle(partition, &keys, &verdicts, &mut lock(&round.report));
                    if verdicts.is_empty() && keys.len() >= OVERTAKEN_MIN {
                        return Ok(round.rest.overtaken_at(end) && waiting.is_empty());
                    }
                }
                Err(error) if error.kind == ErrorKind::Contention && work.waits_for_held() && !waits => {
                    held.extend(keys);
                }
                Err(error) if error.kind == ErrorKind::Data && keys.len() > 1 => {
                    let half = keys.split_off(keys.len() / 2);
                    waiting.push(half);
                    waiting.push(keys);
                }
                Err(error) if error.kind == ErrorKind::Data => {
                    let key = keys.remove(0);
                    let failure = Failure { key: format!("{partition}/{key}"), error: error.chain() };
                    self.avoid().failed(key, partition);
                    lock(&round.report).failures.push(failure);
                }
                Err(error) if error.kind == ErrorKind::Contention => {
                    debug!(partition, rows = keys.len(), error = error.chain(), "left to whoever holds them");
                    self.settle(partition, &keys, &[], &mut lock(&round.report));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn settle(&self, partition: i16, keys: &[K], verdicts: &[Verdict<K>], report: &mut TickReport) {
        for verdict in verdicts {
            *report.verdicts.entry(verdict.word.clone()).or_default() += 1;
        }
        let changed: HashSet<&K> = verdicts.iter().map(|verdict| &verdict.key).collect();
        report.changed += changed.len() as u64;
        let mut avoid = self.avoid();
        for key in keys {
            if changed.contains(key) {
                avoid.settled(key);
            } else {
                report.skipped += 1;
                avoid.skipped(key.clone(), partition);
            }
        }
    }
}

/// Takes those of `keys` that `verdicts` say nothing about.
fn left_out<K: Eq + Hash>(keys: &mut Vec<K>, verdicts: &[Verdict<K>]) -> Vec<K> {
    let answered: HashSet<&K> = verdicts.iter().map(|verdict| &verdict.key).collect();
    keys.extract_if(.., |key| !answered.contains(key)).collect()
}

async fn act_through_contention<W: LookThenAct>(
    work: &W,
    act: Act<'_, W::Key>,
) -> Result<Vec<Verdict<W::Key>>, TickError> {
    // What is waited for has had its chance: trying again would only hold up the others for longer.
    let mut retries = if work.waits_for_held() { 0 } else { CONTENTION_RETRIES };
    loop {
        let again = Act { partition: act.partition, keys: act.keys, now_ms: act.now_ms, waits: act.waits };
        match work.act(again).await {
            Err(error) if error.kind == ErrorKind::Contention && retries > 0 => retries -= 1,
            done => return done,
        }
    }
}
