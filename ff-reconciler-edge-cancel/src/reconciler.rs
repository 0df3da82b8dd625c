//! Who tidies up what was left of cancelling siblings?

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ff_scanner_core::postgres::{Pools, Silence, Transaction, failed, silence};
use ff_scanner_core::{
    Act, Ask, Backlog, Due, Global, LookThenAct, Page, PartitionCount, PartitionCounts, PartitionSet, Reconciler,
    Sweep, Tick, TickContext, TickError, Verdict, async_trait,
};
use uuid::Uuid;

use crate::Group;
use crate::group::{any_queued, columns, look};
use crate::lost::{keep_lost, walk};
use crate::walk::{Seen, Walk};

/// The look of the reconciler at the queue, as it is run.
pub const FIND_STALE_SQL: &str = include_str!("../sql/find_stale.sql");
/// What is done about entries of groups without a flag, as it is run.
pub const DEQUEUE_SQL: &str = include_str!("../sql/dequeue.sql");
/// What is done about the others, as it is run.
pub const RECONCILE_SQL: &str = include_str!("../sql/reconcile.sql");

const INTERVAL_DEFAULT: Duration = Duration::from_secs(10);
const BATCH_LIMIT_DEFAULT: u32 = 50_000;
/// Groups that a look walks over: 5000 take a few milliseconds, and a million are walked in half an hour.
const PAGE_DEFAULT: u32 = 5000;
/// An act holds this many groups for some hundredths of a second.
const ACT_GROUPS_MAX: usize = 1000;

/// A group and its partition.
type Found = (i16, Group);

/// Tidies up what was left of cancelling siblings. See the crate's documentation.
#[derive(Debug)]
pub struct EdgeCancelReconciler {
    pools: Pools,
    interval: Duration,
    batch_limit: u32,
    page: u32,
    partitions: PartitionCount,
    sweep: Sweep<Group>,
    walk: Mutex<Walk>,
}

impl EdgeCancelReconciler {
    /// Its name in spans, statuses and on the command line.
    pub const NAME: &str = "edge_cancel_reconciler";

    /// Works on the database of `pools`, with the defaults of the crate's documentation.
    #[must_use]
    pub fn new(pools: impl Into<Pools>) -> Self {
        Self {
            pools: pools.into(),
            interval: INTERVAL_DEFAULT,
            batch_limit: BATCH_LIMIT_DEFAULT,
            page: PAGE_DEFAULT,
            partitions: PartitionCounts::default().flow,
            sweep: Sweep::default(),
            walk: Mutex::default(),
        }
    }

    /// Sets the time from the end of one cycle to the start of the next (default 10 s).
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the most groups that one look takes (default 50,000).
    #[must_use]
    pub fn with_batch_limit(mut self, groups: u32) -> Self {
        self.batch_limit = groups;
        self
    }

    /// Sets how many groups a cycle walks over in search of lost queue entries (default 5000, at least 1).
    #[must_use]
    pub fn with_page(mut self, groups: u32) -> Self {
        self.page = groups.max(1);
        self
    }

    /// Sets the number of flow partitions (default 256); groups in partitions beyond it are found in the queue only.
    #[must_use]
    pub fn with_partitions(mut self, count: PartitionCount) -> Self {
        self.partitions = count;
        self
    }

    fn walk(&self) -> MutexGuard<'_, Walk> {
        self.walk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Reconciler for EdgeCancelReconciler {
    type Scope = Global;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn scope(&self) -> Global {
        Global
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn tick(&self, cx: TickContext<Global>) -> Result<Tick, TickError> {
        self.walk().begin(cx.reason(), self.page);
        let mut tick = self.sweep.tick(self, &cx).await?;
        // A tick that did not come to its end has left entries that it had found.
        if tick.backlog == Backlog::Drained {
            self.walk().has_read_queue();
        }
        if self.walk().end() {
            tick.backlog = Backlog::Remaining;
        }
        Ok(tick)
    }
}

#[async_trait]
impl LookThenAct for EdgeCancelReconciler {
    type Scope = Global;
    type Key = Group;

    fn batch_limit(&self) -> u32 {
        self.batch_limit
    }

    fn act_limit(&self) -> usize {
        ACT_GROUPS_MAX
    }

    async fn look(&self, page: Page<'_, Global, Group>) -> Result<Vec<Due<Group>>, TickError> {
        let failed = failed("look for stale and lost queue entries");
        let limit = usize::try_from(self.batch_limit).unwrap_or(usize::MAX);
        let mut tx = Transaction::look(&self.pools.looks).await.map_err(&failed)?;
        let found = async {
            let silence = silence(&mut tx, &page).await?;
            let mut found = self.look_at_queue(&mut tx, &page, limit, silence.as_ref()).await?;
            let room = limit - found.len();
            if room > 0 {
                found.extend(self.look_at_groups(&mut tx, &page, room, silence.as_ref()).await?);
            }
            Ok(found)
        };
        let found = found.await;
        let found = tx.end(found).await.map_err(&failed)?;
        let due = |(partition, key)| Due { partition, key, problem: None };
        Ok(found.into_iter().map(due).collect())
    }

    async fn act(&self, act: Act<'_, Group>) -> Result<Vec<Verdict<Group>>, TickError> {
        let failed = failed("reconcile queue entries");
        let mut tx = Transaction::act(&self.pools.acts).await.map_err(&failed)?;
        let rows = reconcile_all(&mut tx, &act).await;
        let rows = tx.end(rows).await.map_err(&failed)?;
        let verdict = |(flow_id, downstream_eid, word)| Verdict { key: Group { flow_id, downstream_eid }, word };
        Ok(rows.into_iter().map(verdict).collect())
    }
}

impl EdgeCancelReconciler {
    /// Finds stale entries, unless there were none and nobody has written since.
    async fn look_at_queue(
        &self,
        tx: &mut Transaction,
        page: &Page<'_, Global, Group>,
        limit: usize,
        silence: Option<&Silence>,
    ) -> Result<Vec<Found>, sqlx::Error> {
        if !self.walk().reads_queue() || silence.is_some_and(|silence| silence.ask == Ask::Nothing) {
            return Ok(Vec::new());
        }
        let mut rows: Vec<(i16, Uuid, Uuid)> = Vec::new();
        if any_queued(tx).await? {
            rows = look(FIND_STALE_SQL, page, limit).fetch_all(&mut **tx).await?;
        }
        if let Some(silence) = silence.filter(|_| rows.is_empty()) {
            page.quiet.found_nothing_until_written(silence.state.clone(), silence.now_ms);
        }
        let found = |(partition, flow_id, downstream_eid)| (partition, Group { flow_id, downstream_eid });
        Ok(rows.into_iter().map(found).collect())
    }

    /// Finds groups without an entry on the page that is to be walked over, if there is one.
    async fn look_at_groups(
        &self,
        tx: &mut Transaction,
        page: &Page<'_, Global, Group>,
        room: usize,
        silence: Option<&Silence>,
    ) -> Result<Vec<Found>, sqlx::Error> {
        let silent = |silence: &Silence| silence.ask == Ask::Nothing && self.walk().finds_nothing(&silence.state);
        if silence.is_some_and(silent) {
            return Ok(Vec::new());
        }
        let state = silence.map(|silence| silence.state.as_str());
        let Some((behind, groups)) = self.walk().next(self.page, state) else {
            return Ok(Vec::new());
        };
        let walked = walk(tx, &PartitionSet::all(self.partitions), &behind, groups).await?;
        let end_of_page = walked.last().filter(|last| last.number == groups).cloned();
        let flagged = walked.into_iter().filter(|group| group.flagged).collect();
        let found = keep_lost(tx, page, room, flagged).await?;
        // What is behind a full batch has not been looked at.
        let last = if found.len() == room { found.last().cloned() } else { end_of_page };
        let seen = last.map_or(Seen::End, |last| Seen::Place(last.place, last.number));
        self.walk().see(seen, state.filter(|_| found.is_empty()).map(str::to_owned));
        Ok(found.into_iter().map(|group| (group.place.partition, group.group)).collect())
    }
}

type Done = (Uuid, Uuid, String);

/// Returns what became of each. Most have no flag: what takes more tables is done only for those that had no answer.
async fn reconcile_all(tx: &mut Transaction, act: &Act<'_, Group>) -> Result<Vec<Done>, sqlx::Error> {
    let (flows, downstreams) = columns(act.keys);
    let dequeue = sqlx::query_as(DEQUEUE_SQL).bind(act.partition).bind(flows).bind(downstreams);
    let mut rows: Vec<Done> = dequeue.fetch_all(&mut **tx).await?;
    let answered: HashSet<Group> = rows.iter().map(|row| Group { flow_id: row.0, downstream_eid: row.1 }).collect();
    let unanswered: Vec<Group> = act.keys.iter().copied().filter(|key| !answered.contains(key)).collect();
    if !unanswered.is_empty() {
        let (flows, downstreams) = columns(&unanswered);
        let reconcile =
            sqlx::query_as(RECONCILE_SQL).bind(act.partition).bind(flows).bind(downstreams).bind(act.now_ms);
        rows.extend(reconcile.fetch_all(&mut **tx).await?);
    }
    Ok(rows)
}
