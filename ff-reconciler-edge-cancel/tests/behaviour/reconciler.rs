//! What becomes of queue entries and flags that do not agree?

use ff_reconciler_edge_cancel::EdgeCancelReconciler;
use ff_scanner_core::{Backlog, Reconciler, TickContext, TickReason};
use ff_scanner_migrations::EngineVersion;
use ff_scanner_testkit::{Database, HASH_CHILDREN, Lacks, Seed, Server, SiblingGroup, State, read};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{CANCELLED, NOW_MS, PARTITION, Standing, count, dispatch, queued, reconcile, standing, verdicts};

fn running() -> SiblingGroup {
    SiblingGroup::new().with(Seed::running(1000))
}

/// One of each kind.
async fn assert_reconciled(pool: &PgPool) {
    let unflagged = running().lacking(Lacks::Flag).insert(pool, PARTITION, NOW_MS).await;
    let gone = running().lacking(Lacks::Group).insert(pool, PARTITION, NOW_MS).await;
    let ended = SiblingGroup::new().with(Seed::new(State::Completed)).with_listed(&Uuid::new_v4().to_string());
    let ended = ended.insert(pool, PARTITION, NOW_MS).await;
    let empty = SiblingGroup::new().insert(pool, PARTITION, NOW_MS).await;
    let lost = running().lacking(Lacks::PendingRow).insert(pool, PARTITION, NOW_MS).await;
    let over = SiblingGroup::new().with(Seed::new(State::Completed)).lacking(Lacks::PendingRow);
    let over = over.insert(pool, PARTITION, NOW_MS).await;
    let busy = running().insert(pool, PARTITION, NOW_MS).await;

    let done = reconcile(pool).await;

    assert_eq!((verdicts(&done), done.skipped), (vec![("drained", 3), ("requeued", 1), ("stale", 2)], 0));
    for group in [&unflagged, &ended, &empty, &over] {
        assert_eq!(standing(pool, group).await, Standing::drained());
    }
    assert!(!queued(pool, &gone).await);
    assert_eq!(standing(pool, &lost).await, Standing::waiting(&lost.siblings));
    assert_eq!(standing(pool, &busy).await, Standing::waiting(&busy.siblings));
    assert_eq!(count(pool, "ff_completion_event").await, 0, "cancelling is not its business");
    assert_eq!(reconcile(pool).await.examined(), 0);
}

#[tokio::test]
async fn stale_entries_go_finished_groups_are_drained_and_running_ones_are_left_alone() {
    let database = Database::own().await.expect("a database");
    assert_reconciled(&database.pool(4)).await;
}

#[tokio::test]
async fn queue_and_flags_are_reconciled_on_the_oldest_schema_of_the_engine_too() {
    let server = Server::shared().expect("a Postgres");
    let template = Database::template(&server, EngineVersion::V0_11, HASH_CHILDREN).await.expect("a template");
    let database = Database::clone_of(&template).await.expect("a database");
    assert_reconciled(&database.pool(4)).await;
}

#[tokio::test]
async fn a_group_whose_entry_was_lost_is_found_queued_again_and_its_siblings_are_cancelled() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let lost = running().lacking(Lacks::PendingRow).insert(&pool, PARTITION, NOW_MS).await;
    assert_eq!(dispatch(&pool).await.examined(), 0, "the dispatcher cannot see it");

    reconcile(&pool).await;
    dispatch(&pool).await;

    assert_eq!(read::vector(&pool, PARTITION, lost.siblings[0]).await.0, CANCELLED);
    assert_eq!(standing(&pool, &lost).await, Standing::drained());
}

#[tokio::test]
async fn a_cycle_at_the_interval_walks_one_page_and_the_next_goes_on_behind_it() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    for _ in 0..5 {
        running().lacking(Lacks::PendingRow).insert(&pool, PARTITION, NOW_MS).await;
    }
    let reconciler = EdgeCancelReconciler::new(pool.clone()).with_page(2);
    for requeued in [2, 2, 1, 0] {
        let cx = TickContext::global().pinned(NOW_MS).because(TickReason::Interval);
        let tick = reconciler.tick(cx).await.expect("the tick succeeds");
        assert_eq!((tick.report.changed, tick.backlog), (requeued, Backlog::Drained));
    }
}

#[tokio::test]
async fn two_hundred_groups_at_work_do_not_hide_a_stale_entry_behind_them() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let sibling = Seed::running(1000).insert(&pool, PARTITION, NOW_MS).await;
    for _ in 0..200 {
        let busy = SiblingGroup::new().with_shared(sibling).lacking(Lacks::Downstream);
        busy.insert(&pool, PARTITION, NOW_MS - 1000).await;
    }
    let stale = running().lacking(Lacks::Flag).insert(&pool, PARTITION, NOW_MS).await;

    let reconciler = EdgeCancelReconciler::new(pool.clone()).with_batch_limit(50);
    let cx = TickContext::global().pinned(NOW_MS).because(TickReason::Interval);
    let tick = reconciler.tick(cx).await.expect("the tick succeeds");

    assert_eq!((tick.report.changed, tick.report.skipped), (1, 0));
    assert!(!queued(&pool, &stale).await);
    assert_eq!(count(&pool, "ff_pending_cancel_groups").await, 200);
}

#[tokio::test]
async fn a_group_with_ids_that_cannot_be_read_is_never_taken_for_finished() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let seed = SiblingGroup::new().with_listed("no uuid").with(Seed::new(State::Completed));
    let listed = seed.insert(&pool, PARTITION, NOW_MS).await;
    let lost = SiblingGroup::new().with_listed("no uuid").lacking(Lacks::PendingRow);
    let lost = lost.insert(&pool, PARTITION, NOW_MS).await;

    assert_eq!(verdicts(&reconcile(&pool).await), [("requeued", 1)]);

    let members = ["no uuid".to_owned(), listed.siblings[0].to_string()];
    assert_eq!(standing(&pool, &listed).await, Standing::waiting(&members));
    assert_eq!(standing(&pool, &lost).await, Standing::waiting(&["no uuid"]), "so that the dispatcher reports it");
}
