//! When is what a child waits for decided?

/// How many edges of a group have got how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Staged only: their upstreams' endings do not count yet.
    pub(crate) unapplied: u32,
    /// Applied, and nobody knows yet how their upstreams end.
    pub(crate) open: u32,
    pub(crate) satisfied: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

/// How an edge comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolution {
    Satisfied,
    Failed,
    Skipped,
}

/// What a group's edges mean for the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Wait,
    /// The child may run.
    Satisfied,
    /// The child can never run.
    Impossible,
}

/// What a group asks of its edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    needs: Needs,
    /// Whether upstreams that are still at work when the group is decided are to be cancelled.
    pub(crate) cancels_remaining: bool,
    /// How the group was decided before, if it was.
    pub(crate) fired: Option<Decision>,
    /// A kind that we do not know and take for `all_of`, as the engine does.
    pub(crate) unknown_kind: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    All,
    AtLeast(u32),
}

impl Resolution {
    /// What an upstream's outcome means for its edges. Every word but two is a failure, as for the engine.
    pub(crate) fn of(outcome: &str) -> Self {
        match outcome {
            "success" => Self::Satisfied,
            "skipped" => Self::Skipped,
            _ => Self::Failed,
        }
    }
}

impl Decision {
    /// As it is written into the group's policy.
    pub(crate) fn word(self) -> Option<&'static str> {
        match self {
            Self::Wait => None,
            Self::Satisfied => Some("satisfied"),
            Self::Impossible => Some("impossible"),
        }
    }
}

impl Tally {
    /// An open edge comes out.
    pub(crate) fn resolve(&mut self, resolution: Resolution) {
        self.open = self.open.saturating_sub(1);
        match resolution {
            Resolution::Satisfied => self.satisfied += 1,
            Resolution::Failed => self.failed += 1,
            Resolution::Skipped => self.skipped += 1,
        }
    }
}

impl Policy {
    /// Reads the parts of `ff_edge_group.policy`. Whatever is missing or malformed is what the engine's readers take it for:
    /// no `kind` is `all_of`, no `k` is 1, no `on_satisfied` is `cancel_remaining`.
    pub(crate) fn new(kind: Option<&str>, k: Option<i64>, on_satisfied: Option<&str>, fired: Option<&str>) -> Self {
        let needs = match kind {
            Some("any_of") => Needs::AtLeast(1),
            Some("quorum") => Needs::AtLeast(k.and_then(|k| u32::try_from(k).ok()).unwrap_or(1).max(1)),
            _ => Needs::All,
        };
        let known = kind.is_none_or(|kind| kind == "all_of" || needs != Needs::All);
        Self {
            needs,
            cancels_remaining: needs != Needs::All && on_satisfied != Some("let_run"),
            fired: match fired {
                Some("satisfied") => Some(Decision::Satisfied),
                Some("impossible") => Some(Decision::Impossible),
                _ => None,
            },
            unknown_kind: kind.filter(|_| !known).map(str::to_owned),
        }
    }

    /// Whether one upstream of several will do.
    pub(crate) fn needs_all(&self) -> bool {
        self.needs == Needs::All
    }

    /// Whether the group has had its effect, so that further endings are only counted.
    ///
    /// Edges may be added to a group that waited for all of them and had it: an execution waits for its children in
    /// rounds. Then it is decided anew.
    pub(crate) fn is_over(&self) -> bool {
        match self.fired {
            Some(Decision::Satisfied) => !self.needs_all(),
            fired => fired.is_some(),
        }
    }

    /// What `tally` means. Does not depend on the order in which the edges came out, and does not change once it is
    /// not [`Decision::Wait`] any more, unless edges are added.
    pub(crate) fn decide(&self, tally: &Tally) -> Decision {
        let Tally { unapplied, open, satisfied, failed, skipped } = *tally;
        let (waiting, lost) = (unapplied + open, failed + skipped);
        match self.needs {
            // Nothing has come out, or there is nothing that could.
            _ if satisfied + lost == 0 => Decision::Wait,
            Needs::All if lost > 0 => Decision::Impossible,
            Needs::All if waiting == 0 => Decision::Satisfied,
            Needs::AtLeast(k) if satisfied >= k => Decision::Satisfied,
            Needs::AtLeast(_) if waiting == 0 => Decision::Impossible,
            // Where nothing is lost, more are needed than there are: the flow is still being built.
            Needs::AtLeast(k) if lost > 0 && satisfied + waiting < k => Decision::Impossible,
            _ => Decision::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Decision, Policy, Resolution, Tally};

    const RESOLUTIONS: [Resolution; 3] = [Resolution::Satisfied, Resolution::Failed, Resolution::Skipped];

    fn all_of() -> Policy {
        Policy::new(Some("all_of"), None, None, None)
    }

    fn quorum(k: i64) -> Policy {
        Policy::new(Some("quorum"), Some(k), None, None)
    }

    fn policy() -> impl Strategy<Value = (Policy, Option<u32>)> {
        prop_oneof![
            Just((all_of(), None)),
            Just((Policy::new(Some("any_of"), None, None, None), Some(1))),
            (1..7_u32).prop_map(|k| (quorum(i64::from(k)), Some(k))),
        ]
    }

    fn endings() -> impl Strategy<Value = Vec<Resolution>> {
        prop::collection::vec(prop::sample::select(&RESOLUTIONS[..]), 1..6)
    }

    fn tally(edges: usize, endings: &[Resolution]) -> Tally {
        let mut tally = Tally { open: u32::try_from(edges).expect("few"), ..Tally::default() };
        for ending in endings {
            tally.resolve(*ending);
        }
        tally
    }

    /// The decision by its meaning: of all the ways in which the rest may come out, does each satisfy, or none?
    fn by_trying_everything(k: Option<u32>, edges: usize, endings: &[Resolution]) -> Decision {
        if endings.is_empty() {
            return Decision::Wait;
        }
        let waiting = edges - endings.len();
        // A flow that is still being built may get the edges that a quorum asks for.
        let grown = k.map_or(edges, |k| if waiting > 0 { edges.max(k as usize) } else { edges });
        let mut ways = vec![endings.to_vec()];
        for _ in endings.len()..grown {
            ways = ways.iter().flat_map(|way| RESOLUTIONS.map(|next| [&way[..], &[next]].concat())).collect();
        }
        let satisfies = |way: &Vec<Resolution>| {
            let good = way.iter().filter(|ending| **ending == Resolution::Satisfied).count();
            k.map_or(good == way.len(), |k| good >= k as usize)
        };
        match (ways.iter().all(satisfies), ways.iter().any(satisfies)) {
            (true, _) => Decision::Satisfied,
            (_, false) => Decision::Impossible,
            _ => Decision::Wait,
        }
    }

    fn orders(endings: &[Resolution]) -> Vec<Vec<Resolution>> {
        if endings.is_empty() {
            return vec![Vec::new()];
        }
        let pick = |at: usize| {
            let mut rest = endings.to_vec();
            let first = rest.remove(at);
            orders(&rest).into_iter().map(move |order| [&[first], &order[..]].concat())
        };
        (0..endings.len()).flat_map(pick).collect()
    }

    proptest! {
        #[test]
        fn it_is_decided_at_the_first_moment_that_the_rest_makes_no_difference((policy, k) in policy(), endings in endings()) {
            for arrived in 0..=endings.len() {
                let decision = policy.decide(&tally(endings.len(), &endings[..arrived]));
                prop_assert_eq!(decision, by_trying_everything(k, endings.len(), &endings[..arrived]));
            }
        }

        #[test]
        fn it_is_decided_once_and_alike_in_every_order_of_arrival((policy, _) in policy(), endings in endings()) {
            let last = policy.decide(&tally(endings.len(), &endings));
            prop_assert_ne!(last, Decision::Wait, "with everything known, it is decided");
            for order in orders(&endings) {
                let mut decided = (1..=order.len())
                    .map(|arrived| policy.decide(&tally(order.len(), &order[..arrived])))
                    .skip_while(|decision| *decision == Decision::Wait);
                prop_assert!(decided.all(|decision| decision == last), "{:?}", order);
            }
        }

        #[test]
        fn an_edge_that_is_not_applied_counts_like_one_that_is_open((policy, _) in policy(), endings in endings(), unapplied in 0..3_u32) {
            let mut open = tally(endings.len(), &endings);
            open.open += unapplied;
            let mut staged = open;
            (staged.open, staged.unapplied) = (0, unapplied);
            prop_assert_eq!(policy.decide(&open), policy.decide(&staged));
        }
    }

    #[test]
    fn what_a_policy_does_not_say_is_what_the_engine_takes_it_for() {
        assert_eq!(Policy::new(None, Some(7), None, None), all_of());
        for k in [None, Some(-1), Some(0), Some(i64::MAX)] {
            assert_eq!(Policy::new(Some("quorum"), k, Some("cancel_remaining"), Some("")), quorum(1), "{k:?}");
        }
        assert!(quorum(1).cancels_remaining);
        assert!(!Policy::new(Some("any_of"), None, Some("let_run"), None).cancels_remaining);
    }

    #[test]
    fn an_unknown_kind_is_named_and_taken_for_all_of() {
        let policy = Policy::new(Some("majority"), Some(2), None, None);
        assert!(policy.needs_all() && !policy.cancels_remaining);
        assert_eq!(policy.unknown_kind.as_deref(), Some("majority"));
        assert_eq!(quorum(2).unknown_kind, None);
    }

    #[test]
    fn a_quorum_larger_than_its_group_is_not_impossible_on_the_first_success() {
        let policy = quorum(3);
        assert_eq!(policy.decide(&tally(2, &[Resolution::Satisfied])), Decision::Wait);
        assert_eq!(policy.decide(&tally(2, &[Resolution::Satisfied; 2])), Decision::Impossible);
    }
}
