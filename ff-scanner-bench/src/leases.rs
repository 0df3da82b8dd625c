//! What does the look of `attempt_timeout` cost, by the number of live leases?

use ff_scanner::attempt_timeout::LOOK_SQL;
use ff_scanner::core::postgres::{Transaction, fit, pool};
use ff_scanner::core::{Page, Quiet, TickContext};
use serde::Serialize;
use sqlx::PgPool;
use tokio::time::Instant;

use crate::error::BenchError;
use crate::figures::{median, per};
use crate::world::World;

const LOOKS: usize = 15;

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Leases {
    pub(crate) live: i64,
    pub(crate) look_ms: f64,
    pub(crate) look_us_per_lease: f64,
}

/// Adds live leases until there are as many as each of `counts`, ascending, and looks at each.
pub(crate) async fn leases(world: &mut World, counts: &[i64]) -> Result<Vec<Leases>, BenchError> {
    let mut measured = Vec::new();
    let pool = pool(world.database(), 1);
    for live in counts.iter().copied() {
        let have: i64 =
            sqlx::query_scalar(include_str!("../sql/live_leases.sql")).fetch_one(&mut world.connection).await?;
        if have < live {
            world.write(include_str!("../sql/more_leases.sql"), live - have).await?;
        }
        world.keep().await?;
        world.write_out().await?;
        let mut millis = Vec::new();
        for _ in 0..LOOKS {
            millis.push(look(&pool).await?);
        }
        let (live, look_ms) = (live.max(have), median(millis.into_iter()));
        measured.push(Leases { live, look_ms, look_us_per_lease: per(look_ms * 1000.0, live as f64) });
    }
    pool.close().await;
    Ok(measured)
}

async fn look(pool: &PgPool) -> Result<f64, BenchError> {
    let mut tx = Transaction::look(pool).await?;
    let partitions: Vec<i16> = (0..256).collect();
    let none: Vec<sqlx::types::Uuid> = Vec::new();
    let sql = fit(LOOK_SQL, &Page { cx: &TickContext::global(), avoid: &none, quiet: &Quiet::default() });
    let started = Instant::now();
    let rows = sqlx::query(sql)
        .bind(partitions)
        .bind(None::<i64>)
        .bind(1000_i64)
        .bind(None::<String>)
        .bind(None::<String>)
        .bind(None::<String>)
        .bind(&none)
        .fetch_all(&mut *tx)
        .await;
    let elapsed = started.elapsed();
    tx.end(rows).await?;
    Ok(elapsed.as_secs_f64() * 1000.0)
}
