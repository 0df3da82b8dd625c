//! What becomes of executions whose result nobody waits for any more?

use ff_scanner_engine_tests::bench::{Bench, Kind, LONG_MS};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::{self, Works};
use ff_scanner_engine_tests::engine::{Execution, Group, Members, Stop, Worker};

use crate::dag::Dag;
use crate::paths::{self, NOTHING};
use crate::reads;
use crate::zombie::{REFUSED, Try, tries};

const CANCELLED_MEMBER: Cell = Cell::Refuses {
    says: r#"NotFound { entity: "waitpoint" }"#,
    why: "What the signal was for is cancelled, and its waitpoint with it.",
};

/// A flow in which one of two has succeeded, and the other is cancelled while it is at work.
struct Race<'a> {
    dag: Dag<'a>,
    loser: Box<dyn Worker>,
    below: Execution,
    since_ms: i64,
}

async fn race(bench: &Bench) -> Result<Race<'_>, Stop> {
    let dag = Dag::new(bench).await?;
    let (winner, loser) = (dag.root().await?, dag.root().await?);
    dag.child(Group::Any { cancel: true }, &[winner, loser]).await?;
    let below = dag.child(Group::All, &[loser]).await?;
    let mut workers = dag.claim().await?;
    let since_ms = bench.engine().now_ms();
    bench.finish(&*workers[&winner.id]).await?;
    dag.settle().await;
    let loser = workers.remove(&loser.id).ok_or_else(|| Stop::Said("the loser has no worker".to_owned()))?;
    Ok(Race { dag, loser, below, since_ms })
}

/// A flow in which the one that nobody waits for any more was suspended.
async fn suspended(bench: &Bench) -> Result<(Execution, ff_scanner_engine_tests::engine::Waitpoint), Stop> {
    let dag = Dag::new(bench).await?;
    let (winner, loser) = (dag.root().await?, dag.root().await?);
    dag.child(Group::Any { cancel: true }, &[winner, loser]).await?;
    let workers = dag.claim().await?;
    let waitpoint = workers[&loser.id].suspend(bench.engine().now_ms() + 600_000, "fail").await?;
    bench.finish(&*workers[&winner.id]).await?;
    dag.settle().await;
    Ok((loser, waitpoint))
}

checks! {
    CANCELLED: "`edge_cancel_dispatcher` cancels the siblings that nobody waits for any more";
    it_reads_as_cancelled: "`read_execution_info`: cancelled, and when", [Works],
        async |bench| {
            let race = race(bench).await?;
            reads::ended(bench, race.loser.execution(), race.since_ms, "cancelled").await
        };
    claim_finds_nothing: "`claim`, once the child is claimed", [NOTHING],
        async |bench| {
            let race = race(bench).await?;
            race.dag.claim().await?;
            paths::claim(bench, race.loser.execution()).await
        };
    its_renew_is_refused: "`renew` by its worker", [REFUSED],
        async |bench| tries(bench, &*race(bench).await?.loser, Try::Renew).await;
    its_progress_is_refused: "`progress` by its worker", [REFUSED],
        async |bench| tries(bench, &*race(bench).await?.loser, Try::Progress).await;
    its_complete_is_refused: "`complete` by its worker", [REFUSED],
        async |bench| tries(bench, &*race(bench).await?.loser, Try::Complete).await;
    its_fail_is_refused: "`fail` by its worker", [REFUSED],
        async |bench| tries(bench, &*race(bench).await?.loser, Try::Fail).await;
    its_completion_is_told_once: "`subscribe_completion`: cancelled, once", [Works],
        async |bench| {
            let events = bench.engine().completions(&bench.filter()).await?;
            let race = race(bench).await?;
            let words = bench.words(events, Kind::Completion, race.loser.execution()).await?;
            if words == ["Cancelled"] { Ok(()) } else { Err(Stop::Said(format!("{words:?}"))) }
        };
    its_lease_is_told_once: "`subscribe_lease_history`: acquired, revoked", [Works],
        async |bench| {
            let events = bench.engine().leases(&bench.filter()).await?;
            let race = race(bench).await?;
            let words = bench.words(events, Kind::Lease, race.loser.execution()).await?;
            if words == ["acquired", "revoked"] { Ok(()) } else { Err(Stop::Said(format!("{words:?}"))) }
        };
    what_hangs_below_moves_on: "what waits for the cancelled one is skipped", [Works],
        async |bench| {
            let race = race(bench).await?;
            race.dag.is(race.below, "skipped").await
        };
    a_replay_takes_it: "`replay_execution`, then `claim`; it is not cancelled again", [Works],
        async |bench| {
            let race = race(bench).await?;
            race.dag.claim().await?;
            bench.engine().replay(race.loser.execution()).await?;
            race.dag.settle().await;
            paths::claim(bench, race.loser.execution()).await
        };
    a_suspended_one_is_cancelled: "a suspended one: `list_pending_waitpoints`: none", [Works],
        async |bench| {
            let (loser, _) = suspended(bench).await?;
            match bench.engine().pending_waitpoints(loser).await? {
                0 => Ok(()),
                some => Err(Stop::Said(format!("{some} waitpoints"))),
            }
        };
    a_suspended_one_cannot_be_signalled: "a suspended one: `deliver_signal`, too late", [CANCELLED_MEMBER],
        async |bench| {
            let (loser, waitpoint) = suspended(bench).await?;
            bench.engine().signal(loser, &waitpoint).await
        };
    a_waiting_one_is_cancelled: "one that was never claimed", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let (winner, loser) = (dag.root().await?, dag.member().await?);
            dag.child(Group::Any { cancel: true }, &[winner, loser]).await?;
            bench.finish(&*dag.claim().await?[&winner.id]).await?;
            dag.settle().await;
            dag.is(loser, "cancelled").await
        };
    a_lost_entry_is_queued_again: "one whose group is flagged and lost its queue entry", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let (winner, loser) = (dag.root().await?, dag.root().await?);
            dag.child(Group::Any { cancel: true }, &[winner, loser]).await?;
            bench.finish(&*dag.claim().await?[&winner.id]).await?;
            dag.depend().await;
            bench.lose_entries(dag.flow).await;
            dag.settle().await;
            dag.is(loser, "cancelled").await
        };
    let_run_lets_run: "with `let_run`, none", [Works],
        async |bench| {
            let dag = Dag::new(bench).await?;
            let (winner, other) = (dag.root().await?, dag.root().await?);
            dag.child(Group::Any { cancel: false }, &[winner, other]).await?;
            let workers = dag.claim().await?;
            bench.finish(&*workers[&winner.id]).await?;
            dag.settle().await;
            bench.finish(&*workers[&other.id]).await
        };
    a_late_success_cancels_nobody: "a second success, after all was cancelled, cancels nobody anew", [Works],
        async |bench| {
            let race = race(bench).await?;
            let loser = race.loser.execution();
            race.dag.claim().await?;
            bench.engine().replay(loser).await?;
            let worker = bench.engine().claim(&bench.lane, LONG_MS).await?;
            assert_eq!(worker.execution(), loser);
            race.dag.settle().await;
            bench.finish(&*worker).await?;
            race.dag.settle().await;
            race.dag.is(loser, "success").await
        };
    idle_entries_are_in_nobodys_way: "sixty entries that `cancel_flow` of the pending leaves in the queue", [Works],
        async |bench| {
            let idle = Dag::new(bench).await?;
            let root = idle.root().await?;
            for _ in 0..60 {
                idle.child(Group::All, &[root]).await?;
            }
            bench.engine().cancel_flow(idle.flow, Members::Pending).await?;
            let race = race(bench).await?;
            race.dag.is(race.loser.execution(), "cancelled").await
        };
}
