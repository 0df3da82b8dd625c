//! How does a test write a flow, and let it run with our reconcilers as its only driver?

use std::collections::BTreeMap;
use std::time::Duration;

use ff_scanner::core::{Filter, PartitionCount, TickReport};
use ff_scanner::deps::Dependency;
use ff_scanner::edge_cancel::{EdgeCancelDispatcher, EdgeCancelReconciler};
use ff_scanner_engine_tests::bench::{Bench, LONG_MS, PARTITION};
use ff_scanner_engine_tests::engine::{Edge, Execution, Flow, Group, Stop, Worker};
use serde_json::json;
use uuid::Uuid;

/// Those who work on executions, by the id of what they have.
pub(crate) type Workers = BTreeMap<Uuid, Box<dyn Worker>>;

/// A flow, and what drives it.
pub(crate) struct Dag<'a> {
    pub(crate) bench: &'a Bench,
    pub(crate) flow: Flow,
    dependency: Dependency,
    dispatcher: EdgeCancelDispatcher,
    reconciler: EdgeCancelReconciler,
}

impl<'a> Dag<'a> {
    pub(crate) async fn new(bench: &'a Bench) -> Result<Self, Stop> {
        let pool = bench.pool();
        // Nobody else dispatches here, so what has ended need not age.
        let dependency = Dependency::new(pool.clone())
            .with_heal_after(Duration::ZERO)
            .with_partitions(PartitionCount::new(1).expect("within bounds"));
        Ok(Self {
            bench,
            flow: bench.engine().create_flow(PARTITION, &bench.namespace).await?,
            dependency,
            dispatcher: EdgeCancelDispatcher::new(pool.clone()),
            reconciler: EdgeCancelReconciler::new(pool),
        })
    }

    /// Adds an execution that nothing has made claimable yet.
    pub(crate) async fn member(&self) -> Result<Execution, Stop> {
        let execution = self.bench.engine().create(&self.bench.blank(json!({}))).await?;
        self.bench.engine().add_to_flow(self.flow, execution).await?;
        Ok(execution)
    }

    /// Adds an execution that waits for nothing.
    pub(crate) async fn root(&self) -> Result<Execution, Stop> {
        let execution = self.member().await?;
        self.bench.promote(execution).await;
        Ok(execution)
    }

    /// Adds so many of them.
    pub(crate) async fn roots(&self, number: usize) -> Result<Vec<Execution>, Stop> {
        let mut roots = Vec::new();
        for _ in 0..number {
            roots.push(self.root().await?);
        }
        Ok(roots)
    }

    /// Adds an execution that waits for `upstreams`.
    pub(crate) async fn child(&self, group: Group, upstreams: &[Execution]) -> Result<Execution, Stop> {
        let child = self.member().await?;
        self.bench.engine().set_group(self.flow, child, group).await?;
        for upstream in upstreams {
            self.edge(*upstream, child).await?;
        }
        Ok(child)
    }

    /// Lets `downstream` wait for `upstream` once the edge is applied.
    pub(crate) async fn staged(&self, upstream: Execution, downstream: Execution) -> Result<Edge, Stop> {
        let edge = Edge { id: Uuid::new_v4(), upstream, downstream };
        self.bench.engine().stage(self.flow, edge, false).await?;
        Ok(edge)
    }

    pub(crate) async fn edge(&self, upstream: Execution, downstream: Execution) -> Result<(), Stop> {
        let edge = self.staged(upstream, downstream).await?;
        self.bench.engine().apply(self.flow, edge).await
    }

    /// A cycle of each reconciler that follows flows, until none has anything left to do.
    pub(crate) async fn settle(&self) {
        loop {
            let mut changed = self.bench.global_cycle(&self.dependency).await.changed;
            changed += self.bench.global_cycle(&self.dispatcher).await.changed;
            changed += self.bench.global_cycle(&self.reconciler).await.changed;
            if changed == 0 {
                return;
            }
        }
    }

    /// A cycle of `dependency` alone.
    pub(crate) async fn depend(&self) {
        self.bench.global_cycle(&self.dependency).await;
    }

    /// A cycle of `dependency` alone, over what `filter` lets pass.
    pub(crate) async fn depend_for(&self, filter: Filter) -> TickReport {
        self.bench.global_cycle_for(&self.dependency, filter).await
    }

    /// Claims all that is claimable.
    pub(crate) async fn claim(&self) -> Result<Workers, Stop> {
        let mut workers = Workers::new();
        loop {
            match self.bench.engine().claim(&self.bench.lane, LONG_MS).await {
                Ok(worker) => drop(workers.insert(worker.execution().id, worker)),
                Err(Stop::Said(text)) if text == "nothing to claim" => return Ok(workers),
                Err(stop) => return Err(stop),
            }
        }
    }

    /// Completes all that is claimable.
    pub(crate) async fn succeed(&self) -> Result<(), Stop> {
        for worker in self.claim().await?.values() {
            self.bench.finish(&**worker).await?;
        }
        Ok(())
    }

    /// Lets everything run to its end, and says in how many rounds, each of which completes all that is claimable.
    pub(crate) async fn run(&self) -> Result<usize, Stop> {
        for round in 0.. {
            self.settle().await;
            let workers = self.claim().await?;
            if workers.is_empty() {
                return Ok(round);
            }
            for worker in workers.values() {
                self.bench.finish(&**worker).await?;
            }
        }
        unreachable!("rounds without end")
    }

    /// Whether `execution` reads as `outcome`.
    pub(crate) async fn is(&self, execution: Execution, outcome: &str) -> Result<(), Stop> {
        let reading = self.bench.read(execution).await?;
        if reading.outcome == outcome { Ok(()) } else { Err(Stop::Said(format!("{reading:?} and not {outcome}"))) }
    }

    /// Whether each of `executions` does.
    pub(crate) async fn all_are(&self, executions: &[Execution], outcome: &str) -> Result<(), Stop> {
        for execution in executions {
            self.is(*execution, outcome).await?;
        }
        Ok(())
    }

    /// Whether `execution` is not claimable, and has not ended.
    pub(crate) async fn waits(&self, execution: Execution) -> Result<(), Stop> {
        match self.claim().await?.remove(&execution.id) {
            None => self.is(execution, "none").await,
            Some(_) => Err(Stop::Said("it is claimable".to_owned())),
        }
    }
}
