//! Does a row that cannot be moved keep others from being moved?

use std::pin::pin;
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool};
use tokio::time::sleep;

use super::settle::does_nothing;
use super::snapshot::ensure_same;
use super::stage::{Stage, TENANT};
use super::violation::{Violation, ensure, violated};
use super::{NOW_MS, Subject, Table};

/// The batch limit, as many rows in the way, and rows behind them.
const LIMIT: u32 = 3;
const BEHIND: u32 = 5;

/// Rows that make the database raise a data error fail alone and are named, even when they fill a whole batch; once
/// they are mended, they are settled like all others.
///
/// Tried with each table of the subject that is [`written`](Table::written).
///
/// # Panics
///
/// When there is no such table, or the database fails.
pub async fn isolates_poison<S: Subject>(subject: &S) -> Result<(), Violation> {
    let mut stage = Stage::own(subject).await;
    if subject.is_scaffold() {
        return does_nothing(&stage).await;
    }
    let (_, settled) = stage.reference(LIMIT + BEHIND).await?;
    sqlx::raw_sql(include_str!("poison.sql")).execute(&stage.pool).await.expect("a trigger function can be created");
    let tables: Vec<Table> = subject.tables().into_iter().filter(|table| table.written).collect();
    assert!(!tables.is_empty(), "the subject names a table that its reconciler writes");
    for table in tables {
        stage.clear().await;
        let bad = stage.seed_for(TENANT, LIMIT, NOW_MS - 1000).await;
        stage.seed(BEHIND).await;
        let before = stage.snapshot().await.of(&bad);
        poison(&stage.pool, table, &bad).await;
        let report = stage.instance(LIMIT).await.cycle(&stage.context()).await?.report;
        let name = table.name;
        ensure(report.changed == u64::from(BEHIND), || {
            format!("of {BEHIND} rows behind {LIMIT} poisoned in {name}, {} are changed", report.changed)
        })?;
        for key in &bad {
            let named = report.failures.iter().any(|failure| failure.key.contains(key));
            ensure(named, || format!("{key}, poisoned in {name}, is not reported: {:?}", report.failures))?;
        }
        for failure in &report.failures {
            let guilty = bad.iter().any(|key| failure.key.contains(key));
            ensure(guilty, || format!("{} is not poisoned in {name} and yet fails: {}", failure.key, failure.error))?;
        }
        let after = stage.snapshot().await.of(&bad);
        ensure_same(&before, &after, &format!("a row that is poisoned in {name} is changed"))?;
        let cure = format!("DROP TRIGGER conformance_poison ON {name}");
        sqlx::raw_sql(AssertSqlSafe(cure)).execute(&stage.pool).await.expect("a trigger can be dropped");
        stage.instance(LIMIT).await.cycle(&stage.context()).await?;
        let sentence = format!("rows that were poisoned in {name} are not settled afterwards");
        ensure_same(&settled.shape, &stage.snapshot().await.shape, &sentence)?;
    }
    Ok(())
}

async fn poison(pool: &PgPool, table: Table, keys: &[String]) {
    let Table { name, key: column, .. } = table;
    let arguments: Vec<String> = keys.iter().map(|key| format!("'{}'", key.replace('\'', "''"))).collect();
    let statement = format!(
        "CREATE TRIGGER conformance_poison BEFORE INSERT OR UPDATE OR DELETE ON {name} FOR EACH ROW \
         EXECUTE FUNCTION conformance_poison('{column}', {})",
        arguments.join(", ")
    );
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await.expect("a trigger can be created");
}

/// Rows that another session holds do not hold up the others: those are done in the same cycle, whether they are in one
/// batch with the locked ones or behind a whole batch of them.
///
/// Tried with each table of the subject that is [`locked`](Table::locked). The locked rows are skipped without waiting,
/// or, where the subject [waits for locks](Subject::waits_for_locks), waited for in vain; and settled in the same cycle
/// when they are released while they are waited for.
///
/// # Panics
///
/// When there is no such table, or the database fails.
pub async fn goes_round_locks<S: Subject>(subject: &S) -> Result<(), Violation> {
    let mut stage = Stage::new(subject).await;
    if subject.is_scaffold() {
        return does_nothing(&stage).await;
    }
    let (_, settled) = stage.reference(LIMIT + BEHIND).await?;
    let tables: Vec<Table> = subject.tables().into_iter().filter(|table| table.locked).collect();
    assert!(!tables.is_empty(), "the subject names a table whose rows others lock");
    for table in tables {
        for limit in [LIMIT, LIMIT + BEHIND] {
            stage.clear().await;
            goes_round(&stage, table, limit).await?;
            let sentence = format!("rows that were locked in {} are not settled in the next cycle", table.name);
            ensure_same(&settled.shape, &stage.snapshot().await.shape, &sentence)?;
        }
    }
    Ok(())
}

async fn goes_round<S: Subject>(stage: &Stage<'_, S>, table: Table, limit: u32) -> Result<(), Violation> {
    let Table { name, key, .. } = table;
    let held = stage.seed_for(TENANT, LIMIT, NOW_MS - 1000).await;
    stage.seed(BEHIND).await;
    let before = stage.snapshot().await.of(&held);
    let mut holder = stage.pool.begin().await.expect("a transaction can be begun");
    let lock = format!("SELECT 1 FROM {name} WHERE {key}::text = ANY ($1) FOR UPDATE");
    let lock = sqlx::query(AssertSqlSafe(lock)).bind(&held).fetch_all(&mut *holder);
    assert!(lock.await.expect("rows can be locked").len() >= held.len(), "each seeded row has a row in {name}");
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *holder).await.expect("it has a pid");
    let (instance, cx) = (stage.instance(limit).await, stage.context());
    let waits = stage.subject.waits_for_locks();
    let report = tokio::select! {
        cycle = instance.cycle(&cx) => cycle?.report,
        () = blocked(&stage.pool, &instance.name, pid), if !waits => {
            return Err(violated(format!("a tick waits for a row of {name} that another session has locked")));
        }
    };
    ensure(report.changed == u64::from(BEHIND), || {
        format!("of {BEHIND} rows beside {LIMIT} locked in {name}, a cycle changes {}", report.changed)
    })?;
    ensure(report.failed() == 0, || format!("a row that is locked in {name} fails: {:?}", report.failures))?;
    let after = stage.snapshot().await.of(&held);
    ensure_same(&before, &after, &format!("a row that is locked in {name} is changed"))?;
    if !waits {
        holder.rollback().await.expect("a transaction can be rolled back");
        return instance.cycle(&cx).await.map(drop);
    }
    let mut next = pin!(instance.cycle(&cx));
    tokio::select! {
        () = blocked(&stage.pool, &instance.name, pid) => {
            holder.rollback().await.expect("a transaction can be rolled back");
        }
        cycle = next.as_mut() => {
            cycle?;
            return Err(violated(format!("a tick does not wait for a row of {name}, though it is said to")));
        }
    }
    let changed = next.await?.report.changed;
    ensure(changed > 0, || format!("rows of {name} that are released while they are waited for are not changed"))?;
    instance.cycle(&cx).await.map(drop)
}

/// Ends when a session called `name` waits for the session `holder`. Commits that notify, and extensions of a table,
/// wait for each other too, for an instant and whoever they are: those are no row's doing.
async fn blocked(pool: &PgPool, name: &str, holder: i32) {
    let statement = "SELECT EXISTS (SELECT FROM pg_stat_activity \
                     WHERE application_name = $1 AND $2 = ANY (pg_blocking_pids(pid)))";
    loop {
        let waits: bool =
            sqlx::query_scalar(statement).bind(name).bind(holder).fetch_one(pool).await.expect("activity can be read");
        if waits {
            return;
        }
        sleep(Duration::from_millis(2)).await;
    }
}
