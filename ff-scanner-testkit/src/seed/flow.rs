//! Which rows make up a flow?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::Seed;

/// A flow to be written: executions, the edges between them, and a group for each execution that waits.
///
/// ```no_run
/// # use ff_scanner_testkit::seed::{EdgeState, FlowSeed, Seed, State};
/// # use serde_json::json;
/// # async fn example(pool: sqlx::PgPool) {
/// let mut seed = FlowSeed::new();
/// let (left, right) = (seed.node(Seed::running(0)), seed.node(Seed::running(0)));
/// let child = seed.node(Seed::new(State::Blocked));
/// seed.edge(left, child, EdgeState::Applied);
/// seed.edge(right, child, EdgeState::Applied);
/// seed.group(child, json!({"kind": "any_of"}));
/// let flow = seed.insert(&pool, 0, 1_800_000_000_000).await;
/// flow.finish(&pool, left, "success", 1_800_000_000_000).await;
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct FlowSeed {
    nodes: Vec<Seed>,
    edges: Vec<Edge>,
    policies: BTreeMap<usize, Value>,
    groupless: BTreeSet<usize>,
}

/// An execution of a [`FlowSeed`], or of the [`Flow`] that it became.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(usize);

/// How far an edge has got when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EdgeState {
    /// With an empty policy, as edges are that were written by hand.
    Bare,
    /// Staged, and not applied yet.
    Staged,
    /// Staged and applied.
    Applied,
}

#[derive(Clone, Debug)]
struct Edge {
    upstream: Node,
    downstream: Node,
    state: EdgeState,
    data_passing_ref: String,
}

impl Edge {
    fn policy(&self, now_ms: i64) -> Value {
        let (state, applied_at_ms) = match self.state {
            EdgeState::Bare => return json!({}),
            EdgeState::Staged => ("pending", None),
            EdgeState::Applied => ("applied", Some(now_ms - 60_000)),
        };
        json!({
            "dependency_kind": "success_only",
            "satisfaction_condition": "all_required",
            "data_passing_ref": self.data_passing_ref,
            "edge_state": state,
            "created_at_ms": now_ms - 60_000,
            "created_by": "engine",
            "staged_at_ms": now_ms - 60_000,
            "applied_at_ms": applied_at_ms,
        })
    }
}

impl FlowSeed {
    /// A flow without executions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an execution.
    pub fn node(&mut self, seed: Seed) -> Node {
        self.nodes.push(seed);
        Node(self.nodes.len() - 1)
    }

    /// Lets `downstream` wait for `upstream`.
    pub fn edge(&mut self, upstream: Node, downstream: Node, state: EdgeState) {
        self.edges.push(Edge { upstream, downstream, state, data_passing_ref: String::new() });
    }

    /// Lets `downstream` wait for `upstream`, and get its result. The edge is applied.
    pub fn data_edge(&mut self, upstream: Node, downstream: Node) {
        let data_passing_ref = "result".to_owned();
        self.edges.push(Edge { upstream, downstream, state: EdgeState::Applied, data_passing_ref });
    }

    /// Sets the policy of the group of `downstream` (default `{"kind": "all_of"}`).
    pub fn group(&mut self, downstream: Node, policy: Value) {
        self.policies.insert(downstream.0, policy);
    }

    /// Writes no group for `downstream`.
    pub fn without_group(&mut self, downstream: Node) {
        self.groupless.insert(downstream.0);
    }

    /// Writes the flow.
    ///
    /// # Panics
    ///
    /// When the database refuses it: a seed that cannot be written is a mistake of the test.
    pub async fn insert(&self, pool: &PgPool, partition: i16, now_ms: i64) -> Flow {
        let flow_id = Uuid::new_v4();
        let mut executions = Vec::new();
        for node in &self.nodes {
            executions.push(node.clone().with_flow(flow_id).insert(pool, partition, now_ms).await);
        }
        let mut running: BTreeMap<usize, i32> = BTreeMap::new();
        for edge in &self.edges {
            sqlx::query(include_str!("edge.sql"))
                .bind(partition)
                .bind(flow_id)
                .bind(executions[edge.upstream.0])
                .bind(executions[edge.downstream.0])
                .bind(edge.policy(now_ms))
                .execute(pool)
                .await
                .expect("the edge is legal");
            *running.entry(edge.downstream.0).or_default() += i32::from(edge.state != EdgeState::Staged);
        }
        for (downstream, running) in running {
            if self.groupless.contains(&downstream) {
                continue;
            }
            let policy = self.policies.get(&downstream).cloned().unwrap_or_else(|| json!({"kind": "all_of"}));
            sqlx::query(include_str!("edge_group.sql"))
                .bind(partition)
                .bind(flow_id)
                .bind(executions[downstream])
                .bind(policy)
                .bind(running)
                .execute(pool)
                .await
                .expect("the group is legal");
        }
        Flow { flow_id, partition, executions }
    }
}

/// A flow that was written.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its id.
    pub flow_id: Uuid,
    /// Where all its rows are.
    pub partition: i16,
    executions: Vec<Uuid>,
}

impl Flow {
    /// The execution of `node`.
    #[must_use]
    pub fn id(&self, node: Node) -> Uuid {
        self.executions[node.0]
    }

    /// Ends `node` with a completion event, and returns its number.
    ///
    /// # Panics
    ///
    /// When the database refuses it.
    pub async fn finish(&self, pool: &PgPool, node: Node, outcome: &str, now_ms: i64) -> i64 {
        self.end(pool, node, outcome, now_ms).await;
        self.tell(pool, node, outcome, now_ms).await
    }

    /// Ends `node` without a completion event; with `cancelled`, as an operator does.
    ///
    /// # Panics
    ///
    /// When the database refuses it.
    pub async fn end(&self, pool: &PgPool, node: Node, outcome: &str, now_ms: i64) {
        sqlx::query(include_str!("end.sql"))
            .bind(self.partition)
            .bind(self.id(node))
            .bind(outcome)
            .bind(now_ms)
            .execute(pool)
            .await
            .expect("an execution can end");
    }

    /// Writes a completion event of `node`, with neither namespace nor tag, as most writers do, and returns its number.
    ///
    /// # Panics
    ///
    /// When the database refuses it.
    pub async fn tell(&self, pool: &PgPool, node: Node, outcome: &str, now_ms: i64) -> i64 {
        sqlx::query_scalar(include_str!("completion_event.sql"))
            .bind(self.partition)
            .bind(self.id(node))
            .bind(self.flow_id)
            .bind(outcome)
            .bind(now_ms)
            .fetch_one(pool)
            .await
            .expect("the event is legal")
    }
}
