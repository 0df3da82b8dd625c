//! How are siblings cancelled?

use ff_reconciler_edge_cancel::EdgeCancelDispatcher;
use ff_scanner_core::{Backlog, Filter, Reconciler, TickContext};
use ff_scanner_migrations::EngineVersion;
use ff_scanner_testkit::{Database, HASH_CHILDREN, Lacks, Seed, Server, SiblingGroup, State, read};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{CANCELLED, NOW_MS, PARTITION, Standing, cancellation, count, dispatch, key, standing, verdicts};

/// What must be true of a running sibling that was cancelled.
async fn assert_cancelled_as_an_operator_would(pool: &PgPool) {
    let group = SiblingGroup::new().with(Seed::running(1000)).insert(pool, PARTITION, NOW_MS).await;
    let sibling = group.siblings[0];

    let done = dispatch(pool).await;

    assert_eq!((verdicts(&done), done.failed()), (vec![("drained", 1)], 0));
    assert_eq!(read::vector(pool, PARTITION, sibling).await, (CANCELLED.to_owned(), 0));
    let (reason, by, mutated, ended) = cancellation(pool, sibling).await;
    assert_eq!(reason.as_deref(), Some("sibling_quorum_satisfied"));
    assert_eq!(by.as_deref(), Some("engine"));
    assert_eq!((mutated, ended), (Some(NOW_MS.to_string()), Some(NOW_MS)));
    let attempt = read::attempt(pool, PARTITION, sibling, 0).await;
    assert_eq!(attempt.outcome.as_deref(), Some("cancelled"));
    assert_eq!((attempt.lease_expires_at_ms, attempt.worker_instance_id), (None, None));
    assert_eq!(attempt.lease_epoch, 2, "a zombie that writes with epoch 1 fails the fence");
    assert_eq!(
        read::events(pool, PARTITION, sibling).await,
        ["completion:cancelled:tenant:blue", "lease:revoked:tenant:blue"]
    );
    let told = format!("ff_completion_event WHERE flow_id = '{}'", group.flow_id);
    assert_eq!(count(pool, &told).await, 1, "the completion moves on what hangs below in the flow");
    assert_eq!(standing(pool, &group).await, Standing::drained());
    assert_eq!(dispatch(pool).await.examined(), 0, "and once only");
}

#[tokio::test]
async fn a_running_sibling_is_cancelled_as_an_operator_would_and_its_worker_is_fenced_off() {
    let database = Database::own().await.expect("a database");
    assert_cancelled_as_an_operator_would(&database.pool(4)).await;
}

#[tokio::test]
async fn siblings_are_cancelled_on_the_oldest_schema_of_the_engine_too() {
    let server = Server::shared().expect("a Postgres");
    let template = Database::template(&server, EngineVersion::V0_11, HASH_CHILDREN).await.expect("a template");
    let database = Database::clone_of(&template).await.expect("a database");
    assert_cancelled_as_an_operator_would(&database.pool(4)).await;
}

#[tokio::test]
async fn a_suspended_sibling_loses_its_suspension_and_waitpoints_and_no_lease_is_revoked() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let group = SiblingGroup::new().with(Seed::suspended(-1000, "fail")).insert(&pool, PARTITION, NOW_MS).await;

    dispatch(&pool).await;

    let sibling = group.siblings[0];
    assert_eq!(read::vector(&pool, PARTITION, sibling).await, (CANCELLED.to_owned(), 0));
    assert_eq!(read::attempt(&pool, PARTITION, sibling, 0).await.outcome.as_deref(), Some("cancelled"));
    assert_eq!(read::events(&pool, PARTITION, sibling).await, ["completion:cancelled:tenant:blue"]);
    assert_eq!(count(&pool, "ff_suspension_current").await, 0);
    assert_eq!(count(&pool, "ff_waitpoint_pending").await, 0);
}

#[tokio::test]
async fn the_outcome_of_a_sibling_that_was_claimed_by_a_typed_claim_reads_back() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let typed = Seed::running(1000).typed().with_attempt_index(3);
    let group = SiblingGroup::new().with(typed).insert(&pool, PARTITION, NOW_MS).await;

    dispatch(&pool).await;

    let (_, pointer) = read::vector(&pool, PARTITION, group.siblings[0]).await;
    assert_eq!(pointer, 3);
    assert_eq!(read::attempt(&pool, PARTITION, group.siblings[0], 3).await.outcome.as_deref(), Some("cancelled"));
}

#[tokio::test]
async fn only_the_latest_attempt_of_a_sibling_is_cancelled() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let tried = Seed::running(1000).with_earlier_attempts(&["retry", "interrupted"]);
    let group = SiblingGroup::new().with(tried).insert(&pool, PARTITION, NOW_MS).await;
    let sibling = group.siblings[0];

    dispatch(&pool).await;

    assert_eq!(read::vector(&pool, PARTITION, sibling).await, (CANCELLED.to_owned(), 2));
    for (index, outcome) in [(0, "retry"), (1, "interrupted"), (2, "cancelled")] {
        assert_eq!(read::attempt(&pool, PARTITION, sibling, index).await.outcome.as_deref(), Some(outcome));
    }
}

#[tokio::test]
async fn a_sibling_that_was_never_claimed_gets_an_attempt_that_tells_its_outcome() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let group = SiblingGroup::new().with(Seed::new(State::Waiting)).insert(&pool, PARTITION, NOW_MS).await;

    dispatch(&pool).await;

    assert_eq!(read::vector(&pool, PARTITION, group.siblings[0]).await, (CANCELLED.to_owned(), 0));
    assert_eq!(read::events(&pool, PARTITION, group.siblings[0]).await, ["completion:cancelled:tenant:blue"]);
    let attempt = read::attempt(&pool, PARTITION, group.siblings[0], 0).await;
    assert_eq!((attempt.outcome.as_deref(), attempt.started_at_ms), (Some("cancelled"), None));
}

#[tokio::test]
async fn siblings_that_have_ended_keep_their_outcome_and_get_no_second_event() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let group = SiblingGroup::new()
        .with(Seed::new(State::Completed))
        .with_listed(&Uuid::new_v4().to_string())
        .insert(&pool, PARTITION, NOW_MS)
        .await;
    let before = read::vector(&pool, PARTITION, group.siblings[0]).await;

    let done = dispatch(&pool).await;

    assert_eq!(verdicts(&done), [("drained", 1)], "and those that were trimmed count as ended");
    assert_eq!(read::vector(&pool, PARTITION, group.siblings[0]).await, before);
    assert_eq!(read::attempt(&pool, PARTITION, group.siblings[0], 0).await.outcome.as_deref(), Some("success"));
    assert_eq!(read::events(&pool, PARTITION, group.siblings[0]).await, [""; 0]);
}

#[tokio::test]
async fn the_reason_tells_a_group_that_became_impossible_from_one_that_was_satisfied() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    for (policy, reason) in [
        (json!({"kind": "quorum", "k": 2, "fired": "impossible"}), "sibling_quorum_impossible"),
        (json!({"kind": "quorum", "k": 2, "fired": "satisfied"}), "sibling_quorum_satisfied"),
        (json!(["not an object"]), "sibling_quorum_satisfied"),
    ] {
        let group = SiblingGroup::new().with_policy(policy).with(Seed::running(1000));
        let group = group.insert(&pool, PARTITION, NOW_MS).await;
        dispatch(&pool).await;
        assert_eq!(cancellation(&pool, group.siblings[0]).await.0.as_deref(), Some(reason));
    }
}

#[tokio::test]
async fn ids_are_read_bare_and_with_their_partition() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let mut siblings = Vec::new();
    for _ in 0..3 {
        siblings.push(Seed::running(1000).insert(&pool, PARTITION, NOW_MS).await);
    }
    let group = SiblingGroup::new()
        .with_listed(&siblings[0].to_string().to_uppercase())
        .with_listed(&siblings[1].simple().to_string())
        .with_listed(&format!("{{fp:{PARTITION}}}:{}", siblings[2]))
        .with_listed(&siblings[2].to_string())
        .insert(&pool, PARTITION, NOW_MS)
        .await;

    dispatch(&pool).await;

    for sibling in siblings {
        assert_eq!(read::vector(&pool, PARTITION, sibling).await.0, CANCELLED);
    }
    assert_eq!(count(&pool, "ff_completion_event").await, 3);
    assert_eq!(standing(&pool, &group).await, Standing::drained());
}

#[tokio::test]
async fn ids_that_cannot_be_read_are_reported_and_stay_and_do_not_hold_up_the_others() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let elsewhere = format!("{{fp:{}}}:{}", PARTITION + 1, Uuid::new_v4());
    let group = SiblingGroup::new()
        .with_listed("no uuid")
        .with(Seed::running(1000))
        .with(Seed::new(State::Completed))
        .with_listed(&elsewhere)
        .insert(&pool, PARTITION, NOW_MS)
        .await;
    let dispatcher = EdgeCancelDispatcher::new(pool.clone());

    let done = crate::support::cycle(&dispatcher).await;

    assert_eq!((done.changed, done.failed()), (1, 1));
    assert_eq!(done.failures[0].key, key(&group));
    assert!(done.failures[0].error.contains("no uuid") && done.failures[0].error.contains(&elsewhere));
    assert_eq!(read::vector(&pool, PARTITION, group.siblings[0]).await.0, CANCELLED);
    assert_eq!(standing(&pool, &group).await, Standing::waiting(&["no uuid", &elsewhere]));
    assert_eq!(crate::support::cycle(&dispatcher).await.examined(), 0, "it is reported once an hour");
    assert_eq!(dispatch(&pool).await.failed(), 1, "and by whoever is new");
}

#[tokio::test]
async fn two_hundred_entries_without_a_flag_do_not_hide_a_group_behind_them() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    for _ in 0..200 {
        SiblingGroup::new()
            .lacking(Lacks::Flag)
            .lacking(Lacks::Downstream)
            .insert(&pool, PARTITION, NOW_MS - 1000)
            .await;
    }
    let group = SiblingGroup::new().with(Seed::running(1000)).insert(&pool, PARTITION, NOW_MS).await;

    let cx = TickContext::global().pinned(NOW_MS);
    let tick = EdgeCancelDispatcher::new(pool.clone()).with_batch_limit(50).tick(cx).await.expect("the tick succeeds");

    assert_eq!((tick.report.changed, tick.report.skipped, tick.backlog), (1, 0, Backlog::Drained));
    assert_eq!(standing(&pool, &group).await, Standing::drained());
    assert_eq!(count(&pool, "ff_pending_cancel_groups").await, 200, "they are the reconciler's");
}

#[tokio::test]
async fn an_upstream_that_was_added_after_the_flag_is_cancelled_and_the_winner_is_not() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let group = SiblingGroup::new().with_late(Seed::running(1000)).insert(&pool, PARTITION, NOW_MS).await;
    // Not on the list, with an edge from before the flag, and not known to have ended.
    let winner = Seed::running(1000).with_flow(group.flow_id).insert(&pool, PARTITION, NOW_MS).await;
    sqlx::query(
        "INSERT INTO ff_edge (partition_key, flow_id, edge_id, upstream_eid, downstream_eid, policy) \
         VALUES ($1, $2, gen_random_uuid(), $3, $4, '{}')",
    )
    .bind(PARTITION)
    .bind(group.flow_id)
    .bind(winner)
    .bind(group.downstream_eid)
    .execute(&pool)
    .await
    .expect("an edge without a time is legal");

    dispatch(&pool).await;

    assert_eq!(read::vector(&pool, PARTITION, group.siblings[0]).await.0, CANCELLED);
    assert_eq!(read::vector(&pool, PARTITION, winner).await.0, "active/leased/not_applicable/running/running_attempt");
    assert_eq!(standing(&pool, &group).await, Standing::drained());
}

#[tokio::test]
async fn a_group_whose_downstream_was_trimmed_belongs_to_whom_its_flow_belongs_to() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    let group = SiblingGroup::new().lacking(Lacks::Downstream).with(Seed::running(1000));
    let group = group.insert(&pool, PARTITION, NOW_MS).await;
    sqlx::query(
        "INSERT INTO ff_flow_core (partition_key, flow_id, public_flow_state, created_at_ms, raw_fields) \
         VALUES ($1, $2, 'open', 0, '{\"namespace\": \"tenant\", \"cairn.instance_id\": \"blue\"}')",
    )
    .bind(PARTITION)
    .bind(group.flow_id)
    .execute(&pool)
    .await
    .expect("the flow is legal");
    let dispatcher = EdgeCancelDispatcher::new(pool.clone());
    let own = Filter::default().with_namespace("tenant").with_instance_tag("cairn.instance_id", "blue");
    for (filter, changed) in [(Filter::default().with_namespace("another"), 0), (own, 1)] {
        let cx = TickContext::global().pinned(NOW_MS).filtered(filter);
        assert_eq!(dispatcher.tick(cx).await.expect("the tick succeeds").report.changed, changed);
    }
}

#[tokio::test]
async fn raw_fields_that_are_no_object_are_harmless() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);
    for junk in ["null", "7", "\"raw\"", "[1, {}]"] {
        let group = SiblingGroup::new().with(Seed::running(1000)).insert(&pool, PARTITION, NOW_MS).await;
        let query = sqlx::query("UPDATE ff_exec_core SET raw_fields = $2::jsonb WHERE execution_id = $1");
        query.bind(group.siblings[0]).bind(junk).execute(&pool).await.expect("it is JSON");

        assert_eq!(dispatch(&pool).await.failed(), 0, "{junk}");

        assert_eq!(read::vector(&pool, PARTITION, group.siblings[0]).await.0, CANCELLED, "{junk}");
    }
}
