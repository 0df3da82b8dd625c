//! Which rows make up one execution in a given state?

use sqlx::PgPool;
use uuid::Uuid;

/// The state that an execution is seeded in: a legal vector of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Running under a lease that ends `lease_ends_in_ms` from now (negative: it has lapsed), for `running_for_ms`.
    Running {
        /// From now to the end of the lease; negative when it has lapsed.
        lease_ends_in_ms: i64,
        /// From the start of the attempt to now.
        running_for_ms: i64,
        /// Claimed by a typed claim, which leaves the pointer one past the attempt's row.
        typed: bool,
    },
    /// Suspended with a time-out that ends `times_out_in_ms` from now, and a waitpoint.
    Suspended {
        /// From now to the time-out; negative when it has passed.
        times_out_in_ms: i64,
        /// `timeout_behavior`, as the engine writes it.
        behavior: Option<String>,
    },
    /// Created, and promoted by nobody yet.
    Created,
    /// Waiting for the executions that it depends on.
    Blocked,
    /// Waiting to be claimed for the first time.
    Waiting,
    /// Waiting for a time before it is tried again.
    Delayed,
    /// Completed with success.
    Completed,
}

/// One execution to be written.
#[derive(Clone, Debug)]
pub struct Seed {
    state: State,
    attempt_index: i32,
    earlier_outcomes: Vec<String>,
    namespace: String,
    instance_id: String,
    policy: serde_json::Value,
    raw_fields: serde_json::Value,
    flow_id: Option<Uuid>,
    resumed: bool,
}

impl Seed {
    /// An execution in `state`, of namespace `tenant` and instance `blue`, with an empty policy.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self {
            state,
            attempt_index: 0,
            earlier_outcomes: Vec::new(),
            namespace: "tenant".to_owned(),
            instance_id: "blue".to_owned(),
            policy: serde_json::json!({}),
            raw_fields: serde_json::json!({}),
            flow_id: None,
            resumed: false,
        }
    }

    /// A classic running execution whose lease lapsed `ago_ms` ago.
    #[must_use]
    pub fn lapsed(ago_ms: i64) -> Self {
        Self::new(State::Running { lease_ends_in_ms: -ago_ms, running_for_ms: 60_000, typed: false })
    }

    /// A running execution under a live lease, started `ago_ms` ago.
    #[must_use]
    pub fn running(ago_ms: i64) -> Self {
        Self::new(State::Running { lease_ends_in_ms: 30_000, running_for_ms: ago_ms, typed: false })
    }

    /// A suspended execution whose time-out passed `ago_ms` ago.
    #[must_use]
    pub fn suspended(ago_ms: i64, behavior: &str) -> Self {
        Self::new(State::Suspended { times_out_in_ms: -ago_ms, behavior: Some(behavior.to_owned()) })
    }

    /// Makes a running execution one that was claimed by a typed claim.
    #[must_use]
    pub fn typed(mut self) -> Self {
        if let State::Running { typed, .. } = &mut self.state {
            *typed = true;
        }
        self
    }

    /// Leaves a running execution with the suspension and the waitpoint that it has been resumed from, as the engine does.
    #[must_use]
    pub fn resumed(mut self) -> Self {
        self.resumed = true;
        self
    }

    /// Sets the index of its current attempt (default 0); earlier attempts are not written.
    #[must_use]
    pub fn with_attempt_index(mut self, index: i32) -> Self {
        self.attempt_index = index;
        self
    }

    /// Writes attempts before its current one, one for each of `outcomes`, that ended so.
    ///
    /// # Panics
    ///
    /// With more of them than an attempt's index can count.
    #[must_use]
    pub fn with_earlier_attempts(mut self, outcomes: &[&str]) -> Self {
        self.attempt_index = i32::try_from(outcomes.len()).expect("an index counts them");
        self.earlier_outcomes = outcomes.iter().map(|outcome| (*outcome).to_owned()).collect();
        self
    }

    /// Sets its namespace (default `tenant`).
    #[must_use]
    pub fn with_namespace(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        self
    }

    /// Sets its tag `cairn.instance_id` (default `blue`).
    #[must_use]
    pub fn with_instance_id(mut self, instance_id: &str) -> Self {
        instance_id.clone_into(&mut self.instance_id);
        self
    }

    /// Sets its policy (default `{}`).
    #[must_use]
    pub fn with_policy(mut self, policy: serde_json::Value) -> Self {
        self.policy = policy;
        self
    }

    /// Adds top-level keys to its `raw_fields`.
    #[must_use]
    pub fn with_raw_fields(mut self, fields: serde_json::Value) -> Self {
        self.raw_fields = fields;
        self
    }

    /// Makes it a member of a flow.
    #[must_use]
    pub fn with_flow(mut self, flow_id: Uuid) -> Self {
        self.flow_id = Some(flow_id);
        self
    }

    /// Writes the rows and returns the execution's id.
    ///
    /// # Panics
    ///
    /// When the database refuses them: a seed that cannot be written is a mistake of the test.
    pub async fn insert(&self, pool: &PgPool, partition: i16, now_ms: i64) -> Uuid {
        let execution_id = Uuid::new_v4();
        let (vector, pointer) = self.vector();
        sqlx::query(include_str!("core.sql"))
            .bind(partition)
            .bind(execution_id)
            .bind(self.flow_id)
            .bind(pointer)
            .bind(vector.map(str::to_owned).to_vec())
            .bind(&self.policy)
            .bind(&self.raw_fields)
            .bind(&self.namespace)
            .bind(&self.instance_id)
            .bind(now_ms)
            .execute(pool)
            .await
            .expect("the core row is legal");
        for (index, outcome) in (0..).zip(&self.earlier_outcomes) {
            let ended = Attempt { index, lease: None, started: now_ms - 90_000, outcome: Some(outcome) };
            ended.insert(pool, partition, execution_id).await;
        }
        if let Some(current) = self.attempt(now_ms) {
            current.insert(pool, partition, execution_id).await;
        }
        let suspension = match &self.state {
            State::Suspended { times_out_in_ms, behavior } => Some((*times_out_in_ms, behavior.clone())),
            _ => self.resumed.then_some((86_400_000, None)),
        };
        if let Some((times_out_in_ms, behavior)) = suspension {
            sqlx::query(include_str!("suspension.sql"))
                .bind(partition)
                .bind(execution_id)
                .bind(now_ms + times_out_in_ms)
                .bind(behavior)
                .bind(now_ms)
                .execute(pool)
                .await
                .expect("the suspension is legal");
        }
        execution_id
    }

    /// Its current attempt, where there is one.
    fn attempt(&self, now_ms: i64) -> Option<Attempt<'static>> {
        let (lease, started, outcome) = match self.state {
            State::Running { lease_ends_in_ms, running_for_ms, .. } => {
                (Some(now_ms + lease_ends_in_ms), now_ms - running_for_ms, None)
            }
            State::Suspended { .. } => (None, now_ms - 60_000, Some("attempt_interrupted")),
            State::Delayed => (None, now_ms - 60_000, Some("failure")),
            State::Completed => (None, now_ms - 60_000, Some("success")),
            State::Created | State::Blocked | State::Waiting => return None,
        };
        Some(Attempt { index: self.attempt_index, lease, started, outcome })
    }

    /// Phase, ownership, eligibility, public and attempt state; and where the attempt pointer stands.
    fn vector(&self) -> ([&'static str; 5], i32) {
        match self.state {
            State::Running { typed: true, .. } => {
                (["active", "leased", "not_applicable", "active", "running_attempt"], self.attempt_index + 1)
            }
            State::Running { .. } => {
                (["active", "leased", "not_applicable", "running", "running_attempt"], self.attempt_index)
            }
            State::Suspended { .. } => {
                (["suspended", "released", "not_applicable", "suspended", "attempt_interrupted"], self.attempt_index)
            }
            State::Created => (["submitted", "unowned", "eligible_now", "waiting", "pending"], self.attempt_index),
            State::Blocked => {
                (["runnable", "unowned", "blocked_by_dependencies", "waiting_children", "pending"], self.attempt_index)
            }
            State::Waiting => (["runnable", "unowned", "eligible_now", "waiting", "pending"], self.attempt_index),
            State::Delayed => (
                ["runnable", "unowned", "not_eligible_until_time", "delayed", "pending_retry_attempt"],
                self.attempt_index,
            ),
            State::Completed => {
                (["terminal", "unowned", "not_applicable", "completed", "attempt_terminal"], self.attempt_index)
            }
        }
    }
}

struct Attempt<'a> {
    index: i32,
    lease: Option<i64>,
    started: i64,
    outcome: Option<&'a str>,
}

impl Attempt<'_> {
    async fn insert(&self, pool: &PgPool, partition: i16, execution_id: Uuid) {
        sqlx::query(include_str!("attempt.sql"))
            .bind(partition)
            .bind(execution_id)
            .bind(self.index)
            .bind(self.lease)
            .bind(self.started)
            .bind(self.outcome)
            .execute(pool)
            .await
            .expect("the attempt is legal");
    }
}
