//! What becomes of executions that wait for others?

use ff_scanner::core::Filter;
use ff_scanner_engine_tests::bench::{Bench, Kind};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{self, Absent, Works};
use ff_scanner_engine_tests::engine::{Edge, Execution, Group, Members, Stop};
use futures_util::future::{join, join_all};
use uuid::Uuid;

use crate::dag::Dag;
use crate::paths::{self, NOT_RESUMED, NOTHING};
use crate::reads;

const NEVER_CLAIMED: Cell = Cell::Defect {
    shows: "unrecognized attempt_state=pending",
    why: "`issue_grant_and_claim` does not know the state `pending` that `create_execution` writes, and so takes no \
          execution that was never claimed before.",
};

/// A child whose only upstream has succeeded.
async fn promoted(bench: &Bench) -> Result<Execution, Stop> {
    let dag = Dag::new(bench).await?;
    let root = dag.root().await?;
    let child = dag.child(Group::All, &[root]).await?;
    succeed(&dag).await?;
    dag.settle().await;
    Ok(child)
}

/// A child whose only upstream has failed.
async fn skipped(bench: &Bench) -> Result<(Dag<'_>, Execution, Execution), Stop> {
    let dag = Dag::new(bench).await?;
    let root = dag.root().await?;
    let child = dag.child(Group::All, &[root]).await?;
    dag.claim().await?[&root.id].give_up().await?;
    dag.settle().await;
    Ok((dag, root, child))
}

/// Completes all that is claimable.
async fn succeed(dag: &Dag<'_>) -> Result<(), Stop> {
    for worker in dag.claim().await?.values() {
        dag.bench.finish(&**worker).await?;
    }
    Ok(())
}

async fn roots(dag: &Dag<'_>, number: usize) -> Result<Vec<Execution>, Stop> {
    let mut roots = Vec::new();
    for _ in 0..number {
        roots.push(dag.root().await?);
    }
    Ok(roots)
}

async fn all_are(dag: &Dag<'_>, executions: &[Execution], outcome: &str) -> Result<(), Stop> {
    for execution in executions {
        dag.is(*execution, outcome).await?;
    }
    Ok(())
}

fn in_rounds(rounds: usize, wanted: usize) -> Result<(), Stop> {
    if rounds == wanted { Ok(()) } else { Err(Stop::Said(format!("in {rounds} rounds"))) }
}

checks! {
    PROMOTED: "`dependency` lets an execution go on whose upstreams have succeeded";
    claim_takes_it: "`claim`", [Works],
        async |bench| paths::claim(bench, promoted(bench).await?).await;
    claim_execution_takes_it: "`claim_execution`", [Absent, Works],
        async |bench| paths::claim_execution(bench, promoted(bench).await?).await;
    issue_grant_and_claim_does_not: "`issue_grant_and_claim`", [Absent, NEVER_CLAIMED],
        async |bench| paths::issue_grant_and_claim(bench, promoted(bench).await?).await;
    the_scheduler_grants_it: "`claim_for_worker`", [Works],
        async |bench| {
            let execution = promoted(bench).await?;
            let granted = bench.engine().claim_for_worker(&bench.lane).await?;
            if granted == execution { Ok(()) } else { Err(Stop::Said("another".to_owned())) }
        };
    claim_resumed_execution_does_not: "`claim_resumed_execution`", [NOT_RESUMED],
        async |bench| paths::claim_resumed_execution(bench, promoted(bench).await?).await;
    it_reads_as_waiting: "`read_execution_info`: waiting", [Works],
        async |bench| reads::waits(bench, promoted(bench).await?, "waiting").await;
    it_has_the_result_for_its_input: "`read_execution_context`: the upstream's result, where the edge passes data",
        [Absent, Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let child = dag.member().await?;
            let edge = Edge { id: Uuid::new_v4(), upstream: root, downstream: child };
            bench.engine().stage(dag.flow, edge, true).await?;
            bench.engine().apply(dag.flow, edge).await?;
            succeed(&dag).await?;
            dag.settle().await;
            let input = bench.engine().input(child).await?;
            if input == b"done" { Ok(()) } else { Err(Stop::Said(format!("{input:?}"))) }
        };
}

checks! {
    SKIPPED: "`dependency` skips an execution whose upstreams have failed";
    it_reads_as_skipped: "`read_execution_info`: skipped, and when", [Works],
        async |bench| {
            let since_ms = bench.engine().now_ms();
            let (_, _, child) = skipped(bench).await?;
            reads::ended(bench, child, since_ms, "skipped").await
        };
    claim_finds_nothing: "`claim`", [NOTHING],
        async |bench| paths::claim(bench, skipped(bench).await?.2).await;
    its_completion_is_told_once: "`subscribe_completion`: skipped, once, though the event is looked at again", [Works],
        async |bench| {
            let events = bench.engine().completions(&bench.filter()).await?;
            let (dag, _, child) = skipped(bench).await?;
            dag.settle().await;
            let words = bench.words(events, Kind::Completion, child).await?;
            if words == [r#"Other("skipped")"#] { Ok(()) } else { Err(Stop::Said(format!("{words:?}"))) }
        };
    a_replay_waits_again: "`replay_execution` of it: waits for its upstream, which is replayed and succeeds", [Works],
        async |bench| {
            let (dag, root, child) = skipped(bench).await?;
            bench.engine().replay(child).await?;
            bench.engine().replay(root).await?;
            paths::claim(bench, root).await?;
            dag.settle().await;
            paths::claim(bench, child).await
        };
    a_replay_is_skipped_again: "`replay_execution` of it, and its upstream stays failed", [Works],
        async |bench| {
            let (dag, _, child) = skipped(bench).await?;
            bench.engine().replay(child).await?;
            dag.settle().await;
            dag.is(child, "skipped").await
        };
}

checks! {
    FLOWS: "Flows run to their end, with the reconcilers as their only driver";
    fan_out: "one upstream, ten that wait for it", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let mut children = Vec::new();
            for _ in 0..10 {
                children.push(dag.child(Group::All, &[root]).await?);
            }
            in_rounds(dag.run().await?, 2)?;
            all_are(&dag, &children, "success").await
        };
    fan_in: "one that waits for fifty, which complete at once", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = roots(&dag, 50).await?;
            let child = dag.child(Group::All, &roots).await?;
            let workers = dag.claim().await?;
            let complete = join_all(workers.values().map(|worker| worker.complete(b"done")));
            let depend = async { for _ in 0..5 { dag.depend().await } };
            let (completed, ()) = join(complete, depend).await;
            completed.into_iter().collect::<Result<(), _>>()?;
            in_rounds(dag.run().await?, 1)?;
            dag.is(child, "success").await
        };
    depth: "a chain of ten", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let mut chain = vec![dag.root().await?];
            for place in 1..10 {
                chain.push(dag.child(Group::All, &chain[place - 1..]).await?);
            }
            in_rounds(dag.run().await?, 10)?;
            all_are(&dag, &chain, "success").await
        };
    diamond: "a diamond", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let left = dag.child(Group::All, &[root]).await?;
            let right = dag.child(Group::All, &[root]).await?;
            let bottom = dag.child(Group::All, &[left, right]).await?;
            in_rounds(dag.run().await?, 3)?;
            dag.is(bottom, "success").await
        };
    quorum: "a quorum of two of three, with one that fails", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = roots(&dag, 3).await?;
            let child = dag.child(Group::Quorum(2), &roots).await?;
            let workers = dag.claim().await?;
            workers[&roots[0].id].give_up().await?;
            dag.settle().await;
            dag.is(child, "none").await?;
            bench.finish(&*workers[&roots[1].id]).await?;
            bench.finish(&*workers[&roots[2].id]).await?;
            dag.run().await?;
            dag.is(child, "success").await
        };
    lost_quorum: "a quorum that cannot be reached any more", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = roots(&dag, 3).await?;
            let child = dag.child(Group::Quorum(2), &roots).await?;
            let workers = dag.claim().await?;
            workers[&roots[0].id].give_up().await?;
            workers[&roots[1].id].give_up().await?;
            dag.settle().await;
            dag.is(child, "skipped").await?;
            dag.is(roots[2], "cancelled").await
        };
    cascade: "a failure skips all that hangs below it, ten deep", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let mut chain = vec![dag.root().await?];
            for place in 1..10 {
                chain.push(dag.child(Group::All, &chain[place - 1..]).await?);
            }
            dag.claim().await?[&chain[0].id].give_up().await?;
            dag.settle().await;
            all_are(&dag, &chain[1..], "skipped").await
        };
    cancelled_upstream: "an upstream that an operator cancels, of which no event tells", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let child = dag.child(Group::All, &[root]).await?;
            bench.engine().cancel_by_operator(root).await?;
            dag.settle().await;
            dag.is(child, "skipped").await
        };
    cancelled_worker: "an upstream that its worker cancels, of which no event tells", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let child = dag.child(Group::All, &[root]).await?;
            dag.claim().await?[&root.id].cancel().await?;
            dag.settle().await;
            dag.is(child, "skipped").await
        };
    late_edge: "an edge that is applied when its upstream has ended", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let child = dag.member().await?;
            let edge = dag.staged(root, child).await?;
            succeed(&dag).await?;
            dag.settle().await;
            dag.waits(child).await?;
            bench.engine().apply(dag.flow, edge).await?;
            in_rounds(dag.run().await?, 1)
        };
    unapplied_edge: "an edge that is only staged is waited for, too", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = roots(&dag, 2).await?;
            let child = dag.child(Group::All, &roots[..1]).await?;
            let edge = dag.staged(roots[1], child).await?;
            let workers = dag.claim().await?;
            bench.finish(&*workers[&roots[0].id]).await?;
            dag.settle().await;
            dag.waits(child).await?;
            bench.engine().apply(dag.flow, edge).await?;
            bench.finish(&*workers[&roots[1].id]).await?;
            in_rounds(dag.run().await?, 1)
        };
    unapplied_quorum: "a quorum of three, of which two edges are applied when the first succeeds", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = roots(&dag, 3).await?;
            let child = dag.child(Group::Quorum(3), &roots[..2]).await?;
            let edge = dag.staged(roots[2], child).await?;
            let workers = dag.claim().await?;
            bench.finish(&*workers[&roots[0].id]).await?;
            dag.settle().await;
            dag.waits(child).await?;
            bench.engine().apply(dag.flow, edge).await?;
            bench.finish(&*workers[&roots[1].id]).await?;
            bench.finish(&*workers[&roots[2].id]).await?;
            in_rounds(dag.run().await?, 1)
        };
    of_an_instance: "a reconciler that keeps to one value of a tag, though the event carries none", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let child = dag.child(Group::All, &[root]).await?;
            succeed(&dag).await?;
            // The key counts, too: the engine's own reconciler compares the value alone.
            let other = Filter::default().with_instance_tag("another.key", &bench.lane);
            assert_eq!(dag.depend_for(other).await.changed, 0);
            assert_eq!(dag.depend_for(bench.tag_filter()).await.changed, 1);
            paths::claim(bench, child).await
        };
    twice: "an upstream that is replayed and succeeds a second time counts once", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = roots(&dag, 2).await?;
            let child = dag.child(Group::All, &roots).await?;
            let workers = dag.claim().await?;
            bench.finish(&*workers[&roots[0].id]).await?;
            dag.settle().await;
            bench.engine().replay(roots[0]).await?;
            paths::claim(bench, roots[0]).await?;
            dag.settle().await;
            dag.waits(child).await?;
            bench.finish(&*workers[&roots[1].id]).await?;
            in_rounds(dag.run().await?, 1)
        };
    lost_event: "an event that was marked and never applied, as a crash of the engine leaves it", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let child = dag.child(Group::All, &[root]).await?;
            succeed(&dag).await?;
            bench.lose_events(root).await;
            in_rounds(dag.run().await?, 1)?;
            dag.is(child, "success").await
        };
    running_child: "a child that is at work is left alone", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = roots(&dag, 2).await?;
            let child = dag.child(Group::Any { cancel: false }, &roots).await?;
            let workers = dag.claim().await?;
            bench.finish(&*workers[&roots[0].id]).await?;
            dag.settle().await;
            let at_work = dag.claim().await?;
            bench.finish(&*workers[&roots[1].id]).await?;
            dag.settle().await;
            bench.finish(&*at_work[&child.id]).await
        };
    suspended_child: "a child that is suspended is left alone, too", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = roots(&dag, 2).await?;
            let child = dag.child(Group::Any { cancel: false }, &roots).await?;
            let workers = dag.claim().await?;
            bench.finish(&*workers[&roots[0].id]).await?;
            dag.settle().await;
            dag.claim().await?[&child.id].suspend(bench.engine().now_ms() + 600_000, "fail").await?;
            workers[&roots[1].id].give_up().await?;
            dag.settle().await;
            reads::waits(bench, child, "suspended").await
        };
    cancelled_flow: "`cancel_flow` of all, which cancels once more what has ended", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = roots(&dag, 2).await?;
            let child = dag.child(Group::All, &roots).await?;
            bench.finish(&*dag.claim().await?[&roots[0].id]).await?;
            bench.engine().cancel_flow(dag.flow, Members::All).await?;
            dag.settle().await;
            dag.is(child, "cancelled").await
        };
    cancelled_child: "a child that an operator cancelled", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let child = dag.child(Group::All, &[root]).await?;
            let below = dag.child(Group::All, &[child]).await?;
            bench.engine().cancel_by_operator(child).await?;
            succeed(&dag).await?;
            dag.settle().await;
            dag.is(child, "cancelled").await?;
            dag.is(below, "skipped").await
        };
    retried_upstream: "an upstream that loses its worker, fails, and succeeds in the end", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let child = dag.child(Group::All, &[root]).await?;
            dag.claim().await?[&root.id].fail().await?;
            dag.settle().await;
            dag.is(child, "none").await?;
            in_rounds(dag.run().await?, 2)
        };
    resumed_upstream: "an upstream that is resumed has not ended", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let root = dag.root().await?;
            let child = dag.child(Group::All, &[root]).await?;
            let now_ms = bench.engine().now_ms();
            let waitpoint = dag.claim().await?[&root.id].suspend(now_ms + 600_000, "fail").await?;
            bench.engine().signal(root, &waitpoint).await?;
            dag.settle().await;
            dag.is(child, "none").await?;
            in_rounds(dag.run().await?, 2)
        };
}
