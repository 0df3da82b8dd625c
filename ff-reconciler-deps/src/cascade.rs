//! What happens, in one transaction, when executions have ended?

use std::collections::HashSet;
use std::time::Duration;

use ff_scanner_core::Verdict;
use ff_scanner_core::postgres::Transaction;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::Ending;
use crate::plan::{Ended, Group, Member, Plan};
use crate::policy::{Decision, Resolution};
use crate::rows::{ChildRow, EdgeRow, EventRow, WeighedRow};
use crate::sql;

/// Most edges of one transaction: some tenths of a second. An ending with more below it takes several.
const EDGES_MAX: usize = 10_000;

/// What a transaction has done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) verdicts: Vec<Verdict<Ending>>,
    /// What did not fit.
    pub(crate) rest: Work,
    /// Whether children were skipped, which are endings again.
    pub(crate) goes_on: bool,
}

/// Why a transaction is to be rolled back.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Somebody holds children of some endings; these are the others.
    Held(Work),
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// Endings to be applied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work {
    pub(crate) endings: Vec<Ending>,
    /// An execution with more edges below it than fit, and the last of them that is done.
    pub(crate) behind: Option<(Uuid, Uuid)>,
}

impl Work {
    fn retain(mut self, keep: impl Fn(&Member) -> bool) -> Self {
        self.endings.retain(|ending| keep(&ending.member()));
        self
    }
}

/// One act in one partition.
#[derive(Debug)]
pub(crate) struct Cascade<'a> {
    pub(crate) connection: &'a mut PgConnection,
    pub(crate) partition: i16,
    pub(crate) now_ms: Option<i64>,
    pub(crate) heal_after: Duration,
}

impl Cascade<'_> {
    /// Applies endings to whatever waits for them, each to all of it or to none. The caller commits, or rolls everything
    /// back.
    pub(crate) async fn run(&mut self, work: &Work) -> Result<Done, Stop> {
        let events = self.lock_events(&work.endings).await?;
        let ended = self.ended(&work.endings, &events).await?;
        let mut edges = self.lock_groups(&ended, work.behind).await?;
        let cut = cut(&mut edges);
        let rest: HashSet<Member> = ended[cut.unwrap_or(ended.len())..].iter().map(Ended::member).collect();
        let weighed = self.weigh(&edges).await?;
        let mut plan = Plan::new(&ended, &edges, &weighed);
        let words = self.move_children(&mut plan).await?;
        if !plan.blocked.is_empty() {
            // The engine's own dispatcher adds to counters whatever a pending event says, so that one which was applied to
            // some groups and not to others would be counted twice there.
            return Err(Stop::Held(work.clone().retain(|member| !plan.blocked.contains(member))));
        }
        let marked = plan.groups.iter().flat_map(|group| &group.marks);
        let healed: HashSet<Member> =
            marked.filter(|mark| mark.ended.event_id.is_none()).map(|mark| mark.ended.member()).collect();
        let events: HashSet<i64> = events.iter().map(|event| event.event_id).collect();
        let mut done = Done { goes_on: words.contains(&"skipped"), ..Done::default() };
        let mut dispatched = Vec::new();
        for ending in &work.endings {
            let member = ending.member();
            if plan.held.contains(&member) {
                continue;
            }
            if rest.contains(&member) {
                done.rest.endings.push(*ending);
                continue;
            }
            let applied = match ending {
                Ending::Told { event_id, .. } if events.contains(event_id) => {
                    dispatched.push(*event_id);
                    "dispatched"
                }
                Ending::Untold { .. } if healed.contains(&member) => "healed",
                _ => continue,
            };
            done.verdicts.push(Verdict { key: *ending, word: applied.to_owned() });
        }
        if cut == Some(0) {
            done.rest.behind = edges.last().map(|edge| (ended[0].execution_id, edge.edge_id));
        }
        self.settle(&plan, &dispatched).await?;
        if let Some(first) = done.verdicts.first().map(|verdict| verdict.key) {
            // What became of children is counted with an ending of theirs.
            done.verdicts.extend(words.iter().map(|word| Verdict { key: first, word: (*word).to_owned() }));
        }
        Ok(done)
    }

    /// The endings that count: of several events of one upstream the first, and events before what the rows say.
    async fn ended(&mut self, endings: &[Ending], events: &[EventRow]) -> Result<Vec<Ended>, sqlx::Error> {
        let mut ended: Vec<Ended> = Vec::new();
        let mut seen: HashSet<Member> = HashSet::new();
        for event in events {
            let EventRow { event_id, execution_id, ref outcome, .. } = *event;
            // Without a flow nothing waits for it; and a resume is not an ending.
            let Some(flow_id) = event.flow_id.filter(|_| outcome != "resumable") else { continue };
            if seen.insert((flow_id, execution_id)) {
                ended.push(Ended { flow_id, execution_id, outcome: outcome.clone(), event_id: Some(event_id) });
            }
        }
        let untold: Vec<Member> = endings.iter().filter(|ending| !ending.is_told()).map(Ending::member).collect();
        if !untold.is_empty() {
            let ids: Vec<Uuid> = untold.iter().map(|(_, execution_id)| *execution_id).collect();
            let query = sqlx::query_as(sql::JUDGE_UNTOLD).bind(self.partition).bind(ids).bind(self.now_ms);
            let query = query.bind(i64::try_from(self.heal_after.as_millis()).unwrap_or(i64::MAX));
            let outcomes: std::collections::HashMap<Uuid, String> =
                query.fetch_all(&mut *self.connection).await?.into_iter().collect();
            for (flow_id, execution_id) in untold {
                let Some(outcome) = outcomes.get(&execution_id).cloned() else { continue };
                if seen.insert((flow_id, execution_id)) {
                    ended.push(Ended { flow_id, execution_id, outcome, event_id: None });
                }
            }
        }
        Ok(ended)
    }

    async fn lock_events(&mut self, endings: &[Ending]) -> Result<Vec<EventRow>, sqlx::Error> {
        let told: Vec<i64> = endings.iter().filter_map(Ending::event_id).collect();
        if told.is_empty() {
            return Ok(Vec::new());
        }
        let query = sqlx::query_as(sql::LOCK_TOLD).bind(self.partition).bind(told);
        query.fetch_all(&mut *self.connection).await
    }

    /// Locks the groups that wait for `ended`, from the edge `behind` on, and opens those whose child waits again.
    async fn lock_groups(
        &mut self,
        ended: &[Ended],
        behind: Option<(Uuid, Uuid)>,
    ) -> Result<Vec<EdgeRow>, sqlx::Error> {
        if ended.is_empty() {
            return Ok(Vec::new());
        }
        let (flows, executions): (Vec<Uuid>, Vec<Uuid>) = ended.iter().map(Ended::member).unzip();
        let limit = i64::try_from(EDGES_MAX).unwrap_or(i64::MAX);
        let partition = self.partition;
        let (upstream, edge) = behind.unzip();
        let lock = || {
            let query = sqlx::query_as(sql::LOCK_GROUPS).bind(partition).bind(&flows).bind(&executions);
            query.bind(limit).bind(upstream).bind(edge)
        };
        let edges = lock().fetch_all(&mut *self.connection).await?;
        if self.reopen(ended, &edges).await? {
            // What was opened is in another place now.
            return lock().fetch_all(&mut *self.connection).await;
        }
        Ok(edges)
    }

    /// Opens groups whose child waits again, and says whether there were any.
    async fn reopen(&mut self, ended: &[Ended], edges: &[EdgeRow]) -> Result<bool, sqlx::Error> {
        let fired = |edge: &&EdgeRow| edge.policy().is_some_and(|policy| policy.fired == Some(Decision::Impossible));
        let fired = edges.iter().filter(fired).map(|edge| (ended[edge.upstream()].flow_id, edge.downstream_eid));
        let fired: HashSet<Member> = fired.collect();
        if fired.is_empty() {
            return Ok(false);
        }
        let (flows, children): (Vec<Uuid>, Vec<Uuid>) = fired.into_iter().unzip();
        let query = sqlx::query_as(sql::REOPEN).bind(self.partition).bind(flows).bind(children);
        let opened: Vec<Member> = query.fetch_all(&mut *self.connection).await?;
        Ok(!opened.is_empty())
    }

    /// Locks those of `edges` whose group nobody holds; `None` for those that are not locked now.
    async fn weigh(&mut self, edges: &[EdgeRow]) -> Result<Vec<Option<WeighedRow>>, sqlx::Error> {
        let mut weighed: Vec<Option<WeighedRow>> = edges.iter().map(|_| None).collect();
        let (places, ctids): (Vec<usize>, Vec<&str>) = (edges.iter().enumerate())
            .filter(|(_, edge)| !edge.held)
            .map(|(place, edge)| (place, edge.edge_ctid.as_str()))
            .unzip();
        if ctids.is_empty() {
            return Ok(weighed);
        }
        let query = sqlx::query_as(sql::WEIGH).bind(self.partition).bind(ctids);
        let rows: Vec<WeighedRow> = query.fetch_all(&mut *self.connection).await?;
        for row in rows {
            let place = places[row.asked()];
            weighed[place] = Some(row);
        }
        Ok(weighed)
    }

    /// Moves the children of the groups that are decided, and says of each what became of it.
    async fn move_children(&mut self, plan: &mut Plan<'_>) -> Result<Vec<&'static str>, sqlx::Error> {
        let (passing, sources) = plan.passing();
        if !passing.is_empty() {
            let query = sqlx::query_as(sql::PASS_DATA).bind(self.partition).bind(passing).bind(sources);
            plan.learn(&query.fetch_all(&mut *self.connection).await?);
        }
        let mut words = Vec::new();
        let mut count = |rows: &[ChildRow], word: &'static str| {
            words.extend(rows.iter().filter(|row| row.became == word).map(|_| word));
        };
        let (promoting, _) = plan.children(Decision::Satisfied);
        if !promoting.is_empty() {
            let query = sqlx::query_as(sql::PROMOTE).bind(self.partition).bind(promoting).bind(self.now_ms);
            let rows = query.fetch_all(&mut *self.connection).await?;
            count(&rows, "promoted");
            plan.learn(&rows);
        }
        let (skipping, flows) = plan.children(Decision::Impossible);
        if !skipping.is_empty() {
            let query = sqlx::query_as(sql::SKIP).bind(self.partition).bind(skipping).bind(flows).bind(self.now_ms);
            let rows = query.fetch_all(&mut *self.connection).await?;
            count(&rows, "skipped");
            plan.learn(&rows);
            Transaction::plan_for_partition(self.connection).await?;
        }
        Ok(words)
    }

    /// Marks the edges and the events, counts the groups, and asks for cancellations.
    async fn settle(&mut self, plan: &Plan<'_>, dispatched: &[i64]) -> Result<(), sqlx::Error> {
        if plan.groups.is_empty() && dispatched.is_empty() {
            return Ok(());
        }
        let marks = || plan.groups.iter().flat_map(|group| &group.marks);
        let groups = || plan.groups.iter().filter(|group| group.policy.is_some());
        let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        sqlx::query(sql::SETTLE)
            .bind(self.partition)
            .bind(marks().map(|mark| mark.edge_ctid).collect::<Vec<_>>())
            .bind(marks().map(|mark| mark.resolution() == Resolution::Satisfied).collect::<Vec<_>>())
            .bind(marks().map(|mark| mark.ended.outcome.as_str()).collect::<Vec<_>>())
            .bind(marks().map(|mark| mark.ended.event_id).collect::<Vec<_>>())
            .bind(groups().map(|group| group.ctid).collect::<Vec<_>>())
            .bind(groups().map(|group| count(group.tally.satisfied)).collect::<Vec<_>>())
            .bind(groups().map(|group| count(group.tally.failed)).collect::<Vec<_>>())
            .bind(groups().map(|group| count(group.tally.skipped)).collect::<Vec<_>>())
            .bind(groups().map(|group| count(group.tally.open)).collect::<Vec<_>>())
            .bind(groups().map(Group::fires).collect::<Vec<_>>())
            .bind(dispatched)
            .bind(self.now_ms)
            .execute(&mut *self.connection)
            .await?;
        let cancelling = groups().filter(|group| group.cancels()).map(|group| (group.flow_id, group.child));
        let (flows, children): (Vec<Uuid>, Vec<Uuid>) = cancelling.unzip();
        if !flows.is_empty() {
            let query = sqlx::query(sql::ASK_CANCEL).bind(self.partition).bind(flows).bind(children).bind(self.now_ms);
            query.execute(&mut *self.connection).await?;
        }
        Ok(())
    }
}

/// Cuts off the last ending that `edges` are of, of which they may not have all, and says which one that is. A first one
/// that fills a transaction by itself stays, for as far as it fits.
fn cut(edges: &mut Vec<EdgeRow>) -> Option<usize> {
    let last = edges.last().filter(|_| edges.len() >= EDGES_MAX)?.upstream();
    if last > 0 {
        edges.truncate(edges.partition_point(|edge| edge.upstream() < last));
    }
    Some(last)
}
