//! What do an engine's subscribers hear of a test?

use ff_scanner::core::Filter;
use futures_util::StreamExt;
use tokio::time::timeout;
use uuid::Uuid;

use super::{Bench, PARTITION, PATIENCE};
use crate::engine::{Events, Execution, Stop, said};

/// The tag whose value events carry.
const INSTANCE: &str = "cairn.instance_id";

/// A kind of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Those of `subscribe_completion`.
    Completion,
    /// Those of `subscribe_lease_history`.
    Lease,
}

impl Bench {
    /// The words of all events of `execution` that `events` delivers, to the last that there is.
    ///
    /// # Errors
    ///
    /// What the engine says.
    ///
    /// # Panics
    ///
    /// When the last one cannot be written.
    pub async fn words(&self, events: Events, kind: Kind, execution: Execution) -> Result<Vec<String>, Stop> {
        let last = Execution { partition: PARTITION, id: Uuid::new_v4() };
        let (sql, tag) = match kind {
            Kind::Completion => (include_str!("../sql/last_completion.sql"), format!("{INSTANCE}={}", self.lane)),
            Kind::Lease => (include_str!("../sql/last_lease.sql"), self.lane.clone()),
        };
        let query = sqlx::query(sql).bind(last.partition).bind(last.id).bind(&self.namespace).bind(tag);
        query.execute(&self.world.pool).await.expect("a legal row");
        let until_last = async {
            let mut events = events;
            let mut words = Vec::new();
            while let Some(event) = events.next().await {
                let (of, word) = event?;
                if of == last {
                    return Ok(words);
                }
                words.extend((of == execution).then_some(word));
            }
            Err(Stop::Said("the subscription ended".to_owned()))
        };
        timeout(PATIENCE, until_last).await.map_err(said)?
    }

    /// Restricts a subscription to the executions of this test, by their tag.
    #[must_use]
    pub fn tag_filter(&self) -> Filter {
        Filter::default().with_instance_tag(INSTANCE, &self.lane)
    }
}
