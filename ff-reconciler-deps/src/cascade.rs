//! What happens, in one transaction, when executions have ended?

use std::collections::HashSet;

use ff_scanner_core::Verdict;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::Ending;
use crate::plan::{Ended, Group, Member, Plan};
use crate::policy::{Decision, Policy, Resolution};
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
        let mut done = Done::default();
        // Endings with edges that are not done with: held by others, or more than fit.
        let mut unsettled: HashSet<Member> = HashSet::new();
        let mut healed: HashSet<Member> = HashSet::new();
        let mut words = Vec::new();
        if !ended.is_empty() {
            let mut edges = self.lock_groups(&ended).await?;
            if self.reopen(&edges).await? {
                // Opened groups and their edges are new versions, in other places.
                edges = self.lock_groups(&ended).await?;
            }
            let over = if edges.len() < EDGES_MAX { ended.len() } else { edges.last().map_or(0, place) };
            let rest: HashSet<Member> = ended[over..].iter().map(Ended::member).collect();
            let weighed = self.weigh(&edges).await?;
            let mut plan = Plan::new(&ended, &edges, &weighed);
            words = self.move_children(&mut plan).await?;
            self.write(&plan).await?;
            let marked = plan.groups.iter().flat_map(|group| &group.marks);
            healed.extend(marked.filter(|mark| mark.ended.event_id.is_none()).map(|mark| mark.ended.member()));
            if !plan.groups.is_empty() {
                done.rest = endings.iter().filter(|ending| rest.contains(&ending.member())).copied().collect();
            }
            unsettled = rest;
            unsettled.extend(plan.held);
        }
        let settled = |ending: &&Ending| !unsettled.contains(&ending.member());
        let events: HashSet<i64> = events.iter().map(|event| event.event_id).collect();
        let mut dispatched = Vec::new();
        for ending in endings.iter().filter(settled) {
            let word = match ending {
                Ending::Told { event_id, .. } if events.contains(event_id) => {
                    dispatched.push(*event_id);
                    "dispatched"
                }
                Ending::Untold { .. } if healed.contains(&ending.member()) => "healed",
                _ => continue,
            };
            done.verdicts.push(Verdict { key: *ending, word: word.to_owned() });
        }
        self.dispatch(&dispatched).await?;
        done.goes_on = words.contains(&"skipped");
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

    async fn lock_groups(&mut self, ended: &[Ended]) -> Result<Vec<EdgeRow>, sqlx::Error> {
        let (flows, executions): (Vec<Uuid>, Vec<Uuid>) = ended.iter().map(Ended::member).unzip();
        let limit = i64::try_from(EDGES_MAX).unwrap_or(i64::MAX);
        let query = sqlx::query_as(sql::LOCK_GROUPS).bind(self.partition).bind(flows).bind(executions).bind(limit);
        query.fetch_all(&mut *self.connection).await
    }

    /// Opens groups whose child waits again, and says whether there were any.
    async fn reopen(&mut self, edges: &[EdgeRow]) -> Result<bool, sqlx::Error> {
        let fired = |edge: &&EdgeRow| {
            let policy = edge.policy.as_ref().map(|json| Policy::from_json(json));
            policy.is_some_and(|policy| policy.fired == Some(Decision::Impossible))
        };
        let fired = edges.iter().filter(fired).map(|edge| (edge.flow_id, edge.downstream_eid));
        let fired: HashSet<Member> = fired.collect();
        if fired.is_empty() {
            return Ok(false);
        }
        let (flows, children): (Vec<Uuid>, Vec<Uuid>) = fired.into_iter().unzip();
        let query = sqlx::query_as(sql::REOPEN).bind(self.partition).bind(flows).bind(children);
        let opened: Vec<Member> = query.fetch_all(&mut *self.connection).await?;
        Ok(!opened.is_empty())
    }

    async fn weigh(&mut self, edges: &[EdgeRow]) -> Result<Vec<WeighedRow>, sqlx::Error> {
        let ours = || edges.iter().filter(|edge| !edge.held);
        if ours().next().is_none() {
            return Ok(Vec::new());
        }
        let query = sqlx::query_as(sql::WEIGH)
            .bind(self.partition)
            .bind(ours().map(|edge| edge.flow_id).collect::<Vec<_>>())
            .bind(ours().map(|edge| edge.edge_id).collect::<Vec<_>>())
            .bind(ours().map(|edge| edge.edge_ctid.as_str()).collect::<Vec<_>>());
        query.fetch_all(&mut *self.connection).await
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
        }
        Ok(words)
    }

    /// Marks the edges, counts the groups, and asks for cancellations.
    async fn write(&mut self, plan: &Plan<'_>) -> Result<(), sqlx::Error> {
        let marks = || plan.groups.iter().flat_map(|group| &group.marks);
        if plan.groups.is_empty() {
            return Ok(());
        }
        sqlx::query(sql::MARK_EDGES)
            .bind(self.partition)
            .bind(marks().map(|mark| mark.edge_ctid).collect::<Vec<_>>())
            .bind(marks().map(|mark| mark.resolution() == Resolution::Satisfied).collect::<Vec<_>>())
            .bind(marks().map(|mark| mark.ended.outcome.as_str()).collect::<Vec<_>>())
            .bind(marks().map(|mark| mark.ended.event_id).collect::<Vec<_>>())
            .bind(self.now_ms)
            .execute(&mut *self.connection)
            .await?;
        let groups = || plan.groups.iter().filter(|group| group.policy.is_some());
        let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        sqlx::query(sql::COUNT_GROUPS)
            .bind(self.partition)
            .bind(groups().map(|group| group.ctid).collect::<Vec<_>>())
            .bind(groups().map(|group| count(group.tally.satisfied)).collect::<Vec<_>>())
            .bind(groups().map(|group| count(group.tally.failed)).collect::<Vec<_>>())
            .bind(groups().map(|group| count(group.tally.skipped)).collect::<Vec<_>>())
            .bind(groups().map(|group| count(group.tally.open)).collect::<Vec<_>>())
            .bind(groups().map(Group::fires).collect::<Vec<_>>())
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

    async fn dispatch(&mut self, event_ids: &[i64]) -> Result<(), sqlx::Error> {
        if !event_ids.is_empty() {
            let query = sqlx::query(sql::DISPATCH).bind(self.partition).bind(event_ids).bind(self.now_ms);
            query.execute(&mut *self.connection).await?;
        }
        Ok(())
    }
}

/// How many endings are done with when the edges end in the middle of this one's.
fn place(edge: &EdgeRow) -> usize {
    usize::try_from(edge.place - 1).unwrap_or_default()
}
