//! What has ended, and who waits for it?

use std::time::Duration;

use ff_scanner_core::postgres::{Transaction, failed, fit};
use ff_scanner_core::{Due, Global, Page, PartitionSet, TickError};
use uuid::Uuid;

use crate::heal::Cursor;
use crate::rows::{MemberRow, ToldRow};
use crate::{Dependency, Ending, sql};

impl Dependency {
    /// Looks for pending events.
    pub(crate) async fn look_told(&self, page: &Page<'_, Global, Ending>) -> Result<Vec<Due<Ending>>, TickError> {
        let failed = failed("look for completion events");
        let filter = page.cx.filter();
        let avoid: Vec<i64> = page.avoid.iter().filter_map(Ending::event_id).collect();
        let mut tx = Transaction::look(&self.pools.looks).await.map_err(&failed)?;
        let rows = sqlx::query_as(fit(sql::LOOK_TOLD, page))
            .bind(i64::from(self.batch_limit))
            .bind(filter.namespace.as_deref())
            .bind(filter.tag_key())
            .bind(filter.tag_value())
            .bind(avoid)
            .fetch_all(&mut *tx)
            .await;
        let rows: Vec<ToldRow> = tx.end(rows).await.map_err(&failed)?;
        let due = |row: ToldRow| Due {
            partition: row.partition_key,
            key: Ending::Told { event_id: row.event_id, execution_id: row.execution_id, flow_id: row.flow_id },
            problem: None,
        };
        Ok(rows.into_iter().map(due).collect())
    }

    /// Examines the page of waiting children that begins at `cursor`, for at most `room` endings.
    pub(crate) async fn look_untold(
        &self,
        page: &Page<'_, Global, Ending>,
        cursor: Cursor,
        room: usize,
    ) -> Result<Vec<Due<Ending>>, TickError> {
        let failed = failed("look for executions that ended without an event");
        let mut tx = Transaction::look(&self.pools.looks).await.map_err(&failed)?;
        let rows = async {
            let children = self.look_waiting(&mut tx, cursor).await?;
            let untold = look_untold(&mut tx, page, &children, self.heal_after, room).await?;
            Ok((children, untold))
        };
        let rows = rows.await;
        let (children, untold) = tx.end(rows).await.map_err(&failed)?;
        // With more to act on than there is room for, the page is examined again.
        if untold.len() < room {
            let full = children.len() >= usize::try_from(self.page).unwrap_or(usize::MAX);
            let last = children.iter().map(|child| (child.partition_key, child.execution_id)).max();
            self.walk.examined(last.filter(|_| full));
        }
        let due = |row: MemberRow| Due {
            partition: row.partition_key,
            key: Ending::Untold { flow_id: row.flow_id, execution_id: row.execution_id },
            problem: None,
        };
        Ok(untold.into_iter().map(due).collect())
    }

    async fn look_waiting(&self, tx: &mut Transaction, cursor: Cursor) -> Result<Vec<MemberRow>, sqlx::Error> {
        let partitions = PartitionSet::all(self.partitions);
        let first = partitions.keys().partition_point(|key| *key < cursor.0);
        sqlx::query_as(sql::LOOK_WAITING)
            .bind(&partitions.keys()[first..])
            .bind(cursor.0)
            .bind(cursor.1)
            .bind(i64::from(self.page))
            .fetch_all(&mut **tx)
            .await
    }
}

/// Finds at most `room` upstreams of `children`.
async fn look_untold(
    tx: &mut Transaction,
    page: &Page<'_, Global, Ending>,
    children: &[MemberRow],
    heal_after: Duration,
    room: usize,
) -> Result<Vec<MemberRow>, sqlx::Error> {
    if children.is_empty() {
        return Ok(Vec::new());
    }
    let filter = page.cx.filter();
    let avoid: Vec<Uuid> =
        page.avoid.iter().filter(|ending| !ending.is_told()).map(|ending| ending.member().1).collect();
    sqlx::query_as(fit(sql::LOOK_UNTOLD, page))
        .bind(children.iter().map(|child| child.partition_key).collect::<Vec<_>>())
        .bind(children.iter().map(|child| child.flow_id).collect::<Vec<_>>())
        .bind(children.iter().map(|child| child.execution_id).collect::<Vec<_>>())
        .bind(page.cx.now_ms())
        .bind(i64::try_from(heal_after.as_millis()).unwrap_or(i64::MAX))
        .bind(filter.namespace.as_deref())
        .bind(filter.tag_key())
        .bind(filter.tag_value())
        .bind(avoid)
        .bind(i64::try_from(room).unwrap_or(i64::MAX))
        .fetch_all(&mut **tx)
        .await
}
