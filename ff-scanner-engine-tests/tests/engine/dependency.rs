//! What becomes of executions that wait for others?

use ff_scanner_engine_tests::bench::{Bench, Kind};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{self, Absent, Works};
use ff_scanner_engine_tests::engine::{Edge, Execution, Group, Stop};
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
    dag.succeed().await?;
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
            dag.succeed().await?;
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
