//! What if a tick is dropped, or another one runs beside it, at any of its awaits?

use std::pin::pin;

use ff_scanner_core::Reconciler;

use super::Subject;
use super::run::{answered, step};
use super::settle::does_nothing;
use super::snapshot::ensure_same;
use super::stage::Stage;
use super::violation::{Violation, ensure, violated};

/// Rows of each trial.
const ROWS: u32 = 3;
/// Rows that two instances go through at full speed.
const MANY: u32 = 40;

/// Two instances that tick the same rows at once change each row exactly once.
///
/// One is halted at each of its awaits in turn while the other runs to its end; then both run freely.
pub async fn concurrent_safe<S: Subject>(subject: &S) -> Result<(), Violation> {
    let mut stage = Stage::new(subject).await;
    if subject.is_scaffold() {
        return does_nothing(&stage).await;
    }
    let (_, settled) = stage.reference(ROWS).await?;
    for steps in 1.. {
        stage.clear().await;
        stage.seed(ROWS).await;
        let (halted, other) = (stage.instance(100).await, stage.instance(100).await);
        let mut tick = pin!(halted.reconciler.tick(stage.context()));
        let early = step(tick.as_mut(), steps).await;
        let finished = early.is_some();
        if !finished {
            // Else it depends on how busy the server is whether a look is a stale one by the time that it is acted on.
            answered().await;
        }
        let mut changed = other.cycle(&stage.context()).await?.report.changed;
        let done = match early {
            Some(done) => done,
            None => tick.await,
        };
        let done = done.map_err(|error| violated(format!("a tick beside another fails: {error}")))?;
        changed += done.report.changed;
        changed += stage.instance(100).await.cycle(&stage.context()).await?.report.changed;
        ensure(changed == u64::from(ROWS), || {
            format!("{ROWS} rows are changed {changed} times when another tick runs at await {steps} of one")
        })?;
        let sentence = format!("rows differ when another tick runs at await {steps} of one");
        ensure_same(&settled.shape, &stage.snapshot().await.shape, &sentence)?;
        if finished {
            break;
        }
    }
    freely(&mut stage).await
}

async fn freely<S: Subject>(stage: &mut Stage<'_, S>) -> Result<(), Violation> {
    let (_, settled) = stage.reference(MANY).await?;
    stage.seed(MANY).await;
    let (one, two) = (stage.instance(7).await, stage.instance(7).await);
    let cx = stage.context();
    let (one, two) = tokio::try_join!(one.cycle(&cx), two.cycle(&cx))?;
    let rest = stage.instance(7).await.cycle(&cx).await?;
    let changed = one.report.changed + two.report.changed + rest.report.changed;
    ensure(changed == u64::from(MANY), || format!("two instances change {MANY} rows {changed} times"))?;
    ensure_same(&settled.shape, &stage.snapshot().await.shape, "rows differ when two instances run at once")
}

/// A tick dropped at any await leaves each row either untouched or settled, and a later tick settles the rest.
pub async fn cancel_safe<S: Subject>(subject: &S) -> Result<(), Violation> {
    let mut stage = Stage::new(subject).await;
    if subject.is_scaffold() {
        return does_nothing(&stage).await;
    }
    // One row shows a row that is half changed, several show a batch that is lost.
    dropped(&mut stage, 1).await?;
    dropped(&mut stage, ROWS).await
}

async fn dropped<S: Subject>(stage: &mut Stage<'_, S>, rows: u32) -> Result<(), Violation> {
    let (due, settled) = stage.reference(rows).await?;
    for steps in 1.. {
        stage.clear().await;
        stage.seed(rows).await;
        let instance = stage.instance(100).await;
        let finished = {
            let tick = pin!(instance.reconciler.tick(stage.context()));
            step(tick, steps).await.is_some()
        };
        let quiet = stage.quiet(&instance).await;
        quiet.map_err(|violation| violated(format!("after a tick dropped at await {steps}, {violation}")))?;
        let left = stage.snapshot().await;
        if rows == 1 && left.shape != due.shape {
            let sentence = format!("a tick dropped at await {steps} leaves a row half changed");
            ensure_same(&settled.shape, &left.shape, &sentence)?;
        }
        // By the same instance: what was dropped must not have left it useless.
        instance.cycle(&stage.context()).await?;
        let sentence = format!("after a tick dropped at await {steps}, another does not settle everything once");
        ensure_same(&settled.shape, &stage.snapshot().await.shape, &sentence)?;
        instance.pool.close().await;
        if finished {
            break;
        }
    }
    Ok(())
}
