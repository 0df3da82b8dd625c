//! Who cancels the siblings of a group that has been decided?

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ff_scanner_core::postgres::{Pools, Transaction, clear_waits, failed, silence};
use ff_scanner_core::{
    Act, Ask, Backlog, Due, Failure, Global, LookThenAct, Page, Reconciler, Sweep, Tick, TickContext, TickError,
    Verdict, async_trait,
};
use uuid::Uuid;

use crate::Group;
use crate::group::{any_queued, columns, look};

/// The look of the dispatcher, as it is run.
pub const FIND_FLAGGED_SQL: &str = include_str!("../sql/find_flagged.sql");
/// The act of the dispatcher, as it is run.
pub const CANCEL_SQL: &str = include_str!("../sql/cancel.sql");

const INTERVAL_DEFAULT: Duration = Duration::from_secs(1);
const BATCH_LIMIT_DEFAULT: u32 = 10_000;
/// Most groups of an act. With ten siblings each, which is many, they can all be drained by one.
const ACT_GROUPS_MAX: usize = 100;
/// Most siblings of an act: it holds their locks for some hundred milliseconds.
const ACT_SIBLINGS_MAX: i64 = 1000;
/// The word for a group with more to cancel than one act could.
const PARTLY: &str = "partly";

/// Cancels the siblings of decided groups. See the crate's documentation.
#[derive(Debug)]
pub struct EdgeCancelDispatcher {
    pools: Pools,
    interval: Duration,
    batch_limit: u32,
    sweep: Sweep<Group>,
    /// Groups that a look found something wrong with, for the next report.
    problems: Mutex<Vec<Failure>>,
}

impl EdgeCancelDispatcher {
    /// Its name in spans, statuses and on the command line.
    pub const NAME: &str = "edge_cancel_dispatcher";

    /// Works on the database of `pools`, with the defaults of the crate's documentation.
    #[must_use]
    pub fn new(pools: impl Into<Pools>) -> Self {
        Self {
            pools: pools.into(),
            interval: INTERVAL_DEFAULT,
            batch_limit: BATCH_LIMIT_DEFAULT,
            sweep: Sweep::default(),
            problems: Mutex::default(),
        }
    }

    /// Sets the time from the end of one cycle to the start of the next (default 1 s).
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the most groups that one look takes (default 10,000).
    #[must_use]
    pub fn with_batch_limit(mut self, groups: u32) -> Self {
        self.batch_limit = groups;
        self
    }
}

#[async_trait]
impl Reconciler for EdgeCancelDispatcher {
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
        let mut tick = self.sweep.tick(self, &cx).await?;
        tick.report.failures.append(&mut self.problems.lock().unwrap_or_else(PoisonError::into_inner));
        if tick.report.verdicts.contains_key(PARTLY) {
            tick.backlog = Backlog::Remaining;
        }
        Ok(tick)
    }
}

#[async_trait]
impl LookThenAct for EdgeCancelDispatcher {
    type Scope = Global;
    type Key = Group;

    fn batch_limit(&self) -> u32 {
        self.batch_limit
    }

    fn act_limit(&self) -> usize {
        ACT_GROUPS_MAX
    }

    async fn look(&self, page: Page<'_, Global, Group>) -> Result<Vec<Due<Group>>, TickError> {
        let failed = failed("look for siblings to cancel");
        let limit = usize::try_from(self.batch_limit).unwrap_or(usize::MAX);
        let mut tx = Transaction::look(&self.pools.looks).await.map_err(&failed)?;
        let rows = async {
            let silence = silence(&mut tx, &page).await?;
            if silence.as_ref().is_some_and(|silence| silence.ask == Ask::Nothing) {
                return Ok(Vec::new());
            }
            let mut rows = Vec::new();
            if any_queued(&mut tx).await? {
                rows = look(FIND_FLAGGED_SQL, &page, limit).fetch_all(&mut *tx).await?;
            }
            if let Some(silence) = silence.filter(|_| rows.is_empty()) {
                page.quiet.found_nothing_until_written(silence.state, silence.now_ms);
            }
            Ok(rows)
        };
        let rows = rows.await;
        let rows: Vec<(i16, Uuid, Uuid, Option<String>)> = tx.end(rows).await.map_err(&failed)?;
        let due = |(partition, flow_id, downstream_eid, problem)| Due {
            partition,
            key: Group { flow_id, downstream_eid },
            problem,
        };
        let found: Vec<Due<Group>> = rows.into_iter().map(due).collect();
        // A cancel that cannot be carried out is a failure, and not only a warning in a log.
        let problems = found.iter().filter_map(|Due { partition, key, problem }| {
            Some(Failure { key: format!("{partition}/{key}"), error: problem.clone()? })
        });
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).extend(problems);
        Ok(found)
    }

    async fn act(&self, act: Act<'_, Group>) -> Result<Vec<Verdict<Group>>, TickError> {
        let failed = failed("cancel siblings");
        let mut tx = Transaction::act(&self.pools.acts).await.map_err(&failed)?;
        let words = cancel_all(&mut tx, &act).await;
        let words = tx.end(words).await.map_err(&failed)?;
        Ok(words.into_iter().map(|(key, word)| Verdict { key, word }).collect())
    }
}

/// Returns what became of each group. Few siblings wait for something: what they need is done only for them.
async fn cancel_all(tx: &mut Transaction, act: &Act<'_, Group>) -> Result<HashMap<Group, String>, sqlx::Error> {
    let (mut words, waiting) = cancel(tx, act, &[]).await?;
    if !waiting.is_empty() {
        let cleared = clear_waits(tx, act.partition, &waiting).await?;
        // What is said last of a group is how it stands.
        words.extend(cancel(tx, act, &cleared).await?.0);
    }
    Ok(words)
}

/// Returns what became of each group, and the siblings that were left alone because they wait for something.
async fn cancel(
    tx: &mut Transaction,
    act: &Act<'_, Group>,
    cleared: &[Uuid],
) -> Result<(HashMap<Group, String>, Vec<Uuid>), sqlx::Error> {
    let (flows, downstreams) = columns(act.keys);
    let rows: Vec<(Option<Uuid>, Uuid, String)> = sqlx::query_as(CANCEL_SQL)
        .bind(act.partition)
        .bind(flows)
        .bind(downstreams)
        .bind(act.now_ms)
        .bind(ACT_SIBLINGS_MAX)
        .bind(cleared)
        .fetch_all(&mut **tx)
        .await?;
    let (mut words, mut waiting) = (HashMap::new(), Vec::new());
    for (flow_id, execution_id, word) in rows {
        match flow_id {
            Some(flow_id) => drop(words.insert(Group { flow_id, downstream_eid: execution_id }, word)),
            None => waiting.push(execution_id),
        }
    }
    Ok((words, waiting))
}
