//! Where the engine's own loops over flows go wrong, do ours go right?

use ff_scanner::core::{Global, Reconciler, TickContext, TickReport};
use ff_scanner::edge_cancel::{EdgeCancelDispatcher, EdgeCancelReconciler};
use ff_scanner_engine_tests::bench::Bench;
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{Absent, Works};
use ff_scanner_engine_tests::engine::{Execution, Flow, Group, Stop};

use crate::dag::Dag;

const TELL_AGAIN: &str = include_str!("sql/tell_again.sql");
const AT_ONE_INSTANT: &str = include_str!("sql/at_one_instant.sql");
const GARBLE_MEMBERS: &str = include_str!("sql/garble_members.sql");
const UNDISPATCHED: &str = include_str!("sql/undispatched.sql");
const FLAGGED: &str = include_str!("sql/flagged.sql");

async fn write(bench: &Bench, sql: &'static str, of: Execution) {
    let done = sqlx::query(sql).bind(of.partition).bind(of.id).execute(&bench.pool()).await.expect("legal rows");
    assert!(done.rows_affected() > 0, "there is nothing to write");
}

async fn count(bench: &Bench, sql: &'static str, flow: Flow) -> i64 {
    let query = sqlx::query_scalar(sql).bind(flow.partition).bind(flow.id);
    query.fetch_one(&bench.pool()).await.expect("rows can be counted")
}

/// All of it, as `write` takes it.
fn all_of(flow: Flow) -> Execution {
    Execution { partition: flow.partition, id: flow.id }
}

fn right(is: bool, what: &str) -> Result<(), Stop> {
    if is { Ok(()) } else { Err(Stop::Said(what.to_owned())) }
}

/// What two cycles report, of which the second finds what the first has left.
async fn two_cycles(bench: &Bench, reconciler: &impl Reconciler<Scope = Global>) -> TickReport {
    let mut report = TickReport::default();
    for _ in 0..2 {
        let cx = TickContext::global().filtered(bench.filter());
        let tick = reconciler.tick(cx).await.unwrap_or_else(|error| panic!("{}: {error}", reconciler.name()));
        report.merge(tick.report);
    }
    report
}

/// A flow in which one of two has succeeded, whose child has ended, too, and all that has ended is trimmed; the other of
/// the two, and what waits for it, are left.
async fn trimmed(bench: &Bench, cancel: bool) -> Result<(Dag<'_>, Execution, Execution), Stop> {
    let dag = Dag::new(bench).await?;
    let (first, second) = (dag.root().await?, dag.root().await?);
    let child = dag.child(Group::Any { cancel }, &[first, second]).await?;
    let neighbour = dag.child(Group::All, &[second]).await?;
    let workers = dag.claim().await?;
    bench.finish(&*workers[&first.id]).await?;
    dag.depend().await;
    bench.finish(&*dag.claim().await?[&child.id]).await?;
    dag.depend().await;
    bench.engine().trim(&bench.lane).await?;
    assert!(bench.read(child).await.is_err(), "it is not trimmed");
    if !cancel {
        bench.finish(&*workers[&second.id]).await?;
    }
    Ok((dag, second, neighbour))
}

/// The one of three that is still at work when the other two have decided that a quorum of two can come, or cannot.
async fn third_of_a_quorum(bench: &Bench, can: bool) -> Result<String, Stop> {
    let dag = Dag::new(bench).await?;
    let (first, second, third) = (dag.root().await?, dag.root().await?, dag.root().await?);
    dag.child(Group::Quorum(2), &[first, second, third]).await?;
    let workers = dag.claim().await?;
    for decided in [first, second] {
        let worker = &workers[&decided.id];
        if can { bench.finish(&**worker).await? } else { worker.give_up().await? }
    }
    dag.settle().await;
    dag.is(third, "cancelled").await?;
    Ok(bench.rows(third).await)
}

checks! {
    FLOW_TRAPS: "Where the engine's own loops over flows go wrong";
    two_events_of_one_instant: "two events of one instant, of which one tells again what the other told", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let (first, second) = (dag.root().await?, dag.root().await?);
            let child = dag.child(Group::All, &[first, second]).await?;
            let workers = dag.claim().await?;
            bench.finish(&*workers[&first.id]).await?;
            write(bench, TELL_AGAIN, first).await;
            dag.depend().await;
            dag.waits(child).await?;
            bench.finish(&*workers[&second.id]).await?;
            write(bench, AT_ONE_INSTANT, all_of(dag.flow)).await;
            dag.depend().await;
            right(count(bench, UNDISPATCHED, dag.flow).await == 0, "an event was overlooked")?;
            right(dag.run().await? == 1, "the child does not run")?;
            dag.is(child, "success").await
        };
    a_trimmed_child: "an upstream of a child that `trim_retention` has removed", [Absent, Works],
        async |bench| {
            let (dag, _, neighbour) = trimmed(bench, false).await?;
            dag.settle().await;
            right(count(bench, UNDISPATCHED, dag.flow).await == 0, "an event was left")?;
            right(dag.claim().await?.contains_key(&neighbour.id), "its neighbour does not run")
        };
    a_trimmed_group: "the siblings of a group whose child and winner `trim_retention` has removed", [Absent, Works],
        async |bench| {
            let (dag, sibling, neighbour) = trimmed(bench, true).await?;
            dag.settle().await;
            dag.is(sibling, "cancelled").await?;
            dag.is(neighbour, "skipped").await?;
            right(count(bench, FLAGGED, dag.flow).await == 0, "the group is still queued")
        };
    an_impossible_quorum_says_so: "a sibling of a quorum that cannot come is cancelled for that reason", [Works],
        async |bench| {
            let rows = third_of_a_quorum(bench, false).await?;
            right(rows.contains("sibling_quorum_impossible"), &rows)
        };
    a_quorum_that_came_says_so: "and one of a quorum that has come for another", [Works],
        async |bench| {
            let rows = third_of_a_quorum(bench, true).await?;
            right(rows.contains("sibling_quorum_satisfied"), &rows)
        };
    ids_that_cannot_be_read: "a sibling's id that cannot be read is reported and kept, and the others are cancelled",
        [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let (winner, loser) = (dag.root().await?, dag.root().await?);
            dag.child(Group::Any { cancel: true }, &[winner, loser]).await?;
            bench.finish(&*dag.claim().await?[&winner.id]).await?;
            dag.depend().await;
            write(bench, GARBLE_MEMBERS, all_of(dag.flow)).await;
            let told = two_cycles(bench, &EdgeCancelDispatcher::new(bench.pool())).await;
            let [failure] = &*told.failures else { return Err(Stop::Said(format!("{told:?}"))) };
            let named = failure.key.contains(&dag.flow.id.to_string()) && failure.error.contains("no id");
            right(named, &format!("{failure:?}"))?;
            two_cycles(bench, &EdgeCancelReconciler::new(bench.pool())).await;
            right(count(bench, FLAGGED, dag.flow).await == 1, "the id is lost")?;
            dag.is(loser, "cancelled").await
        };
}
