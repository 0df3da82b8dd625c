//! Do random flows end as the rules say, whatever comes in between?
#![cfg(feature = "full")]

mod drive;
mod model;

use ff_scanner_testkit::{Database, EdgeState, Flow, FlowSeed, Node as SeedNode, Seed, State as SeedState};
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};
use sqlx::PgPool;

use drive::Drivers;
use model::{Model, Node, Rule, State};

const CASES: u32 = 16;
const NODES_MAX: usize = 40;

/// A flow in the database, what must become of it, and what has been told of each execution.
struct Trial {
    pool: PgPool,
    flow: Flow,
    nodes: Vec<SeedNode>,
    model: Model,
    told: Vec<i64>,
    random: fastrand::Rng,
}

/// Executions that wait for some of those before them.
fn random_nodes(count: usize, random: &mut fastrand::Rng) -> Vec<Node> {
    (0..count)
        .map(|node| {
            let most = if random.u8(..4) == 0 { 0 } else { node.min(5) };
            let upstream = random.choose_multiple(0..node, most);
            let rule = match random.u8(..3) {
                0 => Rule { successes: None, cancels: false },
                1 => Rule { successes: Some(1), cancels: random.bool() },
                _ => Rule { successes: Some(random.usize(1..=most.max(1))), cancels: random.bool() },
            };
            Node { upstream, rule }
        })
        .collect()
}

fn policy(rule: Rule, node: usize) -> Value {
    let on_satisfied = if rule.cancels { "cancel_remaining" } else { "let_run" };
    match rule.successes {
        None => json!({"kind": "all_of"}),
        // The same rule in two words.
        Some(1) if node.is_multiple_of(2) => json!({"kind": "any_of", "on_satisfied": on_satisfied}),
        Some(k) => json!({"kind": "quorum", "k": k, "on_satisfied": on_satisfied}),
    }
}

impl Trial {
    async fn new(pool: PgPool, partition: i16, count: usize, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let nodes = random_nodes(count, &mut random);
        let mut flow = FlowSeed::new();
        let seeds: Vec<SeedNode> = nodes
            .iter()
            .map(|node| {
                let state = if node.upstream.is_empty() { Seed::running(0) } else { Seed::new(SeedState::Blocked) };
                flow.node(state)
            })
            .collect();
        for (child, node) in nodes.iter().enumerate() {
            for upstream in &node.upstream {
                let state = if random.bool() { EdgeState::Bare } else { EdgeState::Applied };
                flow.edge(seeds[*upstream], seeds[child], state);
            }
            if !node.upstream.is_empty() {
                flow.group(seeds[child], policy(node.rule, child));
            }
        }
        let flow = flow.insert(&pool, partition, now_ms(&pool).await).await;
        let told = vec![0; count];
        Self { pool, flow, nodes: seeds, model: Model::new(&nodes), told, random }
    }

    /// Some of those that can run end, at once and each on a connection of its own; or an operator cancels one.
    async fn end_some(&mut self) -> bool {
        let states = self.model.states.iter().enumerate();
        let mut ready: Vec<usize> = states.filter(|(_, state)| **state == State::Ready).map(|(node, _)| node).collect();
        if ready.is_empty() {
            return false;
        }
        self.random.shuffle(&mut ready);
        let now_ms = now_ms(&self.pool).await;
        if self.random.u8(..5) == 0 {
            self.flow.end(&self.pool, self.nodes[ready[0]], "cancelled", now_ms).await;
            self.model.cancel_untold(ready[0]);
            return true;
        }
        self.repeat_one(now_ms).await;
        ready.truncate(self.random.usize(1..=ready.len()));
        let mut endings = Vec::new();
        for node in ready {
            let (state, outcome) =
                if self.random.u8(..3) == 0 { (State::Failed, "failed") } else { (State::Success, "success") };
            // Some are told of twice.
            let times = 1 + i64::from(self.random.u8(..4) == 0);
            self.model.states[node] = state;
            self.told[node] += times;
            endings.push((self.nodes[node], outcome, times));
        }
        let (pool, flow) = (&self.pool, &self.flow);
        join_all(endings.into_iter().map(|(node, outcome, times)| async move {
            flow.finish(pool, node, outcome, now_ms).await;
            for _ in 1..times {
                flow.tell(pool, node, outcome, now_ms).await;
            }
        }))
        .await;
        true
    }

    /// Tells once more of one that ended in an earlier round, and whose event has long been applied.
    async fn repeat_one(&mut self, now_ms: i64) {
        let told: Vec<usize> = (0..self.nodes.len()).filter(|node| self.told[*node] > 0).collect();
        if let Some(node) = self.random.choice(told) {
            let outcome = if self.model.states[node] == State::Success { "success" } else { "failed" };
            self.flow.tell(&self.pool, self.nodes[node], outcome, now_ms).await;
            self.told[node] += 1;
        }
    }

    /// Holds every execution to the model, and every counter to the edges.
    async fn check(&mut self) -> Result<(), TestCaseError> {
        let found: Vec<(uuid::Uuid, String, i64)> = sqlx::query_as(include_str!("states.sql"))
            .bind(self.flow.partition)
            .bind(self.flow.flow_id)
            .fetch_all(&self.pool)
            .await
            .expect("states can be read");
        for (node, seed) in self.nodes.iter().enumerate() {
            let id = self.flow.id(*seed);
            let (_, word, events) = found.iter().find(|row| row.0 == id).expect("it is there");
            let wanted = self.model.states[node];
            let state = match word.as_str() {
                "waiting_children" => State::Waiting,
                "waiting" | "running" => State::Ready,
                "completed" => State::Success,
                "failed" => State::Failed,
                "cancelled" => State::Cancelled,
                "skipped" => State::Skipped,
                other => return Err(TestCaseError::fail(format!("{node} is {other}"))),
            };
            let either = [State::Cancelled, State::Skipped];
            let same = state == wanted
                || either.contains(&state) && either.contains(&wanted) && self.model.may_be_either(node);
            prop_assert!(same, "{node} is {state:?} and should be {wanted:?}: {:?}", self.model);
            // For those that wait below it makes no difference which, but for the counters.
            self.model.states[node] = state;
            let untold = self.model.cancelled_untold.contains(&node);
            let ours = i64::from(state == State::Skipped || state == State::Cancelled && !untold);
            prop_assert_eq!(*events, self.told[node] + ours, "events of {}: {:?}", node, state);
        }
        let wrong: Vec<String> = sqlx::query_scalar(include_str!("counters.sql"))
            .bind(self.flow.partition)
            .bind(self.flow.flow_id)
            .fetch_all(&self.pool)
            .await
            .expect("counters can be read");
        prop_assert!(wrong.is_empty(), "{wrong:?}: {:?}", self.model);
        Ok(())
    }
}

async fn now_ms(pool: &PgPool) -> i64 {
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("the server has a clock")
}

#[test]
fn random_flows_with_duplicates_and_crashes_end_as_the_rules_say() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let database = runtime.block_on(Database::own()).expect("a database");
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let result = runner.run(&(2..=NODES_MAX, any::<u64>()), |(count, seed)| {
        let partition = Database::next_partition();
        runtime.block_on(async {
            let mut trial = Trial::new(database.pool(8), partition, count, seed).await;
            let drivers = Drivers::new(&database);
            while trial.end_some().await {
                drivers.drain(&mut trial.random).await;
                trial.model.settle();
                trial.check().await?;
            }
            drivers.close().await;
            trial.pool.close().await;
            Ok(())
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
