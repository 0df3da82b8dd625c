//! Do flows run to their end?

use ff_scanner::core::Filter;
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::Works;
use ff_scanner_engine_tests::engine::{Group, Members, Stop};
use futures_util::future::{join, join_all};

use crate::dag::Dag;
use crate::{paths, reads};

fn in_rounds(rounds: usize, wanted: usize) -> Result<(), Stop> {
    if rounds == wanted { Ok(()) } else { Err(Stop::Said(format!("in {rounds} rounds"))) }
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
            dag.all_are(&children, "success").await
        };
    fan_in: "one that waits for fifty, which complete at once", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = dag.roots(50).await?;
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
            dag.all_are(&chain, "success").await
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
            let roots = dag.roots(3).await?;
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
            let roots = dag.roots(3).await?;
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
            dag.all_are(&chain[1..], "skipped").await
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
            dag.succeed().await?;
            dag.settle().await;
            dag.waits(child).await?;
            bench.engine().apply(dag.flow, edge).await?;
            in_rounds(dag.run().await?, 1)
        };
    unapplied_edge: "an edge that is only staged is waited for, too", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = dag.roots(2).await?;
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
            let roots = dag.roots(3).await?;
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
            dag.succeed().await?;
            // The key counts, too: the engine's own reconciler compares the value alone.
            let other = Filter::default().with_instance_tag("another.key", &bench.lane);
            assert_eq!(dag.depend_for(other).await.changed, 0);
            assert_eq!(dag.depend_for(bench.tag_filter()).await.changed, 1);
            paths::claim(bench, child).await
        };
    twice: "an upstream that is replayed and succeeds a second time counts once", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = dag.roots(2).await?;
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
            dag.succeed().await?;
            bench.lose_events(root).await;
            in_rounds(dag.run().await?, 1)?;
            dag.is(child, "success").await
        };
    running_child: "a child that is at work is left alone", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let roots = dag.roots(2).await?;
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
            let roots = dag.roots(2).await?;
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
            let roots = dag.roots(2).await?;
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
            dag.succeed().await?;
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
