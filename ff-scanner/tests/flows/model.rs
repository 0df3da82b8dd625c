//! What must become of a flow: the whole of the rules, in memory.

/// When the upstreams of an execution let it go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Successes that it takes; `None` means all of them.
    pub(crate) successes: Option<usize>,
    /// Whether upstreams that nobody waits for any more are cancelled.
    pub(crate) cancels: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// For its upstreams.
    Waiting,
    /// To be run; an execution without upstreams always is.
    Ready,
    Success,
    Failed,
    Cancelled,
    Skipped,
}

impl State {
    pub(crate) fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Ready)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) upstream: Vec<usize>,
    pub(crate) rule: Rule,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) nodes: Vec<Node>,
    pub(crate) states: Vec<State>,
    /// Whether its ending is known: by an event, or because somebody waited when it was cancelled without one.
    known: Vec<bool>,
    /// How its group was decided, if it was: satisfied or not.
    fired: Vec<Option<bool>>,
    pub(crate) cancelled_untold: Vec<usize>,
}

impl Model {
    pub(crate) fn new(nodes: &[Node]) -> Self {
        let first = |node: &Node| if node.upstream.is_empty() { State::Ready } else { State::Waiting };
        let states = nodes.iter().map(first).collect();
        Self {
            nodes: nodes.to_vec(),
            states,
            known: vec![true; nodes.len()],
            fired: vec![None; nodes.len()],
            cancelled_untold: Vec::new(),
        }
    }

    /// An operator cancels an execution, and no event tells of it.
    pub(crate) fn cancel_untold(&mut self, node: usize) {
        self.states[node] = State::Cancelled;
        self.cancelled_untold.push(node);
        let waited_for = self.below(node).any(|child| self.states[child] == State::Waiting);
        self.known[node] = waited_for;
    }

    /// Applies the rules until nothing changes any more. In which order makes no difference: what ends stays ended, and
    /// no group can have both enough successes and too many failures.
    pub(crate) fn settle(&mut self) {
        while (0..self.nodes.len()).any(|node| self.fire(node)) {}
    }

    /// Whether what ended as cancelled might as well have ended as skipped, or the other way round: both were due, and
    /// either may come first.
    pub(crate) fn may_be_either(&self, node: usize) -> bool {
        let cancelled = |child: usize| self.fired[child].is_some() && self.nodes[child].rule.cancels;
        self.fired[node] == Some(false) && self.below(node).any(cancelled)
    }

    fn below(&self, node: usize) -> impl Iterator<Item = usize> {
        (0..self.nodes.len()).filter(move |child| self.nodes[*child].upstream.contains(&node))
    }

    fn fire(&mut self, node: usize) -> bool {
        let Node { upstream, rule } = &self.nodes[node];
        let is = |wanted: fn(State) -> bool| {
            upstream.iter().filter(|up| self.known[**up] && wanted(self.states[**up])).count()
        };
        let good = is(|state| state == State::Success);
        let bad = is(|state| state.is_over() && state != State::Success);
        let wanted = rule.successes.unwrap_or(upstream.len());
        let satisfied = good >= wanted;
        if upstream.is_empty() || self.fired[node].is_some() || !(satisfied || upstream.len() - bad < wanted) {
            return false;
        }
        let siblings = if rule.cancels { upstream.clone() } else { Vec::new() };
        self.fired[node] = Some(satisfied);
        if self.states[node] == State::Waiting {
            self.states[node] = if satisfied { State::Ready } else { State::Skipped };
        }
        for sibling in siblings {
            if !self.states[sibling].is_over() {
                self.states[sibling] = State::Cancelled;
            }
        }
        true
    }
}
