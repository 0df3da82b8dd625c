//! What if a group is huge, or somebody holds what it is about?

use std::collections::BTreeSet;

use ff_reconciler_edge_cancel::{CANCEL_SQL, EdgeCancelDispatcher};
use ff_scanner_core::{Backlog, Reconciler, TickContext};
use ff_scanner_testkit::{Database, Gate, Seed, SiblingGroup, read};
use uuid::Uuid;

use crate::support::{
    CANCELLED, NOW_MS, PARTITION, Standing, count, cycle, dispatch, queued, reconcile, standing, verdicts,
};

const CANCELLED_ROWS: &str = "ff_exec_core WHERE public_state = 'cancelled'";

#[tokio::test]
async fn a_group_of_two_thousand_siblings_goes_in_bounded_chunks_and_keeps_its_flag_to_the_last() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let mut siblings: Vec<Uuid> = Vec::new();
    for _ in 0..2001 {
        siblings.push(Uuid::new_v4());
    }
    sqlx::query(
        "INSERT INTO ff_exec_core (partition_key, execution_id, lane_id, lifecycle_phase, ownership_state, \
                eligibility_state, public_state, attempt_state, created_at_ms) \
         SELECT $1, id, 'default', 'runnable', 'unowned', 'eligible_now', 'waiting', 'pending', 0 FROM unnest($2) AS id",
    )
    .bind(PARTITION)
    .bind(&siblings)
    .execute(&pool)
    .await
    .expect("executions can be written");
    let huge = siblings.iter().fold(SiblingGroup::new(), |group, id| group.with_shared(*id));
    let huge = huge.insert(&pool, PARTITION, NOW_MS).await;
    let small = SiblingGroup::new().with(Seed::running(1000)).insert(&pool, PARTITION, NOW_MS).await;
    let dispatcher = EdgeCancelDispatcher::new(pool.clone());

    let tick = dispatcher.tick(TickContext::global().pinned(NOW_MS)).await.expect("the tick succeeds");

    assert_eq!((verdicts(&tick.report), tick.backlog), (vec![("drained", 1), ("partly", 1)], Backlog::Remaining));
    assert_eq!(count(&pool, CANCELLED_ROWS).await, 1000, "an act is bounded");
    assert_eq!(standing(&pool, &small).await, Standing::drained(), "and a small group has its turn in it");
    let left = standing(&pool, &huge).await;
    assert_eq!((left.flagged, left.queued, left.members.len()), (true, true, 1002));

    assert_eq!(verdicts(&cycle(&dispatcher).await), [("drained", 1), ("partly", 1)]);
    assert_eq!(count(&pool, CANCELLED_ROWS).await, 2002);
    assert_eq!(count(&pool, "ff_completion_event").await, 2002);
    assert_eq!(standing(&pool, &huge).await, Standing::drained());
}

#[tokio::test]
async fn a_sibling_that_somebody_holds_stays_on_the_list_and_does_not_hold_up_the_others() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(5);
    let group = SiblingGroup::new().with(Seed::running(1000)).with(Seed::running(1000)).with(Seed::running(1000));
    let group = group.insert(&pool, PARTITION, NOW_MS).await;
    let held = group.siblings[1];
    let mut holder = pool.begin().await.expect("a transaction");
    sqlx::query("SELECT FROM ff_attempt WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE")
        .bind(PARTITION)
        .bind(held)
        .execute(&mut *holder)
        .await
        .expect("rows can be locked");

    let done = dispatch(&pool).await;

    assert_eq!((verdicts(&done), done.skipped, done.failed()), (vec![("partly", 1)], 1, 0));
    assert_eq!(count(&pool, CANCELLED_ROWS).await, 2);
    assert_eq!(standing(&pool, &group).await, Standing::waiting(&[held]));
    assert_eq!(reconcile(&pool).await.examined(), 0, "a group with a running sibling is the dispatcher's");

    holder.rollback().await.expect("the lock is given back");
    assert_eq!(verdicts(&dispatch(&pool).await), [("drained", 1)]);
    assert_eq!(read::vector(&pool, PARTITION, held).await.0, CANCELLED);
    assert!(!queued(&pool, &group).await);
}

#[tokio::test]
async fn what_is_written_between_the_snapshot_of_an_act_and_its_locks_is_left_to_another_look() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    for (touched, sql) in [
        ("sibling", "UPDATE ff_exec_core SET priority = 7 WHERE execution_id = $1"),
        ("sibling", "UPDATE ff_attempt SET worker_id = 'touched' WHERE execution_id = $1"),
        ("group", "UPDATE ff_edge_group SET policy = '{}' WHERE downstream_eid = $1"),
    ] {
        let group = SiblingGroup::new().with(Seed::running(1000)).insert(&pool, PARTITION, NOW_MS).await;
        let sibling = group.siblings[0];
        let before = read::vector(&pool, PARTITION, sibling).await;
        let gate = Gate::close(&pool, PARTITION).await;
        let act = sqlx::query_as::<_, (Option<Uuid>, Uuid, String)>(gate.hold_up(CANCEL_SQL, "$2::uuid[]"))
            .bind(PARTITION)
            .bind(vec![group.flow_id])
            .bind(vec![group.downstream_eid])
            .bind(NOW_MS)
            .bind(1000_i64)
            .bind(Vec::<Uuid>::new());
        let id = if touched == "group" { group.downstream_eid } else { sibling };

        let (done, ()) = tokio::join!(act.fetch_all(&pool), gate.open_after([sql], id));

        assert_eq!(done.expect("the act succeeds"), [], "{sql}");
        assert_eq!(read::vector(&pool, PARTITION, sibling).await, before, "{sql}");
        assert_eq!(verdicts(&dispatch(&pool).await), [("drained", 1)], "{sql}");
    }
}

#[tokio::test]
async fn groups_that_share_siblings_in_opposite_order_do_not_deadlock_and_cancel_each_once() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(8);
    let mut groups = Vec::new();
    for _ in 0..10 {
        let seed = (0..10).fold(SiblingGroup::new(), |group, _| group.with(Seed::running(1000)));
        let one = seed.insert(&pool, PARTITION, NOW_MS).await;
        let other = one.siblings.iter().rev().fold(SiblingGroup::new(), |group, id| group.with_shared(*id));
        groups.push(other.in_flow(one.flow_id).insert(&pool, PARTITION, NOW_MS).await);
        groups.push(one);
    }
    // One group an act, so that those which share siblings meet in different transactions.
    let dispatchers: Vec<_> = (0..3).map(|_| EdgeCancelDispatcher::new(pool.clone()).with_batch_limit(1)).collect();

    let done = tokio::join!(cycle(&dispatchers[0]), cycle(&dispatchers[1]), cycle(&dispatchers[2]));
    let rest = dispatch(&pool).await;

    assert_eq!([done.0, done.1, done.2, rest].map(|report| report.failed()), [0; 4]);
    let siblings: BTreeSet<Uuid> = groups.iter().flat_map(|group| group.siblings.clone()).collect();
    assert_eq!(siblings.len(), 100);
    for sibling in siblings {
        assert_eq!(
            read::events(&pool, PARTITION, sibling).await,
            ["completion:cancelled:tenant:blue", "lease:revoked:tenant:blue"]
        );
    }
    for group in &groups {
        assert_eq!(standing(&pool, group).await, Standing::drained());
    }
}

#[tokio::test]
async fn a_sibling_that_another_group_still_waits_for_is_cancelled_all_the_same() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let group = SiblingGroup::new().with(Seed::running(1000)).insert(&pool, PARTITION, NOW_MS).await;
    let waiting = SiblingGroup::new().with_shared(group.siblings[0]).in_flow(group.flow_id);
    let waiting = waiting.lacking(ff_scanner_testkit::Lacks::Flag).lacking(ff_scanner_testkit::Lacks::PendingRow);
    waiting.insert(&pool, PARTITION, NOW_MS).await;

    dispatch(&pool).await;

    assert_eq!(read::vector(&pool, PARTITION, group.siblings[0]).await.0, CANCELLED);
    assert_eq!(count(&pool, "ff_completion_event WHERE outcome = 'cancelled'").await, 1, "which decides the other one");
}
