//! What has ended, and who waits for it?

use std::time::Duration;

use ff_scanner_core::postgres::{Silence, Transaction, fit, silence};
use ff_scanner_core::{Ask, Due, Global, Page, PartitionSet};
use uuid::Uuid;

use crate::heal::{Cursor, START};
use crate::rows::{MemberRow, ToldRow};
use crate::{Dependency, Ending, sql};

impl Dependency {
    /// Looks for pending events, and then for what ended without one; for neither when nobody has written anything since
    /// there was nothing.
    pub(crate) async fn look_if_needed(
        &self,
        tx: &mut Transaction,
        page: &Page<'_, Global, Ending>,
    ) -> Result<Vec<Due<Ending>>, sqlx::Error> {
        let silence = silence(tx, page).await?;
        if silence.as_ref().is_some_and(|silence| silence.ask == Ask::Nothing) {
            // What is owed of the walk would show nothing either, and would have the next tick follow at once.
            self.walk.examined(None);
            return Ok(Vec::new());
        }
        let mut due = self.look_told(tx, page).await?;
        let limit = usize::try_from(self.batch_limit).unwrap_or(usize::MAX);
        if let Some(cursor) = self.walk.owes(!due.is_empty()).filter(|_| due.len() < limit) {
            let silence = silence.filter(|_| due.is_empty());
            due.extend(self.look_untold(tx, page, cursor, limit - due.len(), silence).await?);
        }
        Ok(due)
    }

    async fn look_told(
        &self,
        tx: &mut Transaction,
        page: &Page<'_, Global, Ending>,
    ) -> Result<Vec<Due<Ending>>, sqlx::Error> {
        let filter = page.cx.filter();
        let avoid: Vec<i64> = page.avoid.iter().filter_map(Ending::event_id).collect();
        let rows: Vec<ToldRow> = sqlx::query_as(fit(sql::LOOK_TOLD, page))
            .bind(i64::from(self.batch_limit))
            .bind(filter.namespace.as_deref())
            .bind(filter.tag_key())
            .bind(filter.tag_value())
            .bind(avoid)
            .fetch_all(&mut **tx)
            .await?;
        let due = |row: ToldRow| Due {
            partition: row.partition_key,
            key: Ending::Told { event_id: row.event_id, execution_id: row.execution_id, flow_id: row.flow_id },
            problem: None,
        };
        Ok(rows.into_iter().map(due).collect())
    }

    /// Examines the page of waiting children that begins at `cursor`, for at most `room` endings. There are no pending
    /// events when `silence` is kept.
    async fn look_untold(
        &self,
        tx: &mut Transaction,
        page: &Page<'_, Global, Ending>,
        cursor: Cursor,
        room: usize,
        silence: Option<Silence>,
    ) -> Result<Vec<Due<Ending>>, sqlx::Error> {
        let children = self.look_waiting(tx, cursor).await?;
        let full = children.len() >= usize::try_from(self.page).unwrap_or(usize::MAX);
        // Of a part of those who wait, nothing follows for the others.
        let silence = silence.filter(|_| cursor == START && !full);
        let nothing_ahead = match silence.as_ref().map(|silence| &silence.ask) {
            Some(Ask::Ahead(at_ms)) => {
                Some(look_untold(tx, page, &children, Some(*at_ms), self.heal_after, 1).await?.is_empty())
            }
            _ => None,
        };
        let untold = match nothing_ahead {
            Some(true) => Vec::new(),
            _ => look_untold(tx, page, &children, page.cx.now_ms(), self.heal_after, room).await?,
        };
        // With more to act on than there is room for, the page is examined again.
        if untold.len() < room {
            let last = children.iter().map(|child| (child.partition_key, child.execution_id)).max();
            self.walk.examined(last.filter(|_| full));
        }
        if let Some(silence) = silence.filter(|_| untold.is_empty()) {
            page.quiet.found_nothing(silence.state, silence.now_ms, nothing_ahead);
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

/// Finds at most `room` upstreams of `children` at `at_ms`; `None` means now.
async fn look_untold(
    tx: &mut Transaction,
    page: &Page<'_, Global, Ending>,
    children: &[MemberRow],
    at_ms: Option<i64>,
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
        .bind(at_ms)
        .bind(i64::try_from(heal_after.as_millis()).unwrap_or(i64::MAX))
        .bind(filter.namespace.as_deref())
        .bind(filter.tag_key())
        .bind(filter.tag_value())
        .bind(avoid)
        .bind(i64::try_from(room).unwrap_or(i64::MAX))
        .fetch_all(&mut **tx)
        .await
}
