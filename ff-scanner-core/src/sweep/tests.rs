//! In which portions is what a look has found acted on?

use std::sync::Mutex;

use async_trait::async_trait;

use super::acts::OVERTAKEN_MIN;
use super::{Act, Due, LookThenAct, Page, Sweep, Verdict, lock};
use crate::{Backlog, Global, TickContext, TickError};

/// Finds `keys` in each of `partitions`, settles those of all but `taken`, and keeps what each act was given.
#[derive(Default)]
struct Work {
    partitions: i16,
    keys: u32,
    act_limit: usize,
    taken: Vec<i16>,
    acts: Mutex<Vec<Vec<u32>>>,
}

#[async_trait]
impl LookThenAct for Work {
    type Scope = Global;
    type Key = u32;

    fn batch_limit(&self) -> u32 {
        1000
    }

    fn act_limit(&self) -> usize {
        self.act_limit
    }

    async fn look(&self, _: Page<'_, Global, u32>) -> Result<Vec<Due<u32>>, TickError> {
        let found = (0..self.partitions).flat_map(|partition| (0..self.keys).map(move |key| (partition, key)));
        Ok(found.map(|(partition, key)| Due { partition, key, problem: None }).collect())
    }

    async fn act(&self, act: Act<'_, u32>) -> Result<Vec<Verdict<u32>>, TickError> {
        lock(&self.acts).push(act.keys.to_vec());
        let left = if self.taken.contains(&act.partition) { &[] } else { act.keys };
        Ok(left.iter().map(|key| Verdict { key: *key, word: "done".to_owned() }).collect())
    }
}

#[tokio::test]
async fn an_act_takes_at_most_its_limit_of_keys_in_the_order_of_the_look() {
    let work = Work { partitions: 1, keys: 5, act_limit: 2, ..Work::default() };
    let tick = Sweep::default().tick(&work, &TickContext::global()).await.expect("nothing fails");
    assert_eq!(tick.report.changed, 5);
    assert_eq!(*lock(&work.acts), [vec![0, 1], vec![2, 3], vec![4]]);
}

#[tokio::test]
async fn acts_that_find_nothing_left_of_many_rows_at_either_end_leave_the_partitions_between_to_another_look() {
    let many = u32::try_from(OVERTAKEN_MIN).expect("a few");
    let work = Work { partitions: 7, keys: many, act_limit: 1000, taken: (0..7).collect(), ..Work::default() };
    let tick = Sweep::default().with_acts_at_once(1).tick(&work, &TickContext::global()).await.expect("nothing fails");
    assert_eq!(lock(&work.acts).len(), 2);
    assert_eq!((tick.report.skipped, tick.backlog), (2 * u64::from(many), Backlog::Remaining));
}

#[tokio::test]
async fn what_one_act_leaves_of_its_partition_when_it_finds_nothing_is_for_another_look() {
    let many = u32::try_from(OVERTAKEN_MIN).expect("a few");
    let work = Work { partitions: 1, keys: 2 * many, act_limit: OVERTAKEN_MIN, taken: vec![0], ..Work::default() };
    let tick = Sweep::default().tick(&work, &TickContext::global()).await.expect("nothing fails");
    assert_eq!(lock(&work.acts).len(), 1);
    assert_eq!(tick.backlog, Backlog::Remaining);
}

#[tokio::test]
async fn partitions_that_another_process_was_met_at_do_not_keep_the_others_from_being_acted_on() {
    let many = u32::try_from(OVERTAKEN_MIN).expect("a few");
    let work = Work { partitions: 7, keys: many, act_limit: 1000, taken: vec![3], ..Work::default() };
    let tick = Sweep::default().with_acts_at_once(1).tick(&work, &TickContext::global()).await.expect("nothing fails");
    assert_eq!((tick.report.changed, tick.backlog), (6 * u64::from(many), Backlog::Drained));
}

#[tokio::test]
async fn a_few_rows_that_are_gone_end_nothing() {
    let few = u32::try_from(OVERTAKEN_MIN - 1).expect("fewer");
    let work = Work { partitions: 4, keys: few, act_limit: 1000, taken: vec![0, 1, 2, 3], ..Work::default() };
    let tick = Sweep::default().tick(&work, &TickContext::global()).await.expect("nothing fails");
    assert_eq!(lock(&work.acts).len(), 4);
    assert_eq!(tick.backlog, Backlog::Drained);
}
