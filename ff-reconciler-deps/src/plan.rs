//! What follows for the groups from what has ended?

use std::collections::{HashMap, HashSet};

use tracing::warn;
use uuid::Uuid;

use crate::policy::{Decision, Policy, Resolution, Tally};
use crate::rows::{ChildRow, EdgeRow, WeighedRow};

/// An upstream that has ended, as the ending that counts says.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) flow_id: Uuid,
    pub(crate) execution_id: Uuid,
    pub(crate) outcome: String,
    /// The event that tells of it.
    pub(crate) event_id: Option<i64>,
}

/// A flow and an execution in it.
pub(crate) type Member = (Uuid, Uuid);

impl Ended {
    pub(crate) fn member(&self) -> Member {
        (self.flow_id, self.execution_id)
    }
}

/// What is to be written, group by group.
#[derive(Debug, Default)]
pub(crate) struct Plan<'a> {
    pub(crate) groups: Vec<Group<'a>>,
    /// Upstreams with an edge, or its group, that somebody else holds: nothing is resolved of them.
    pub(crate) held: HashSet<Member>,
    /// Upstreams with a child that turned out to be held by somebody else: nothing ought to have been resolved of them.
    pub(crate) blocked: HashSet<Member>,
}

/// A group with edges that are resolved now.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) flow_id: Uuid,
    pub(crate) child: Uuid,
    /// Where its row is, when there is one.
    pub(crate) ctid: Option<&'a str>,
    /// `None` when the group, or its child, is gone: then its edges are marked and nothing else is done.
    pub(crate) policy: Option<Policy>,
    pub(crate) marks: Vec<Mark<'a>>,
    pub(crate) tally: Tally,
    decision: Decision,
    /// The upstream whose result becomes the child's payload.
    source: Option<Uuid>,
    /// Whether the child turned out not to wait.
    left: bool,
    /// Whether the group's counters, which others write too, say that it was decided before.
    counted_as_decided: bool,
}

/// An edge and how it comes out.
#[derive(Debug)]
pub(crate) struct Mark<'a> {
    /// Where its row is.
    pub(crate) edge_ctid: &'a str,
    pub(crate) ended: &'a Ended,
}

impl Mark<'_> {
    pub(crate) fn resolution(&self) -> Resolution {
        Resolution::of(&self.ended.outcome)
    }
}

impl<'a> Plan<'a> {
    /// Resolves `edges`, which are in the order of `ended`, of those upstreams all of whose edges are locked: `weighed` has
    /// a row for each.
    pub(crate) fn new(ended: &'a [Ended], edges: &'a [EdgeRow], weighed: &'a [Option<WeighedRow>]) -> Self {
        let held = edges.iter().zip(weighed).filter(|(_, row)| row.is_none());
        let held = held.map(|(edge, _)| ended[edge.upstream()].member()).collect();
        let mut plan = Self { held, ..Self::default() };
        let mut index: HashMap<Member, usize> = HashMap::new();
        for (edge, row) in edges.iter().zip(weighed) {
            let ended = &ended[edge.upstream()];
            let Some(row) = row.as_ref().filter(|row| !row.resolved && !plan.held.contains(&ended.member())) else {
                continue;
            };
            let at = *index.entry((ended.flow_id, edge.downstream_eid)).or_insert_with(|| {
                plan.groups.push(Group::new(ended.flow_id, edge, row));
                plan.groups.len() - 1
            });
            plan.groups[at].resolve(Mark { edge_ctid: &row.edge_ctid, ended }, row.passes_data);
        }
        plan
    }

    /// The children that get a payload, and the upstreams that they get it from.
    pub(crate) fn passing(&self) -> (Vec<Uuid>, Vec<Uuid>) {
        let passing = self.groups.iter().filter(|group| group.decision != Decision::Impossible);
        passing.filter_map(|group| Some((group.child, group.source?))).unzip()
    }

    /// The children of the groups that come to `decision`, and their flows.
    pub(crate) fn children(&self, decision: Decision) -> (Vec<Uuid>, Vec<Uuid>) {
        let decided = self.groups.iter().filter(|group| group.decision == decision);
        decided.map(|group| (group.child, group.flow_id)).unzip()
    }

    /// Learns what became of children.
    pub(crate) fn learn(&mut self, children: &[ChildRow]) {
        let became: HashMap<Uuid, &str> =
            children.iter().map(|child| (child.execution_id, child.became.as_str())).collect();
        for group in &mut self.groups {
            match became.get(&group.child).copied() {
                Some("held") => self.blocked.extend(group.marks.iter().map(|mark| mark.ended.member())),
                Some("gone") => {
                    group.policy = None;
                    group.decision = Decision::Wait;
                }
                Some("left") => group.left = true,
                _ => {}
            }
        }
    }
}

impl<'a> Group<'a> {
    fn new(flow_id: Uuid, edge: &'a EdgeRow, row: &WeighedRow) -> Self {
        let policy = edge.policy();
        if let Some(kind) = policy.as_ref().and_then(|policy| policy.unknown_kind.as_ref()) {
            warn!(flow = %flow_id, child = %edge.downstream_eid, kind, "an unknown kind of dependency is taken for all_of");
        }
        let counted = policy.as_ref().map(|policy| policy.decide(&edge.counters()));
        Self {
            flow_id,
            child: edge.downstream_eid,
            ctid: edge.group_ctid.as_deref(),
            policy,
            marks: Vec::new(),
            tally: row.tally(),
            decision: Decision::Wait,
            source: None,
            left: false,
            counted_as_decided: counted.is_some_and(|decision| decision != Decision::Wait),
        }
    }

    fn resolve(&mut self, mark: Mark<'a>, passes_data: bool) {
        let resolution = mark.resolution();
        self.tally.resolve(resolution);
        if let Some(policy) = self.policy.as_ref().filter(|policy| !policy.is_over()) {
            let before = self.decision;
            self.decision = policy.decide(&self.tally);
            // Of several upstreams that would do, the child gets what the one that decides has to say.
            let wins = policy.needs_all() || before == Decision::Wait && self.decision == Decision::Satisfied;
            if passes_data && wins && resolution == Resolution::Satisfied {
                self.source = Some(mark.ended.execution_id);
            }
        }
        self.marks.push(mark);
    }

    /// How the group fires now, as it is written into its policy.
    pub(crate) fn fires(&self) -> Option<&'static str> {
        self.decision.word()
    }

    /// Whether the upstreams that are still at work are to be cancelled.
    ///
    /// Not when the engine's own dispatcher had the group decided before, which shows in a child that waits no more and
    /// in the counters: its siblings were cancelled then, and those at work now have been started again since.
    pub(crate) fn cancels(&self) -> bool {
        let wished = self.policy.as_ref().is_some_and(|policy| policy.cancels_remaining);
        wished && self.decision != Decision::Wait && !(self.left && self.counted_as_decided)
    }
}
