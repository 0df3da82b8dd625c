//! Is a row settled once, and by whoever looks?

use super::snapshot::ensure_same;
use super::stage::Stage;
use super::violation::{Violation, ensure};
use super::{NOW_MS, Subject};

const LATER_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// A second tick changes nothing, by the same instance or by a fresh one.
pub async fn idempotent<S: Subject>(subject: &S) -> Result<(), Violation> {
    let stage = Stage::new(subject).await;
    if subject.is_scaffold() {
        return does_nothing(&stage).await;
    }
    stage.seed(5).await;
    let first = stage.instance(100).await;
    let changed = first.cycle(&stage.context()).await?.report.changed;
    ensure(changed == 5, || format!("of 5 due rows, a cycle changes {changed}"))?;
    let settled = stage.snapshot().await;
    for instance in [first, stage.instance(100).await] {
        let report = instance.cycle(&stage.context()).await?.report;
        ensure(report.changed == 0, || format!("a second tick says that it changed {} rows", report.changed))?;
        ensure_same(&settled.exact, &stage.snapshot().await.exact, "a second tick writes")?;
    }
    Ok(())
}

/// Rows that became due since the last tick, or long before it, are seen without being told of, and a fresh instance sees
/// what an earlier one would have.
pub async fn level_based<S: Subject>(subject: &S) -> Result<(), Violation> {
    let mut stage = Stage::new(subject).await;
    if subject.is_scaffold() {
        return does_nothing(&stage).await;
    }
    let instance = stage.instance(100).await;
    does_nothing(&stage).await?;
    if subject.is_time_driven() {
        stage.seed_for(super::stage::TENANT, 3, NOW_MS + LATER_MS).await;
        does_nothing(&stage).await?;
        let early = instance.cycle(&stage.context()).await?.report;
        ensure(early.examined() == 0, || format!("rows are taken before they are due: {early:?}"))?;
        let changed = instance.cycle(&stage.context().pinned(NOW_MS + LATER_MS)).await?.report.changed;
        ensure(changed == 3, || format!("of 3 rows that became due with time, {changed} are changed"))?;
        // A look ahead that finds nothing stands for every look until then.
        stage.clear().await;
        stage.seed(3).await;
        let changed = instance.cycle(&stage.context().pinned(NOW_MS + DAY_MS)).await?.report.changed;
        ensure(changed == 3, || format!("of 3 rows that have been due for a day, {changed} are changed"))?;
    }
    for instance in [instance, stage.instance(100).await] {
        stage.seed(2).await;
        let changed = instance.cycle(&stage.context()).await?.report.changed;
        ensure(changed == 2, || format!("of 2 rows that nobody told of, {changed} are changed"))?;
    }
    Ok(())
}

/// With nothing due, a tick reports nothing and writes nothing.
pub(super) async fn does_nothing<S: Subject>(stage: &Stage<'_, S>) -> Result<(), Violation> {
    let before = stage.snapshot().await;
    let report = stage.instance(100).await.cycle(&stage.context()).await?.report;
    ensure(report.examined() == 0, || format!("with nothing due, a tick says {report:?}"))?;
    ensure_same(&before.exact, &stage.snapshot().await.exact, "with nothing due, a tick writes")
}
