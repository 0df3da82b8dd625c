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
    nodes: Vec<Node>,
    pub(crate) states: Vec<State>,
    fired: Vec<bool>,
}

impl Model {
    pub(crate) fn new(nodes: &[Node]) -> Self {
        let first = |node: &Node| if node.upstream.is_empty() { State::Ready } else { State::Waiting };
        Self { nodes: nodes.to_vec(), states: nodes.iter().map(first).collect(), fired: vec![false; nodes.len()] }
    }

    /// Applies the rules until nothing changes any more. In which order makes no difference: what ends stays ended, and
    /// no group can have both enough successes and too many failures.
    pub(crate) fn settle(&mut self) {
        while (0..self.nodes.len()).any(|node| self.fire(node)) {}
    }

    fn fire(&mut self, node: usize) -> bool {
        let Node { upstream, rule } = &self.nodes[node];
        let is = |wanted: fn(State) -> bool| upstream.iter().filter(|up| wanted(self.states[**up])).count();
        let good = is(|state| state == State::Success);
        let bad = is(|state| state.is_over() && state != State::Success);
        let wanted = rule.successes.unwrap_or(upstream.len());
        let satisfied = good >= wanted;
        if upstream.is_empty() || self.fired[node] || !(satisfied || upstream.len() - bad < wanted) {
            return false;
        }
        let siblings = if rule.cancels { upstream.clone() } else { Vec::new() };
        self.fired[node] = true;
        if self.states[node] == State::Waiting {
            self.states[node] = if satisfied { State::Ready } else { State::Skipped };
        }
        for sibling in siblings.into_iter().filter(|sibling| !self.states[*sibling].is_over()).collect::<Vec<_>>() {
            self.states[sibling] = State::Cancelled;
        }
        true
    }
}
