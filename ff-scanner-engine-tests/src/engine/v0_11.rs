//! What is particular to engine 0.11?
#![allow(clippy::unused_async, reason = "they stand in for calls of 0.15, which wait")]

use ff_backend_postgres_0_11 as postgres;
use ff_core_0_11 as ff_core;

use std::time::Duration;

use ff_core::backend::{Handle, ReclaimToken, ScannerFilter};
use ff_core::contracts::ReclaimGrant;
use ff_core::engine_backend::EngineBackend;
use ff_core::partition::{Partition, PartitionConfig, PartitionFamily, PartitionKey};
use ff_core::types::{LaneId, WorkerId, WorkerInstanceId};
use postgres::PostgresScannerConfig;

use super::{Budget, Claimed, Execution, Stop, said};
use driver::{Backend, execution_id};

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
        dependency_stale_threshold_ms: 0,
        scanner_filter: ScannerFilter::NOOP,
        partition_config,
    }
}

pub(super) async fn claim_execution(_: &Backend, _: Execution, _: &str, _: u32) -> Claimed {
    Err(Stop::Absent)
}

pub(super) async fn issue_grant_and_claim(_: &Backend, _: Execution, _: &str, _: u32) -> Claimed {
    Err(Stop::Absent)
}

pub(super) async fn reclaim_execution(_: &Backend, _: Execution, _: &str, _: u32) -> Claimed {
    Err(Stop::Absent)
}

pub(super) async fn list_expired_leases(_: &Backend, _: &str) -> Result<Vec<Execution>, Stop> {
    Err(Stop::Absent)
}

pub(super) async fn cancellation_reason(_: &Backend, _: Execution) -> Result<String, Stop> {
    Err(Stop::Absent)
}

pub(super) async fn trim(_: &Backend, _: i16, _: &str) -> Result<u32, Stop> {
    Err(Stop::Absent)
}

pub(super) async fn input(_: &Backend, _: Execution) -> Result<Vec<u8>, Stop> {
    Err(Stop::Absent)
}

pub(super) async fn record_spend(_: &Backend, _: &Budget, _: Execution, _: u64) -> Result<(), Stop> {
    Err(Stop::Absent)
}

pub(super) async fn release_budget(_: &Backend, _: &Budget, _: Execution) -> Result<(), Stop> {
    Err(Stop::Absent)
}

pub(super) async fn claim_from_resume_grant(
    backend: &Backend,
    execution: Execution,
    lane: &str,
    lease_ms: u32,
) -> Result<Option<Handle>, Stop> {
    let grant = ReclaimGrant {
        execution_id: execution_id(execution)?,
        partition_key: PartitionKey::from(&Partition {
            family: PartitionFamily::Execution,
            index: execution.partition.unsigned_abs(),
        }),
        grant_key: "grant".to_owned(),
        expires_at_ms: u64::MAX,
        lane_id: LaneId::new(lane),
    };
    let token = ReclaimToken::new(grant, WorkerId::new("worker"), WorkerInstanceId::new("worker-1"), lease_ms);
    backend.claim_from_reclaim(token).await.map_err(said)
}
