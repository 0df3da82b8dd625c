//! What does it cost when there is nothing to do?

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::binary::Binary;
use crate::error::BenchError;
use crate::figures::per;
use crate::world::World;

/// First cycles are staggered over a second, and connections are made with them.
const WARM_UP: Duration = Duration::from_secs(5);
/// A server that spends less than this by itself has nothing left to write out of what was measured before.
const CALM: f64 = 0.003;
/// It is waited for in steps of this length, so many at most.
const CALM_STEP: Duration = Duration::from_secs(5);
const CALM_STEPS: u32 = 60;

/// What all reconcilers together cost while nothing is due.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Idle {
    pub(crate) executions: i64,
    pub(crate) statements_per_s: Option<f64>,
    /// Of one core, as a fraction.
    pub(crate) database_cpu: f64,
    /// Of one core, as a fraction.
    pub(crate) client_cpu: f64,
    pub(crate) memory_mib: Option<f64>,
}

pub(crate) async fn idle(world: &mut World, executions: i64, duration: Duration) -> Result<Idle, BenchError> {
    world.clean_up().await?;
    calm(world).await;
    let binary = Binary::run(&world.database())?;
    sleep(WARM_UP).await;
    let started = Instant::now();
    let (before, client) = (world.meter.read(&mut world.connection).await?, binary.cpu());
    sleep(duration).await;
    let spent = world.meter.read(&mut world.connection).await?.since(before);
    let (elapsed, client) = (started.elapsed().as_secs_f64(), binary.cpu().saturating_sub(client));
    Ok(Idle {
        executions,
        statements_per_s: spent.statements.map(|statements| per(statements as f64, elapsed)),
        database_cpu: per(spent.cpu.as_secs_f64(), elapsed),
        client_cpu: per(client.as_secs_f64(), elapsed),
        memory_mib: binary.memory_mib(),
    })
}

/// Waits until the server has written out what earlier runs have left behind.
async fn calm(world: &World) {
    for _ in 0..CALM_STEPS {
        let before = world.meter.cpu();
        sleep(CALM_STEP).await;
        let spent = world.meter.cpu().saturating_sub(before);
        if per(spent.as_secs_f64(), CALM_STEP.as_secs_f64()) < CALM {
            break;
        }
    }
}
