//! Does what was trimmed, spoilt or told at once stop a flow, or those beside it?

use ff_scanner::core::{Global, Reconciler, TickReport};
use ff_scanner::deps::Dependency;
use ff_scanner::edge_cancel::{EdgeCancelDispatcher, EdgeCancelReconciler};
use ff_scanner_engine_tests::bench::{Bench, PARTITION};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{self, Absent, Works};
use ff_scanner_engine_tests::engine::{Execution, Group, Stop};
use uuid::Uuid;

use crate::dag::{Dag, Workers};
use crate::paths;

const TRIMMED_UPSTREAM: Cell = Cell::Defect {
    shows: "it waits for ever",
    why: "`trim_retention` removes what ended together with what tells of it, whether anybody has seen that or not, and \
          nothing says any more how it ended.",
};

/// Two of which one has succeeded; the group of the child that waits for either asks for the other to be cancelled.
#[derive(Clone, Copy)]
struct Race {
    winner: Execution,
    loser: Execution,
    child: Execution,
}

impl Race {
    /// Writes one that has not begun.
    async fn write(dag: &Dag<'_>) -> Result<Self, Stop> {
        let (winner, loser) = (dag.root().await?, dag.root().await?);
        let child = dag.child(Group::Any { cancel: true }, &[winner, loser]).await?;
        Ok(Self { winner, loser, child })
    }
}

/// Two of them in one flow, and those at work on the losers.
async fn races(dag: &Dag<'_>) -> Result<([Race; 2], Workers), Stop> {
    let races = [Race::write(dag).await?, Race::write(dag).await?];
    let mut workers = dag.claim().await?;
    for race in races {
        finish(dag, &mut workers, race.winner).await?;
    }
    dag.depend().await;
    Ok((races, workers))
}

async fn finish(dag: &Dag<'_>, workers: &mut Workers, execution: Execution) -> Result<(), Stop> {
    let worker = workers.remove(&execution.id).ok_or_else(|| Stop::Said("it has no worker".to_owned()))?;
    dag.bench.finish(&*worker).await
}

/// What `dependency` does by events alone, one at a time: what has ended just now is too young to be healed.
async fn told(bench: &Bench) -> TickReport {
    bench.global_cycle(&Dependency::new(bench.pool()).with_batch_limit(1)).await
}

/// Whether `reconciler` finds nothing to do.
async fn rests(bench: &Bench, reconciler: &impl Reconciler<Scope = Global>) {
    let report = bench.global_cycle(reconciler).await;
    assert_eq!(report.examined(), 0, "{} goes on: {report:?}", reconciler.name());
}

async fn all_rest(bench: &Bench) {
    rests(bench, &Dependency::new(bench.pool())).await;
    rests(bench, &EdgeCancelDispatcher::new(bench.pool())).await;
    rests(bench, &EdgeCancelReconciler::new(bench.pool())).await;
}

/// Lets a group list `members`, and says whether that, and it alone, is told as a failure by whoever looks, while the
/// group beside it is settled. Returns the one who should have been cancelled.
async fn spoilt(bench: &Bench, members: impl FnOnce(&Race) -> Vec<String>) -> Result<(Dag<'_>, Race), Stop> {
    let dag = Dag::new(bench).await?;
    let ([spoilt, beside], _workers) = races(&dag).await?;
    bench.list_members(dag.flow, spoilt.child, &members(&spoilt)).await;
    let key = format!("{PARTITION}/{}/{}", dag.flow.id, spoilt.child.id);
    // Whoever has told of it is silent for a while; one that has just started is not.
    for _ in 0..2 {
        let report = bench.global_report(&EdgeCancelDispatcher::new(bench.pool()), bench.filter()).await;
        let told: Vec<_> = report.failures.iter().filter(|failure| failure.error.contains("no uuid")).collect();
        if told.len() != 1 || report.failed() != 1 || told[0].key != key {
            return Err(Stop::Said(format!("{report:?}")));
        }
        dag.is(beside.loser, "cancelled").await?;
        rests(bench, &EdgeCancelReconciler::new(bench.pool())).await;
    }
    Ok((dag, spoilt))
}

/// Whether the group of `child` still lists `members`.
async fn lists(dag: &Dag<'_>, child: Execution, members: &[String]) -> Result<(), Stop> {
    let listed = dag.bench.listed_members(dag.flow, child).await;
    if listed.as_deref() == Some(members) { Ok(()) } else { Err(Stop::Said(format!("it lists {listed:?}"))) }
}

async fn was_cancelled_because(bench: &Bench, execution: Execution, reason: &str) -> Result<(), Stop> {
    let seen = bench.engine().cancellation_reason(execution).await?;
    if seen == reason { Ok(()) } else { Err(Stop::Said(seen)) }
}

checks! {
    LEAVINGS: "Where the engine's own handling of flows goes wrong";
    trimmed_child: "a child that is trimmed before its upstream ends: the one beside it goes on at once", [Absent, Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let gone = dag.child(Group::All, &[root]).await?;
            let beside = dag.child(Group::All, &[root]).await?;
            // Nothing in the engine keeps somebody from letting a child run before its time.
            bench.promote(gone).await;
            let mut workers = dag.claim().await?;
            finish(&dag, &mut workers, gone).await?;
            assert_eq!(bench.engine().trim(PARTITION, &bench.lane).await?, 1);
            finish(&dag, &mut workers, root).await?;
            let report = told(bench).await;
            assert_eq!(report.verdicts, [("dispatched".to_owned(), 1), ("promoted".to_owned(), 1)].into(), "{report:?}");
            all_rest(bench).await;
            paths::claim(bench, beside).await
        };
    trimmed_children: "nor does one that is trimmed after its group was decided", [Absent, Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = dag.roots(2).await?;
            let gone = dag.child(Group::Any { cancel: false }, &roots).await?;
            let beside = dag.child(Group::All, &roots).await?;
            let mut workers = dag.claim().await?;
            finish(&dag, &mut workers, roots[0]).await?;
            dag.settle().await;
            finish(&dag, &mut dag.claim().await?, gone).await?;
            dag.settle().await;
            assert_eq!(bench.engine().trim(PARTITION, &bench.lane).await?, 2);
            finish(&dag, &mut workers, roots[1]).await?;
            let report = told(bench).await;
            assert_eq!(report.verdicts, [("dispatched".to_owned(), 1), ("promoted".to_owned(), 1)].into(), "{report:?}");
            all_rest(bench).await;
            paths::claim(bench, beside).await
        };
    trimmed_upstream: "an upstream that is trimmed before anybody has seen that it ended", [Absent, TRIMMED_UPSTREAM],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let child = dag.child(Group::All, &[root]).await?;
            dag.succeed().await?;
            assert_eq!(bench.engine().trim(PARTITION, &bench.lane).await?, 1);
            dag.settle().await;
            match dag.waits(child).await {
                Ok(()) => Err(Stop::Said("it waits for ever".to_owned())),
                Err(_) => Ok(()),
            }
        };
    siblings_of_a_trimmed_child: "a child that is trimmed while its siblings are to be cancelled: they are", [Absent, Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let ([gone, beside], _workers) = races(&dag).await?;
            finish(&dag, &mut dag.claim().await?, gone.child).await?;
            assert_eq!(bench.engine().trim(PARTITION, &bench.lane).await?, 3);
            let report = bench.global_cycle(&EdgeCancelDispatcher::new(bench.pool())).await;
            assert_eq!(report.verdicts, [("drained".to_owned(), 2)].into(), "{report:?}");
            dag.all_are(&[gone.loser, beside.loser], "cancelled").await?;
            dag.depend().await;
            all_rest(bench).await;
            Ok(())
        };
    trimmed_siblings: "a child that is trimmed with all its siblings: its group is done with", [Absent, Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let ([gone, beside], mut workers) = races(&dag).await?;
            finish(&dag, &mut dag.claim().await?, gone.child).await?;
            finish(&dag, &mut workers, gone.loser).await?;
            dag.depend().await;
            assert_eq!(bench.engine().trim(PARTITION, &bench.lane).await?, 4);
            let report = bench.global_cycle(&EdgeCancelReconciler::new(bench.pool())).await;
            assert_eq!(report.verdicts, [("drained".to_owned(), 1)].into(), "{report:?}");
            let report = bench.global_cycle(&EdgeCancelDispatcher::new(bench.pool())).await;
            assert_eq!(report.verdicts, [("drained".to_owned(), 1)].into(), "{report:?}");
            dag.is(beside.loser, "cancelled").await?;
            dag.depend().await;
            all_rest(bench).await;
            Ok(())
        };
    two_at_once: "two upstreams of which is told at the same instant: each counts, once", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = dag.roots(2).await?;
            let left = dag.child(Group::All, &roots[..1]).await?;
            let right = dag.child(Group::All, &roots[1..]).await?;
            let both = dag.child(Group::All, &roots).await?;
            dag.succeed().await?;
            bench.tell_at_once(&roots).await;
            let report = told(bench).await;
            assert_eq!(report.verdicts, [("dispatched".to_owned(), 2), ("promoted".to_owned(), 3)].into(), "{report:?}");
            all_rest(bench).await;
            dag.succeed().await?;
            dag.all_are(&[left, right, both], "success").await
        };
    one_twice_at_once: "an upstream of which is told twice at the same instant: it counts once", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = dag.roots(2).await?;
            let child = dag.child(Group::All, &roots).await?;
            let mut workers = dag.claim().await?;
            finish(&dag, &mut workers, roots[0]).await?;
            bench.engine().replay(roots[0]).await?;
            paths::claim(bench, roots[0]).await?;
            bench.tell_at_once(&roots[..1]).await;
            let report = told(bench).await;
            assert_eq!(report.verdicts, [("dispatched".to_owned(), 2)].into(), "{report:?}");
            all_rest(bench).await;
            dag.waits(child).await?;
            finish(&dag, &mut workers, roots[1]).await?;
            told(bench).await;
            paths::claim(bench, child).await
        };
    impossible: "a sibling that is cancelled because its quorum cannot be reached any more reads so", [Absent, Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = dag.roots(3).await?;
            dag.child(Group::Quorum(2), &roots).await?;
            let workers = dag.claim().await?;
            workers[&roots[0].id].give_up().await?;
            workers[&roots[1].id].give_up().await?;
            dag.settle().await;
            dag.is(roots[2], "cancelled").await?;
            was_cancelled_because(bench, roots[2], "sibling_quorum_impossible").await
        };
    satisfied: "and one that is cancelled because enough have succeeded reads otherwise", [Absent, Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let ([race, _], _workers) = races(&dag).await?;
            dag.settle().await;
            was_cancelled_because(bench, race.loser, "sibling_quorum_satisfied").await
        };
    unreadable: "a group none of whose members can be read: told as a failure, kept, and in nobody's way", [Works],
        async |bench| {
            let members = ["no uuid".to_owned(), format!("{{fp:{}}}:{}", PARTITION + 1, Uuid::new_v4())];
            let (dag, spoilt) = spoilt(bench, |_| members.to_vec()).await?;
            dag.is(spoilt.loser, "none").await?;
            lists(&dag, spoilt.child, &members).await
        };
    partly_unreadable: "a group some of whose members can be read: these are cancelled, and the others told of", [Works],
        async |bench| {
            let members = |race: &Race| vec!["no uuid".to_owned(), race.loser.id.to_string()];
            let (dag, spoilt) = spoilt(bench, members).await?;
            dag.is(spoilt.loser, "cancelled").await?;
            lists(&dag, spoilt.child, &["no uuid".to_owned()]).await
        };
}
