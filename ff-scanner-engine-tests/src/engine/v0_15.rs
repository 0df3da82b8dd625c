//! What is particular to engine 0.15?

use ff_backend_postgres_0_15 as postgres;
use ff_core_0_15 as ff_core;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use ff_core::backend::{Handle, ResumeToken, ScannerFilter};
use ff_core::contracts::{
    ClaimExecutionArgs, ClaimExecutionResult, CompleteExecutionArgs, FailExecutionArgs, IssueGrantAndClaimArgs,
    IssueReclaimGrantArgs, IssueReclaimGrantOutcome, ListExpiredLeasesArgs, ReclaimExecutionArgs,
    ReclaimExecutionOutcome, RecordSpendArgs, ReleaseBudgetArgs, RenewLeaseArgs, ResumeGrant,
};
use ff_core::engine_backend::EngineBackend;
use ff_core::partition::{Partition, PartitionConfig, PartitionFamily, PartitionKey};
use ff_core::types::{
    AttemptId, AttemptIndex, BudgetId, CancelSource, ExecutionId, LaneId, LeaseFence, LeaseId, Namespace, TimestampMs,
    WorkerId, WorkerInstanceId,
};
use postgres::PostgresScannerConfig;

use super::{Budget, Claimed, Execution, Stop, Waitpoint, Worker, said};
use driver::{Backend, DIMENSION, admitted, execution, execution_id};
use worker::{Classic, handle};

#[allow(clippy::duplicate_mod, reason = "once for each version, against its own crates")]
#[path = "driver.rs"]
pub(super) mod driver;
#[allow(clippy::duplicate_mod, reason = "once for each version, against its own crates")]
#[path = "worker.rs"]
mod worker;

pub(super) fn scanner_config(partition_config: PartitionConfig, interval: Duration) -> PostgresScannerConfig {
    PostgresScannerConfig {
        attempt_timeout_interval: interval,
        lease_expiry_interval: interval,
        suspension_timeout_interval: interval,
        dependency_reconciler_interval: interval,
        edge_cancel_dispatcher_interval: interval,
        edge_cancel_reconciler_interval: interval,
        budget_reset_interval: interval,
        worker_registry_ttl_interval: interval,
        dependency_stale_threshold_ms: 0,
        scanner_filter: ScannerFilter::NOOP,
        partition_config,
    }
}

pub(super) async fn claim_execution(backend: &Backend, execution: Execution, lane: &str, lease_ms: u32) -> Claimed {
    let id = execution_id(execution)?;
    let index = backend.read_current_attempt_index(&id).await.map_err(said)?;
    let args = ClaimExecutionArgs::new(
        id,
        WorkerId::new("worker"),
        WorkerInstanceId::new("worker-1"),
        LaneId::new(lane),
        LeaseId::new(),
        u64::from(lease_ms),
        AttemptId::new(),
        index,
        String::new(),
        None,
        None,
        TimestampMs::now(),
    );
    let claimed = match backend.claim_execution(args).await.map_err(said)? {
        ClaimExecutionResult::Claimed(claimed) => claimed,
        other => return Err(said(other)),
    };
    let fence =
        LeaseFence { lease_id: claimed.lease_id, lease_epoch: claimed.lease_epoch, attempt_id: claimed.attempt_id };
    Typed::claimed(backend, execution, claimed.attempt_index, fence, lane, lease_ms)
}

pub(super) async fn issue_grant_and_claim(
    backend: &Backend,
    execution: Execution,
    lane: &str,
    lease_ms: u32,
) -> Claimed {
    let args = IssueGrantAndClaimArgs::new(execution_id(execution)?, LaneId::new(lane), u64::from(lease_ms));
    let claimed = backend.issue_grant_and_claim(args).await.map_err(said)?;
    let fence = LeaseFence {
        lease_id: claimed.lease_id,
        lease_epoch: claimed.lease_epoch,
        // The operator's claim does not tell it, and Postgres does not fence by it.
        attempt_id: AttemptId::new(),
    };
    Typed::claimed(backend, execution, claimed.attempt_index, fence, lane, lease_ms)
}

pub(super) async fn claim_from_resume_grant(
    backend: &Backend,
    execution: Execution,
    lane: &str,
    lease_ms: u32,
) -> Result<Option<Handle>, Stop> {
    let partition = Partition { family: PartitionFamily::Execution, index: execution.partition.unsigned_abs() };
    let grant = ResumeGrant::new(
        execution_id(execution)?,
        PartitionKey::from(&partition),
        "grant".to_owned(),
        u64::MAX,
        LaneId::new(lane),
    );
    let token = ResumeToken::new(grant, WorkerId::new("worker"), WorkerInstanceId::new("worker-1"), lease_ms);
    backend.claim_from_resume_grant(token).await.map_err(said)
}

pub(super) async fn reclaim_execution(backend: &Backend, execution: Execution, lane: &str, lease_ms: u32) -> Claimed {
    let id = execution_id(execution)?;
    let args = IssueReclaimGrantArgs::new(
        id.clone(),
        WorkerId::new("worker"),
        WorkerInstanceId::new("worker-2"),
        LaneId::new(lane),
        None,
        60_000,
        None,
        None,
        BTreeSet::new(),
        TimestampMs::now(),
    );
    match backend.issue_reclaim_grant(args).await.map_err(said)? {
        IssueReclaimGrantOutcome::Granted(_) => {}
        refused => return Err(said(refused)),
    }
    let index = backend.read_current_attempt_index(&id).await.map_err(said)?;
    let args = ReclaimExecutionArgs::new(
        id,
        WorkerId::new("worker"),
        WorkerInstanceId::new("worker-2"),
        LaneId::new(lane),
        None,
        LeaseId::new(),
        u64::from(lease_ms),
        AttemptId::new(),
        String::new(),
        None,
        WorkerInstanceId::new("worker-1"),
        index,
    );
    match backend.reclaim_execution(args).await.map_err(said)? {
        ReclaimExecutionOutcome::Claimed(handle) => Ok(Box::new(Classic::new(backend, handle)?)),
        refused => Err(said(refused)),
    }
}

pub(super) async fn list_expired_leases(backend: &Backend, namespace: &str) -> Result<Vec<Execution>, Stop> {
    let mut args = ListExpiredLeasesArgs::new(TimestampMs::now());
    args.namespace = Some(Namespace::new(namespace));
    let listed = backend.list_expired_leases(args).await.map_err(said)?;
    listed.entries.iter().map(|entry| execution(&entry.execution_id)).collect()
}

pub(super) async fn cancellation_reason(backend: &Backend, execution: Execution) -> Result<String, Stop> {
    const FIELD: &str = "cancellation_reason";
    let partition = Partition { family: PartitionFamily::Execution, index: execution.partition.unsigned_abs() };
    let id = execution_id(execution)?;
    let mut fields = backend.read_exec_core_fields(partition, &id, &[FIELD]).await.map_err(said)?;
    Ok(fields.remove(FIELD).flatten().unwrap_or_default())
}

pub(super) async fn trim(backend: &Backend, partition: i16, lane: &str) -> Result<u32, Stop> {
    let partition = Partition { family: PartitionFamily::Execution, index: partition.unsigned_abs() };
    let lane = LaneId::new(lane);
    // The server rounds its clock to the millisecond: what has just ended may have done so in the next one.
    let now = TimestampMs::from_millis(TimestampMs::now().0 + 1000);
    backend.trim_retention(partition, &lane, 0, now, 1000, &ScannerFilter::NOOP).await.map_err(said)
}

pub(super) async fn input(backend: &Backend, execution: Execution) -> Result<Vec<u8>, Stop> {
    Ok(backend.read_execution_context(&execution_id(execution)?).await.map_err(said)?.input_payload)
}

pub(super) async fn record_spend(
    backend: &Backend,
    budget: &Budget,
    execution: Execution,
    amount: u64,
) -> Result<(), Stop> {
    let deltas = BTreeMap::from([(DIMENSION.to_owned(), amount)]);
    let key = uuid::Uuid::new_v4().to_string();
    let args = RecordSpendArgs::new(BudgetId::from_uuid(budget.id), execution_id(execution)?, deltas, key);
    admitted(backend.record_spend(args).await.map_err(said)?)
}

pub(super) async fn release_budget(backend: &Backend, budget: &Budget, execution: Execution) -> Result<(), Stop> {
    let args = ReleaseBudgetArgs::new(BudgetId::from_uuid(budget.id), execution_id(execution)?);
    backend.release_budget(args).await.map_err(said)
}

/// A worker of the typed calls, which are fenced by what the claim returned rather than by a handle.
struct Typed {
    attempt_index: AttemptIndex,
    fence: LeaseFence,
    lease_ms: u32,
    /// For what there is no typed call for.
    classic: Classic,
}

impl Typed {
    fn claimed(
        backend: &Backend,
        execution: Execution,
        attempt_index: AttemptIndex,
        fence: LeaseFence,
        lane: &str,
        lease_ms: u32,
    ) -> Claimed {
        let handle = handle(execution_id(execution)?, attempt_index, fence.clone(), lane, lease_ms);
        Ok(Box::new(Self { attempt_index, fence, lease_ms, classic: Classic::new(backend, handle)? }))
    }

    fn execution_id(&self) -> Result<ExecutionId, Stop> {
        execution_id(self.execution())
    }

    fn backend(&self) -> &Backend {
        &self.classic.backend
    }
}

#[async_trait]
impl Worker for Typed {
    fn execution(&self) -> Execution {
        self.classic.execution()
    }

    async fn renew(&self) -> Result<(), Stop> {
        let args = RenewLeaseArgs {
            execution_id: self.execution_id()?,
            attempt_index: self.attempt_index,
            fence: Some(self.fence.clone()),
            lease_ttl_ms: u64::from(self.lease_ms),
            lease_history_grace_ms: 0,
        };
        self.backend().renew_lease(args).await.map(drop).map_err(said)
    }

    async fn progress(&self) -> Result<(), Stop> {
        self.classic.progress().await
    }

    async fn complete(&self, result: &[u8]) -> Result<(), Stop> {
        let args = CompleteExecutionArgs {
            execution_id: self.execution_id()?,
            fence: Some(self.fence.clone()),
            attempt_index: self.attempt_index,
            result_payload: Some(result.to_vec()),
            result_encoding: None,
            source: CancelSource::LeaseHolder,
            now: TimestampMs::now(),
        };
        self.backend().complete_execution(args).await.map(drop).map_err(said)
    }

    async fn fail(&self) -> Result<(), Stop> {
        let args = FailExecutionArgs {
            execution_id: self.execution_id()?,
            fence: Some(self.fence.clone()),
            attempt_index: self.attempt_index,
            failure_reason: "boom".to_owned(),
            failure_category: "transient".to_owned(),
            retry_policy_json: r#"{"max_retries": 3, "backoff": {"type": "fixed", "delay_ms": 0}}"#.to_owned(),
            next_attempt_policy_json: String::new(),
            source: CancelSource::LeaseHolder,
        };
        self.backend().fail_execution(args).await.map(drop).map_err(said)
    }

    async fn give_up(&self) -> Result<(), Stop> {
        self.classic.give_up().await
    }

    async fn cancel(&self) -> Result<(), Stop> {
        self.classic.cancel().await
    }

    async fn suspend(&self, timeout_at_ms: i64, behavior: &str) -> Result<Waitpoint, Stop> {
        self.classic.suspend(timeout_at_ms, behavior).await
    }

    async fn signals(&self) -> Result<Vec<String>, Stop> {
        self.classic.signals().await
    }
}
