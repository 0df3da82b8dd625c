//! Which rows make up a group whose siblings are to be cancelled?

use sqlx::PgPool;
use uuid::Uuid;

use super::{Seed, State};

/// What a seeded group may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lacks {
    /// The flag that its siblings are to be cancelled; the list of them goes with it.
    Flag,
    /// Its place in the queue.
    PendingRow,
    /// The group itself: only its place in the queue is there.
    Group,
    /// The downstream execution's row.
    Downstream,
}

/// A decided group of edges into one downstream execution, flagged and queued, to be written with its siblings.
#[derive(Clone, Debug)]
pub struct SiblingGroup {
    siblings: Vec<Sibling>,
    lacks: Vec<Lacks>,
    flow_id: Option<Uuid>,
    policy: serde_json::Value,
    namespace: String,
    instance_id: String,
}

#[derive(Clone, Debug)]
enum Sibling {
    New(Seed),
    Shared(Uuid),
    Late(Seed),
    /// Nothing but what is on the list.
    Text(String),
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeededGroup {
    /// The flow of all of it.
    pub flow_id: Uuid,
    /// The execution that the edges lead to.
    pub downstream_eid: Uuid,
    /// The siblings that have rows, in the order in which they were added.
    pub siblings: Vec<Uuid>,
}

impl Default for SiblingGroup {
    fn default() -> Self {
        Self::new()
    }
}

impl SiblingGroup {
    /// A group without siblings, of policy `any_of`, namespace `tenant` and instance `blue`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            siblings: Vec::new(),
            lacks: Vec::new(),
            flow_id: None,
            policy: serde_json::json!({"kind": "any_of", "on_satisfied": "cancel_remaining"}),
            namespace: "tenant".to_owned(),
            instance_id: "blue".to_owned(),
        }
    }

    /// Adds a sibling, which is written with the group; it is on the list, and has an edge.
    #[must_use]
    pub fn with(mut self, sibling: Seed) -> Self {
        self.siblings.push(Sibling::New(sibling));
        self
    }

    /// Adds a sibling that exists already, such as one of another group.
    #[must_use]
    pub fn with_shared(mut self, sibling: Uuid) -> Self {
        self.siblings.push(Sibling::Shared(sibling));
        self
    }

    /// Adds a sibling whose edge is applied a millisecond after the group was queued, so that it is not on the list.
    #[must_use]
    pub fn with_late(mut self, sibling: Seed) -> Self {
        self.siblings.push(Sibling::Late(sibling));
        self
    }

    /// Adds a text to the list, whatever it says.
    #[must_use]
    pub fn with_listed(mut self, member: &str) -> Self {
        self.siblings.push(Sibling::Text(member.to_owned()));
        self
    }

    /// Leaves something out.
    #[must_use]
    pub fn lacking(mut self, what: Lacks) -> Self {
        self.lacks.push(what);
        self
    }

    /// Sets its flow (default: one of its own).
    #[must_use]
    pub fn in_flow(mut self, flow_id: Uuid) -> Self {
        self.flow_id = Some(flow_id);
        self
    }

    /// Sets the group's policy (default `any_of` with `cancel_remaining`).
    #[must_use]
    pub fn with_policy(mut self, policy: serde_json::Value) -> Self {
        self.policy = policy;
        self
    }

    /// Sets the namespace (default `tenant`) and the tag `cairn.instance_id` (default `blue`) of the downstream execution.
    #[must_use]
    pub fn of(mut self, namespace: &str, instance_id: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        instance_id.clone_into(&mut self.instance_id);
        self
    }

    /// Writes the rows, queued at `enqueued_at_ms` (milliseconds since the epoch).
    ///
    /// # Panics
    ///
    /// When the database refuses them: a seed that cannot be written is a mistake of the test.
    pub async fn insert(&self, pool: &PgPool, partition: i16, enqueued_at_ms: i64) -> SeededGroup {
        let flow_id = self.flow_id.unwrap_or_else(Uuid::new_v4);
        let downstream_eid = if self.lacks.contains(&Lacks::Downstream) {
            Uuid::new_v4()
        } else {
            let seed = Seed::new(State::Waiting).with_namespace(&self.namespace).with_instance_id(&self.instance_id);
            seed.with_flow(flow_id).insert(pool, partition, enqueued_at_ms).await
        };
        let (mut siblings, mut early, mut late, mut listed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for sibling in &self.siblings {
            let (id, edges) = match sibling {
                Sibling::New(seed) => {
                    let seed = seed.clone().with_flow(flow_id);
                    (seed.insert(pool, partition, enqueued_at_ms).await, &mut early)
                }
                Sibling::Late(seed) => {
                    let seed = seed.clone().with_flow(flow_id);
                    (seed.insert(pool, partition, enqueued_at_ms).await, &mut late)
                }
                Sibling::Shared(id) => (*id, &mut early),
                Sibling::Text(text) => {
                    listed.push(text.clone());
                    continue;
                }
            };
            edges.push(id);
            siblings.push(id);
            if !matches!(sibling, Sibling::Late(_)) {
                listed.push(id.to_string());
            }
        }
        for (upstreams, applied_at_ms) in [(early, enqueued_at_ms - 60_000), (late, enqueued_at_ms + 1)] {
            sqlx::query(include_str!("sibling_edge.sql"))
                .bind(partition)
                .bind(flow_id)
                .bind(downstream_eid)
                .bind(upstreams)
                .bind(applied_at_ms)
                .execute(pool)
                .await
                .expect("the edges are legal");
        }
        let has = |what| !self.lacks.contains(&what);
        sqlx::query(include_str!("sibling_group.sql"))
            .bind(partition)
            .bind(flow_id)
            .bind(downstream_eid)
            .bind(&self.policy)
            .bind(has(Lacks::Flag))
            .bind(if has(Lacks::Flag) { listed } else { Vec::new() })
            .bind(has(Lacks::Group))
            .bind(has(Lacks::PendingRow).then_some(enqueued_at_ms))
            .execute(pool)
            .await
            .expect("the group is legal");
        SeededGroup { flow_id, downstream_eid, siblings }
    }
}
