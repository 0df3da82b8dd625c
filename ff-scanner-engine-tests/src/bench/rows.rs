//! What is written and read behind the engine's back?

use uuid::Uuid;

use super::{Bench, PARTITION};
use crate::engine::{Execution, Flow};

impl Bench {
    /// Makes an execution claimable that was only created.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub async fn promote(&self, execution: Execution) {
        self.write(include_str!("../sql/promote.sql"), execution, None).await;
    }

    /// Lets the events of `execution` be lost, as by a crash of the engine's dispatcher.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub async fn lose_events(&self, execution: Execution) {
        self.write(include_str!("../sql/lose_events.sql"), execution, None).await;
    }

    /// Lets the queue entries of `flow` be lost, as by a restore of a part of the database.
    ///
    /// # Panics
    ///
    /// When there is none to lose.
    pub async fn lose_entries(&self, flow: Flow) {
        let query = sqlx::query(include_str!("../sql/lose_entries.sql")).bind(flow.partition).bind(flow.id);
        let lost = query.execute(&self.world.pool).await.expect("entries can be deleted");
        assert!(lost.rows_affected() > 0, "nothing is queued");
    }

    /// Lets what tells of `executions`, all of one partition, have come at one instant.
    ///
    /// # Panics
    ///
    /// When fewer than two events tell of them.
    pub async fn tell_at_once(&self, executions: &[Execution]) {
        let ids: Vec<Uuid> = executions.iter().map(|execution| execution.id).collect();
        let query = sqlx::query(include_str!("../sql/tell_at_once.sql")).bind(PARTITION).bind(ids);
        let told = query.execute(&self.world.pool).await.expect("a legal row");
        assert!(told.rows_affected() > 1, "nothing comes at once");
    }

    /// Lets the group of `child` list `members` as those that are to be cancelled.
    ///
    /// # Panics
    ///
    /// When no member is to be cancelled.
    pub async fn list_members(&self, flow: Flow, child: Execution, members: &[String]) {
        let query = sqlx::query(include_str!("../sql/list_members.sql")).bind(flow.partition).bind(flow.id);
        let listed = query.bind(child.id).bind(members).execute(&self.world.pool).await.expect("a legal row");
        assert_eq!(listed.rows_affected(), 1, "the group is not flagged");
    }

    /// Whom the group of `child` lists as to be cancelled, as long as it is flagged and in the queue.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    pub async fn listed_members(&self, flow: Flow, child: Execution) -> Option<Vec<String>> {
        let query = sqlx::query_scalar(include_str!("../sql/listed_members.sql")).bind(flow.partition).bind(flow.id);
        query.bind(child.id).fetch_optional(&self.world.pool).await.expect("groups can be read")
    }

    /// Lets a retry of `execution` that is delayed begin.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub async fn promote_delayed(&self, execution: Execution) {
        self.write(include_str!("../sql/promote_delayed.sql"), execution, None).await;
    }

    /// Grants `execution` to the worker of the tests.
    ///
    /// # Panics
    ///
    /// When the engine has no grants.
    pub(super) async fn grant(&self, execution: Execution) {
        self.write(include_str!("../sql/grant.sql"), execution, Some(self.engine().now_ms() + 60_000)).await;
    }

    async fn write(&self, sql: &'static str, execution: Execution, ms: Option<i64>) {
        let mut query = sqlx::query(sql).bind(execution.partition).bind(execution.id);
        if let Some(ms) = ms {
            query = query.bind(ms);
        }
        query.execute(&self.world.pool).await.expect("a legal row");
    }

    /// All that is written of `execution`, as text.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    pub async fn rows(&self, execution: Execution) -> String {
        let query = sqlx::query_scalar(include_str!("../sql/rows.sql")).bind(execution.partition).bind(execution.id);
        query.fetch_one(&self.world.pool).await.expect("rows can be read")
    }
}
