//! Which rows make up one budget?

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// One budget to be written.
#[derive(Clone, Debug)]
pub struct SeedBudget {
    due_ago_ms: Option<i64>,
    policy: Value,
    usage: Vec<(String, i64)>,
    spender: Option<Uuid>,
}

impl SeedBudget {
    /// A budget whose next window began `ago_ms` ago (negative: it begins later), with an interval of an hour, breached,
    /// after 70 `tokens` and 3 `calls`.
    #[must_use]
    pub fn due(ago_ms: i64) -> Self {
        Self {
            due_ago_ms: Some(ago_ms),
            policy: json!({
                "hard_limits": {"tokens": 70},
                "soft_limits": {"tokens": 50},
                "reset_interval_ms": 3_600_000,
                "on_hard_limit": "fail",
                "on_soft_limit": "warn",
            }),
            usage: vec![("tokens".to_owned(), 70), ("calls".to_owned(), 3)],
            spender: None,
        }
    }

    /// The same without a schedule: it never resets.
    #[must_use]
    pub fn unscheduled() -> Self {
        Self { due_ago_ms: None, ..Self::due(0) }.with_interval(0)
    }

    /// Sets `reset_interval_ms` of its policy, to whatever JSON (default an hour).
    #[must_use]
    pub fn with_interval(mut self, interval: impl Into<Value>) -> Self {
        self.policy["reset_interval_ms"] = interval.into();
        self
    }

    /// Replaces its whole policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Value) -> Self {
        self.policy = policy;
        self
    }

    /// Makes `execution_id` the one that spent it all. Only for a schema of engine 0.13 or later.
    #[must_use]
    pub fn spent_by(mut self, execution_id: Uuid) -> Self {
        self.spender = Some(execution_id);
        self
    }

    /// Writes the rows and returns the budget's id.
    ///
    /// # Panics
    ///
    /// When the database refuses them: a seed that cannot be written is a mistake of the test.
    pub async fn insert(&self, pool: &PgPool, partition: i16, now_ms: i64) -> String {
        let budget_id = Uuid::new_v4().to_string();
        sqlx::query(include_str!("budget.sql"))
            .bind(partition)
            .bind(&budget_id)
            .bind(&self.policy)
            .bind(self.due_ago_ms.map(|ago_ms| now_ms - ago_ms))
            .bind(now_ms)
            .execute(pool)
            .await
            .expect("the policy is legal");
        for (dimension, value) in &self.usage {
            let usage = sqlx::query(include_str!("budget_usage.sql"));
            let usage = usage.bind(partition).bind(&budget_id).bind(dimension).bind(value).bind(now_ms);
            usage.execute(pool).await.expect("the usage is legal");
            if let Some(execution_id) = self.spender {
                let entry = sqlx::query(include_str!("budget_ledger.sql"));
                let entry = entry.bind(partition).bind(&budget_id).bind(dimension).bind(value).bind(now_ms);
                entry.bind(execution_id).execute(pool).await.expect("the entry of the ledger is legal");
            }
        }
        budget_id
    }
}
