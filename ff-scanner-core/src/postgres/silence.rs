//! Has anybody written anything since the last look?

use crate::postgres::Transaction;
use crate::{Ask, Page, Scope, TickReason};

const SNAPSHOT_SQL: &str = include_str!("snapshot.sql");

/// What the server says of its transactions, and what that means for a look.
#[derive(Debug)]
pub struct Silence {
    /// Whether to look, and how.
    pub ask: Ask,
    /// Stands for all that a look can see; for [`Quiet::found_nothing`](crate::Quiet::found_nothing).
    pub state: String,
    /// The server's time, milliseconds since the epoch.
    pub now_ms: i64,
}

/// Asks the server whether a look for `page` is worth its while; `None` when it is wanted anyway: somebody asked for it,
/// or there are rows to come back to.
///
/// # Errors
///
/// What the server says.
pub async fn silence<S: Scope, K>(tx: &mut Transaction, page: &Page<'_, S, K>) -> Result<Option<Silence>, sqlx::Error> {
    let wanted = page.cx.reason() != TickReason::Interval || page.cx.now_ms().is_some() || !page.avoid.is_empty();
    if wanted {
        return Ok(None);
    }
    let (snapshot, now_ms): (String, i64) = sqlx::query_as(SNAPSHOT_SQL).fetch_one(&mut **tx).await?;
    let state = format!("{snapshot} {:?} {:?}", page.cx.target(), page.cx.filter());
    Ok(Some(Silence { ask: page.quiet.ask(&state, now_ms), state, now_ms }))
}
