//! How is an engine driven through its own crates? Compiled once for each version, with that version's crates.
//!
//! In one file, however long, because it is the implementation of one trait.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::iter;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ff_scanner::core::Filter;
use futures_util::StreamExt;

use super::ff_core::backend::{
    CancelFlowPolicy, CancelFlowWait, CapabilitySet, ClaimPolicy, Handle, PostgresConnection, ScannerFilter,
};
use super::ff_core::contracts::{
    AddExecutionToFlowArgs, ApplyDependencyToChildArgs, CancelExecutionArgs, ClaimForWorkerArgs, ClaimForWorkerOutcome,
    ClaimResumedExecutionArgs, ClaimResumedExecutionResult, CreateBudgetArgs, CreateExecutionArgs, CreateFlowArgs,
    DeliverSignalArgs, EdgeDependencyPolicy, ListPendingWaitpointsArgs, OnSatisfied, ReplayExecutionArgs,
    ReportUsageAdminArgs, ReportUsageResult, RevokeLeaseArgs, SeedWaitpointHmacSecretArgs, StageDependencyEdgeArgs,
};
use super::ff_core::engine_backend::EngineBackend;
use super::ff_core::partition::{PartitionConfig, budget_partition, flow_partition};
use super::ff_core::stream_events::{CompletionEvent, LeaseHistoryEvent};
use super::ff_core::stream_subscribe::StreamCursor;
use super::ff_core::types::{
    AttemptIndex, BudgetId, CancelSource, EdgeId, ExecutionId, FlowId, LaneId, LeaseFence, LeaseId, Namespace,
    SignalId, TimestampMs, WaitpointId, WaitpointToken, WorkerId, WorkerInstanceId,
};
use super::postgres::PostgresBackend;
use super::postgres::pool::build_pool_from_connection;
use super::postgres::scanner_supervisor::{PostgresScannerHandle, spawn_scanners};
use super::worker::{Classic, handle};
use crate::engine::{
    Budget, BudgetReading, Claimed, Edge, Engine, Events, Execution, Flow, Group, Loops, Members, NewExecution,
    Reading, Stop, Waitpoint, said,
};

pub(super) type Backend = Arc<PostgresBackend>;

/// Connections of an engine. Each has to learn the engine's thousands of tables before it is quick.
const CONNECTIONS: u32 = 6;
/// What suspended executions wait for.
pub(super) const SIGNAL: &str = "go";
/// What budgets count.
pub(super) const DIMENSION: &str = "tokens";

fn connection(url: &str) -> PostgresConnection {
    let mut connection = PostgresConnection::new(url);
    connection.max_connections = CONNECTIONS;
    connection
}

pub(in crate::engine) async fn migrate(url: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    let pool = build_pool_from_connection(&connection(url)).await?;
    super::postgres::apply_migrations(&pool).await?;
    let backend = PostgresBackend::from_pool(pool.clone(), PartitionConfig::default());
    // Without a key to sign with, nothing can be granted or suspended.
    backend.seed_waitpoint_hmac_secret(SeedWaitpointHmacSecretArgs::new("kid", "ab".repeat(32))).await?;
    drop(backend);
    pool.close().await;
    Ok(())
}

pub(in crate::engine) async fn start_loops(
    url: &str,
    partitions: u16,
    interval: Duration,
) -> Result<Box<dyn Loops>, Box<dyn Error + Send + Sync>> {
    let pool = build_pool_from_connection(&connection(url)).await?;
    let partitions = PartitionConfig { num_flow_partitions: partitions, ..PartitionConfig::default() };
    Ok(Box::new(spawn_scanners(pool, super::scanner_config(partitions, interval))))
}

#[async_trait]
impl Loops for PostgresScannerHandle {
    async fn stop(self: Box<Self>, grace: Duration) -> usize {
        self.shutdown(grace).await
    }
}

pub(super) fn execution_id(execution: Execution) -> Result<ExecutionId, Stop> {
    ExecutionId::parse(&execution.to_string()).map_err(said)
}

pub(super) fn execution(id: &ExecutionId) -> Result<Execution, Stop> {
    let (_, uuid) = id.as_str().split_once("}:").ok_or_else(|| said(id))?;
    Ok(Execution { partition: i16::try_from(id.partition()).map_err(said)?, id: uuid.parse().map_err(said)? })
}

async fn cancel(backend: &Backend, execution: Execution, source: CancelSource) -> Result<(), Stop> {
    let args = CancelExecutionArgs {
        execution_id: execution_id(execution)?,
        reason: "test".to_owned(),
        source,
        lease_id: None,
        lease_epoch: None,
        attempt_id: None,
        now: TimestampMs::now(),
    };
    backend.cancel_execution(args).await.map(drop).map_err(said)
}

/// Whether a report was taken.
pub(super) fn admitted(result: ReportUsageResult) -> Result<(), Stop> {
    match result {
        ReportUsageResult::Ok | ReportUsageResult::SoftBreach { .. } => Ok(()),
        refused => Err(said(refused)),
    }
}

fn scanner_filter(filter: &Filter) -> ScannerFilter {
    let mut theirs = ScannerFilter::new();
    if let Some(namespace) = &filter.namespace {
        theirs = theirs.with_namespace(Namespace::new(namespace));
    }
    if let Some((key, value)) = &filter.instance_tag {
        theirs = theirs.with_instance_tag(key, value);
    }
    theirs
}

/// The engine's own word for one of its enums.
fn word(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(word) => word,
        other => other.to_string(),
    }
}

/// An engine of this version.
pub(in crate::engine) struct Driver {
    backend: Backend,
}

impl Driver {
    pub(in crate::engine) async fn connect(url: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let pool = build_pool_from_connection(&connection(url)).await?;
        Ok(Self { backend: PostgresBackend::from_pool(pool, PartitionConfig::default()) })
    }

    fn worker(&self, handle: Option<Handle>) -> Claimed {
        let handle = handle.ok_or_else(|| Stop::Said("nothing to claim".to_owned()))?;
        Ok(Box::new(Classic::new(&self.backend, handle)?))
    }
}

#[async_trait]
impl Engine for Driver {
    fn now_ms(&self) -> i64 {
        TimestampMs::now().0
    }

    async fn create(&self, new: &NewExecution) -> Result<Execution, Stop> {
        let execution = Execution { partition: new.partition, id: uuid::Uuid::new_v4() };
        let args = CreateExecutionArgs {
            execution_id: execution_id(execution)?,
            namespace: Namespace::new(&new.namespace),
            lane_id: LaneId::new(&new.lane),
            execution_kind: "test".to_owned(),
            input_payload: b"input".to_vec(),
            payload_encoding: None,
            priority: 0,
            creator_identity: "test".to_owned(),
            idempotency_key: None,
            tags: HashMap::from([("cairn.instance_id".to_owned(), new.instance.clone())]),
            policy: Some(serde_json::from_value(new.policy.clone()).map_err(said)?),
            delay_until: None,
            execution_deadline_at: None,
            partition_id: new.partition.unsigned_abs(),
            now: TimestampMs::now(),
        };
        EngineBackend::create_execution(&*self.backend, args).await.map_err(said)?;
        Ok(execution)
    }

    async fn claim(&self, lane: &str, lease_ms: u32) -> Claimed {
        let policy = ClaimPolicy::new(WorkerId::new("worker"), WorkerInstanceId::new("worker-1"), lease_ms, None);
        let none = CapabilitySet::new(Vec::<String>::new());
        self.worker(self.backend.claim(&LaneId::new(lane), &none, policy).await.map_err(said)?)
    }

    async fn claim_for_worker(&self, lane: &str) -> Result<Execution, Stop> {
        let (worker, instance) = (WorkerId::new("worker"), WorkerInstanceId::new("worker-1"));
        let args = ClaimForWorkerArgs::new(LaneId::new(lane), worker, instance, BTreeSet::new(), 60_000);
        match self.backend.claim_for_worker(args).await.map_err(said)? {
            ClaimForWorkerOutcome::Granted(grant) => execution(&grant.execution_id),
            other => Err(said(other)),
        }
    }

    async fn claim_execution(&self, execution: Execution, lane: &str, lease_ms: u32) -> Claimed {
        super::claim_execution(&self.backend, execution, lane, lease_ms).await
    }

    async fn issue_grant_and_claim(&self, execution: Execution, lane: &str, lease_ms: u32) -> Claimed {
        super::issue_grant_and_claim(&self.backend, execution, lane, lease_ms).await
    }

    async fn claim_from_resume_grant(&self, execution: Execution, lane: &str, lease_ms: u32) -> Claimed {
        self.worker(super::claim_from_resume_grant(&self.backend, execution, lane, lease_ms).await?)
    }

    async fn claim_resumed_execution(&self, execution: Execution, lane: &str, lease_ms: u32) -> Claimed {
        let args = ClaimResumedExecutionArgs {
            execution_id: execution_id(execution)?,
            worker_id: WorkerId::new("worker"),
            worker_instance_id: WorkerInstanceId::new("worker-1"),
            lane_id: LaneId::new(lane),
            lease_id: LeaseId::new(),
            lease_ttl_ms: u64::from(lease_ms),
            current_attempt_index: AttemptIndex::new(0),
            remaining_attempt_timeout_ms: None,
            now: TimestampMs::now(),
        };
        let claimed = self.backend.claim_resumed_execution(args).await.map_err(said)?;
        let ClaimResumedExecutionResult::Claimed(claimed) = claimed;
        let fence =
            LeaseFence { lease_id: claimed.lease_id, lease_epoch: claimed.lease_epoch, attempt_id: claimed.attempt_id };
        let handle = handle(claimed.execution_id, claimed.attempt_index, fence, lane, lease_ms);
        self.worker(Some(handle))
    }

    async fn reclaim_execution(&self, execution: Execution, lane: &str, lease_ms: u32) -> Claimed {
        super::reclaim_execution(&self.backend, execution, lane, lease_ms).await
    }

    async fn list_expired_leases(&self, namespace: &str) -> Result<Vec<Execution>, Stop> {
        super::list_expired_leases(&self.backend, namespace).await
    }

    async fn read(&self, execution: Execution) -> Result<Reading, Stop> {
        let id = execution_id(execution)?;
        let missing = || Stop::Said("no such execution".to_owned());
        let info = self.backend.read_execution_info(&id).await.map_err(said)?.ok_or_else(missing)?;
        let state = self.backend.read_execution_state(&id).await.map_err(said)?.ok_or_else(missing)?;
        if info.public_state != state {
            return Err(Stop::Said(format!("one call says {:?} and another {state:?}", info.public_state)));
        }
        let ms = |text: Option<String>| text.map(|text| text.parse().map_err(said)).transpose();
        Ok(Reading {
            outcome: word(serde_json::json!(info.state_vector.terminal_outcome)),
            public: word(serde_json::json!(info.public_state)),
            blocking: word(serde_json::json!(info.state_vector.blocking_reason)),
            started_at_ms: ms(info.started_at)?,
            completed_at_ms: ms(info.completed_at)?,
            result: self.backend.get_execution_result(&id).await.map_err(said)?,
        })
    }

    async fn describe(&self, execution: Execution) -> Result<String, Stop> {
        let snapshot = self.backend.describe_execution(&execution_id(execution)?).await.map_err(said)?;
        Ok(word(serde_json::json!(snapshot.map(|snapshot| snapshot.public_state))))
    }

    async fn cancellation_reason(&self, execution: Execution) -> Result<String, Stop> {
        super::cancellation_reason(&self.backend, execution).await
    }

    async fn pending_waitpoints(&self, execution: Execution) -> Result<usize, Stop> {
        let args = ListPendingWaitpointsArgs::new(execution_id(execution)?);
        Ok(self.backend.list_pending_waitpoints(args).await.map_err(said)?.entries.len())
    }

    async fn signal(&self, execution: Execution, waitpoint: &Waitpoint) -> Result<(), Stop> {
        let args = DeliverSignalArgs {
            execution_id: execution_id(execution)?,
            waitpoint_id: WaitpointId::parse(&waitpoint.id).map_err(said)?,
            signal_id: SignalId::new(),
            signal_name: SIGNAL.to_owned(),
            signal_category: "external".to_owned(),
            source_type: "test".to_owned(),
            source_identity: "test".to_owned(),
            payload: None,
            payload_encoding: None,
            correlation_id: None,
            idempotency_key: None,
            target_scope: "execution".to_owned(),
            created_at: None,
            dedup_ttl_ms: None,
            resume_delay_ms: None,
            max_signals_per_execution: None,
            signal_maxlen: None,
            waitpoint_token: WaitpointToken::new(&waitpoint.token),
            now: TimestampMs::now(),
        };
        self.backend.deliver_signal(args).await.map(drop).map_err(said)
    }

    async fn cancel(&self, execution: Execution) -> Result<(), Stop> {
        cancel(&self.backend, execution, CancelSource::LeaseHolder).await
    }

    async fn cancel_by_operator(&self, execution: Execution) -> Result<(), Stop> {
        cancel(&self.backend, execution, CancelSource::OperatorOverride).await
    }

    async fn revoke(&self, execution: Execution) -> Result<(), Stop> {
        let args = RevokeLeaseArgs {
            execution_id: execution_id(execution)?,
            expected_lease_id: None,
            worker_instance_id: WorkerInstanceId::new("worker-1"),
            reason: "test".to_owned(),
        };
        self.backend.revoke_lease(args).await.map(drop).map_err(said)
    }

    async fn replay(&self, execution: Execution) -> Result<(), Stop> {
        let args = ReplayExecutionArgs { execution_id: execution_id(execution)?, now: TimestampMs::now() };
        self.backend.replay_execution(args).await.map(drop).map_err(said)
    }

    async fn trim(&self, partition: i16, lane: &str) -> Result<u32, Stop> {
        super::trim(&self.backend, partition, lane).await
    }

    async fn create_flow(&self, partition: i16, namespace: &str) -> Result<Flow, Stop> {
        let home = |id: &FlowId| flow_partition(id, &PartitionConfig::default()).index;
        let id = iter::repeat_with(FlowId::new).find(|id| home(id) == partition.unsigned_abs()).ok_or(Stop::Absent)?;
        let args = CreateFlowArgs {
            flow_id: id.clone(),
            flow_kind: "dag".to_owned(),
            namespace: Namespace::new(namespace),
            now: TimestampMs::now(),
        };
        EngineBackend::create_flow(&*self.backend, args).await.map_err(said)?;
        Ok(Flow { partition, id: id.0 })
    }

    async fn add_to_flow(&self, flow: Flow, execution: Execution) -> Result<(), Stop> {
        let (flow_id, execution_id) = (FlowId::from_uuid(flow.id), execution_id(execution)?);
        let args = AddExecutionToFlowArgs { flow_id, execution_id, now: TimestampMs::now() };
        EngineBackend::add_execution_to_flow(&*self.backend, args).await.map(drop).map_err(said)
    }

    async fn set_group(&self, flow: Flow, child: Execution, group: Group) -> Result<(), Stop> {
        let policy = match group {
            Group::All => EdgeDependencyPolicy::AllOf,
            Group::Any { cancel: true } => EdgeDependencyPolicy::AnyOf { on_satisfied: OnSatisfied::CancelRemaining },
            Group::Any { cancel: false } => EdgeDependencyPolicy::AnyOf { on_satisfied: OnSatisfied::LetRun },
            Group::Quorum(k) => EdgeDependencyPolicy::Quorum { k, on_satisfied: OnSatisfied::CancelRemaining },
        };
        let (flow_id, child) = (FlowId::from_uuid(flow.id), execution_id(child)?);
        self.backend.set_edge_group_policy(&flow_id, &child, policy).await.map(drop).map_err(said)
    }

    async fn stage(&self, flow: Flow, edge: Edge, passes_data: bool) -> Result<(), Stop> {
        let flow_id = FlowId::from_uuid(flow.id);
        let snapshot = self.backend.describe_flow(&flow_id).await.map_err(said)?;
        let args = StageDependencyEdgeArgs {
            flow_id,
            edge_id: EdgeId::from_uuid(edge.id),
            upstream_execution_id: execution_id(edge.upstream)?,
            downstream_execution_id: execution_id(edge.downstream)?,
            dependency_kind: "success_only".to_owned(),
            data_passing_ref: passes_data.then(|| "result".to_owned()),
            expected_graph_revision: snapshot.map_or(0, |flow| flow.graph_revision),
            now: TimestampMs::now(),
        };
        EngineBackend::stage_dependency_edge(&*self.backend, args).await.map(drop).map_err(said)
    }

    async fn apply(&self, flow: Flow, edge: Edge) -> Result<(), Stop> {
        let args = ApplyDependencyToChildArgs {
            flow_id: FlowId::from_uuid(flow.id),
            edge_id: EdgeId::from_uuid(edge.id),
            upstream_execution_id: execution_id(edge.upstream)?,
            downstream_execution_id: execution_id(edge.downstream)?,
            dependency_kind: "success_only".to_owned(),
            data_passing_ref: None,
            graph_revision: 0,
            now: TimestampMs::now(),
        };
        EngineBackend::apply_dependency_to_child(&*self.backend, args).await.map(drop).map_err(said)
    }

    async fn cancel_flow(&self, flow: Flow, members: Members) -> Result<(), Stop> {
        let policy = match members {
            Members::All => CancelFlowPolicy::CancelAll,
            Members::Pending => CancelFlowPolicy::CancelPending,
        };
        let flow_id = FlowId::from_uuid(flow.id);
        self.backend.cancel_flow(&flow_id, policy, CancelFlowWait::NoWait).await.map(drop).map_err(said)
    }

    async fn input(&self, execution: Execution) -> Result<Vec<u8>, Stop> {
        super::input(&self.backend, execution).await
    }

    async fn create_budget(&self, partition: i16, window_ms: u64, limit: u64) -> Result<Budget, Stop> {
        let home = |id: &BudgetId| budget_partition(id, &PartitionConfig::default()).index;
        let id =
            iter::repeat_with(BudgetId::new).find(|id| home(id) == partition.unsigned_abs()).ok_or(Stop::Absent)?;
        let args = CreateBudgetArgs {
            budget_id: id.clone(),
            scope_type: "lane".to_owned(),
            scope_id: "lane".to_owned(),
            enforcement_mode: "strict".to_owned(),
            on_hard_limit: "fail".to_owned(),
            on_soft_limit: "warn".to_owned(),
            reset_interval_ms: window_ms,
            dimensions: vec![DIMENSION.to_owned()],
            hard_limits: vec![limit],
            soft_limits: vec![0],
            now: TimestampMs::now(),
        };
        self.backend.create_budget(args).await.map_err(said)?;
        Ok(Budget { partition, id: id.0 })
    }

    async fn report_usage(&self, budget: &Budget, amount: u64) -> Result<(), Stop> {
        let args = ReportUsageAdminArgs::new(vec![DIMENSION.to_owned()], vec![amount], TimestampMs::now());
        let id = BudgetId::from_uuid(budget.id);
        admitted(self.backend.report_usage_admin(&id, args).await.map_err(said)?)
    }

    async fn record_spend(&self, budget: &Budget, execution: Execution, amount: u64) -> Result<(), Stop> {
        super::record_spend(&self.backend, budget, execution, amount).await
    }

    async fn release_budget(&self, budget: &Budget, execution: Execution) -> Result<(), Stop> {
        super::release_budget(&self.backend, budget, execution).await
    }

    async fn budget(&self, budget: &Budget) -> Result<BudgetReading, Stop> {
        let status = self.backend.get_budget_status(&BudgetId::from_uuid(budget.id)).await.map_err(said)?;
        Ok(BudgetReading {
            spent: status.usage.get(DIMENSION).copied().unwrap_or_default(),
            next_reset_at_ms: status.next_reset_at.map(|at| at.parse().map_err(said)).transpose()?,
            last_breach: status.last_breach_dim.filter(|dimension| !dimension.is_empty()),
        })
    }

    async fn completions(&self, filter: &Filter) -> Result<Events, Stop> {
        let tail = StreamCursor::empty();
        let events = self.backend.subscribe_completion(tail, &scanner_filter(filter)).await.map_err(said)?;
        let event = |event: Result<CompletionEvent, _>| {
            let event = event.map_err(said)?;
            Ok((execution(&event.execution_id)?, format!("{:?}", event.outcome)))
        };
        Ok(events.map(event).boxed())
    }

    async fn leases(&self, filter: &Filter) -> Result<Events, Stop> {
        let tail = StreamCursor::empty();
        let events = self.backend.subscribe_lease_history(tail, &scanner_filter(filter)).await.map_err(said)?;
        let event = |event: Result<LeaseHistoryEvent, _>| {
            let event = event.map_err(said)?;
            let word = match event {
                LeaseHistoryEvent::Acquired { .. } => "acquired",
                LeaseHistoryEvent::Renewed { .. } => "renewed",
                LeaseHistoryEvent::Expired { .. } => "expired",
                LeaseHistoryEvent::Reclaimed { .. } => "reclaimed",
                LeaseHistoryEvent::Revoked { .. } => "revoked",
                _ => "unknown",
            };
            Ok((execution(event.execution_id())?, word.to_owned()))
        };
        Ok(events.map(event).boxed())
    }
}
