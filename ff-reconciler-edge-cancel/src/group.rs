//! What names a group, and how do both reconcilers ask for some?

use std::fmt;

use ff_scanner_core::postgres::{Transaction, fit};
use ff_scanner_core::{Global, Page};
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::QueryAs;
use uuid::Uuid;

/// Asks whether the other looks at the queue are worth their while, as it is run.
pub const ANY_QUEUED_SQL: &str = include_str!("../sql/any_queued.sql");

/// An edge group within its partition: all edges into one execution. Displays as `flow/downstream`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// The flow.
    pub flow_id: Uuid,
    /// The execution that its edges lead to.
    pub downstream_eid: Uuid,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.flow_id, self.downstream_eid)
    }
}

/// The two columns of `groups`, as the statements take them.
pub(crate) fn columns(groups: &[Group]) -> (Vec<Uuid>, Vec<Uuid>) {
    groups.iter().map(|group| (group.flow_id, group.downstream_eid)).unzip()
}

/// A look with `$1` to `$6` bound: at most `limit` rows, inside the filter and without those to leave out.
pub(crate) fn look<R>(
    sql: &'static str,
    page: &Page<'_, Global, Group>,
    limit: usize,
) -> QueryAs<'static, Postgres, R, PgArguments>
where
    R: for<'r> sqlx::FromRow<'r, PgRow>,
{
    let filter = page.cx.filter();
    let (flows, downstreams) = columns(page.avoid);
    sqlx::query_as(fit(sql, page))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(filter.namespace.clone())
        .bind(filter.tag_key().map(str::to_owned))
        .bind(filter.tag_value().map(str::to_owned))
        .bind(flows)
        .bind(downstreams)
}

/// Whether the queue holds anything.
pub(crate) async fn any_queued(tx: &mut Transaction) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(ANY_QUEUED_SQL).fetch_one(&mut **tx).await
}
