//! Is a batch bounded, and is it filled with the right rows?

use ff_scanner_core::{Backlog, Filter};

use super::settle::does_nothing;
use super::snapshot::ensure_same;
use super::stage::{Stage, TENANT};
use super::violation::{Violation, ensure};
use super::{NOW_MS, Subject, Tenant};

const LIMIT: u32 = 4;

/// With three times its limit due in one partition, a tick takes at most its limit and says that more is waiting; a
/// cycle takes all.
pub async fn bounded<S: Subject>(subject: &S) -> Result<(), Violation> {
    let stage = Stage::new(subject).await;
    if subject.is_scaffold() {
        return does_nothing(&stage).await;
    }
    stage.seed(3 * LIMIT).await;
    let instance = stage.instance(LIMIT).await;
    let tick = instance.tick(&stage.context()).await?;
    let (examined, changed) = (tick.report.examined(), tick.report.changed);
    ensure(examined <= u64::from(LIMIT), || format!("a tick limited to {LIMIT} rows takes {examined}"))?;
    ensure(changed > 0, || "a tick with a full batch changes nothing".to_owned())?;
    ensure(tick.backlog == Backlog::Remaining, || "a tick that leaves due rows says that nothing remains".to_owned())?;
    let rest = instance.cycle(&stage.context()).await?.report.changed;
    ensure(changed + rest == u64::from(3 * LIMIT), || {
        format!("of {} due rows, draining changes {}", 3 * LIMIT, changed + rest)
    })
}

/// Rows of another tenant are not touched, and many of them, due for longer, do not delay those of the tenant.
pub async fn keeps_to_filter<S: Subject>(subject: &S) -> Result<(), Violation> {
    let mut stage = Stage::new(subject).await;
    if subject.is_scaffold() || !subject.has_tenants() {
        return does_nothing(&stage).await;
    }
    let namespace = Filter::default().with_namespace(TENANT.namespace);
    let instance = Filter::default().with_instance_tag("cairn.instance_id", TENANT.instance_id);
    let both = namespace.clone().with_instance_tag("cairn.instance_id", TENANT.instance_id);
    let elsewhere = Tenant { namespace: "another tenant", ..TENANT };
    let green = Tenant { instance_id: "green", ..TENANT };
    for (filter, foreign) in
        [(&namespace, &[elsewhere][..]), (&instance, &[green][..]), (&both, &[elsewhere, green][..])]
    {
        stage.clear().await;
        for tenant in foreign {
            stage.seed_for(*tenant, 3 * LIMIT, NOW_MS - 1000).await;
        }
        let before = stage.snapshot().await;
        let own = stage.seed(LIMIT - 1).await;
        let cx = stage.context().filtered(filter.clone());
        let instance = stage.instance(LIMIT).await;
        let changed = instance.tick(&cx).await?.report.changed;
        ensure(changed == u64::from(LIMIT - 1), || {
            format!("of {} rows inside {filter:?}, a tick changes {changed}: rows outside are in the way", LIMIT - 1)
        })?;
        instance.cycle(&cx).await?;
        let mut after = stage.snapshot().await;
        let inside = after.of(&own);
        after.exact.retain(|row| !inside.contains(row));
        ensure_same(&before.exact, &after.exact, &format!("rows outside {filter:?} are touched"))?;
    }
    Ok(())
}
