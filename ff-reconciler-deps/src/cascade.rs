//! What happens, in one transaction, when executions have ended?

use std::collections::HashSet;

use ff_scanner_core::Verdict;
use ff_scanner_core::postgres::Transaction;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::Ending;
use crate::plan::{Ended, Group, Member, Plan};
use crate::policy::{Decision, Resolution};
use crate::rows::{ChildRow, EdgeRow, EventRow, WeighedRow};
use crate::sql;

/// Most edges of one transaction: some tenths of a second. Endings with more below them take several.
const EDGES_MAX: usize = 10_000;

/// What a transaction has done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) verdicts: Vec<Verdict<Ending>>,
    /// Endings that did not fit.
    pub(crate) rest: Vec<Ending>,
    /// Whether children were skipped, which are endings again.
    pub(crate) goes_on: bool,
}

/// One act in one partition.
#[derive(Debug)]
pub(crate) struct Cascade<'a> {
    pub(crate) connection: &'a mut PgConnection,
    pub(crate) partition: i16,
    pub(crate) now_ms: Option<i64>,
}

impl Cascade<'_> {
    /// Applies `endings` to whatever waits for them. The caller commits, or rolls everything back.
    pub(crate) async fn run(&mut self, endings: &[Ending]) -> Result<Done, sqlx::Error> {
        let events = self.lock_events(endings).await?;
        let ended = self.ended(endings, &events).await?;
        let edges = self.lock_groups(&ended).await?;
        let weighed = self.weigh(&edges).await?;
        let mut plan = Plan::new(&ended, &edges, &weighed);
        let words = self.move_children(&mut plan).await?;

        let over = if edges.len() < EDGES_MAX { ended.len() } else { edges.last().map_or(0, EdgeRow::upstream) };
        let rest: HashSet<Member> = ended[over..].iter().map(Ended::member).collect();
        let marked = plan.groups.iter().flat_map(|group| &group.marks);
        let healed: HashSet<Member> =
            marked.filter(|mark| mark.ended.event_id.is_none()).map(|mark| mark.ended.member()).collect();
        let mut done = Done { goes_on: words.contains(&"skipped"), ..Done::default() };
        if !plan.groups.is_empty() {
            done.rest = endings.iter().filter(|ending| rest.contains(&ending.member())).copied().collect();
        }
        let events: HashSet<i64> = events.iter().map(|event| event.event_id).collect();
        let mut dispatched = Vec::new();
        for ending in endings {
            let member = ending.member();
            // It has edges that are not done with: held by others, or more than fit.
            if rest.contains(&member) || plan.held.contains(&member) {
                continue;
            }
            let word = match ending {
                Ending::Told { event_id, .. } if events.contains(event_id) => {
                    dispatched.push(*event_id);
                    "dispatched"
                }
                Ending::Untold { .. } if healed.contains(&member) => "healed",
                _ => continue,
            };
            done.verdicts.push(Verdict { key: *ending, word: word.to_owned() });
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
            let query = sqlx::query_as(sql::JUDGE_UNTOLD).bind(self.partition).bind(ids);
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

    /// Locks the groups that wait for `ended`, and opens those whose child waits again.
    async fn lock_groups(&mut self, ended: &[Ended]) -> Result<Vec<EdgeRow>, sqlx::Error> {
        if ended.is_empty() {
            return Ok(Vec::new());
        }
        let (flows, executions): (Vec<Uuid>, Vec<Uuid>) = ended.iter().map(Ended::member).unzip();
        let limit = i64::try_from(EDGES_MAX).unwrap_or(i64::MAX);
        let partition = self.partition;
        let lock = || sqlx::query_as(sql::LOCK_GROUPS).bind(partition).bind(&flows).bind(&executions).bind(limit);
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
