//! How does a worker talk to its engine? Compiled once for each version, with that version's crates.

use async_trait::async_trait;

use super::driver::{Backend, SIGNAL, execution};
use super::ff_core::backend::{BackendTag, FailureClass, FailureReason, Handle, HandleKind};
use super::ff_core::contracts::{
    ResumeCondition, ResumePolicy, SignalMatcher, SuspendArgs, SuspensionReasonCode,
    TimeoutBehavior::{AutoResumeWithTimeoutSignal, Cancel, Escalate, Expire, Fail},
    WaitpointBinding,
};
use super::ff_core::engine_backend::EngineBackend;
use super::ff_core::handle_codec::{HandlePayload, decode, encode};
use super::ff_core::types::{
    AttemptIndex, ExecutionId, LaneId, LeaseFence, SuspensionId, TimestampMs, WaitpointId, WorkerInstanceId,
};
use crate::engine::{Execution, Stop, Waitpoint, Worker, said};

/// The handle of a claim, which some claims leave to their callers to make.
pub(super) fn handle(
    execution_id: ExecutionId,
    attempt_index: AttemptIndex,
    fence: LeaseFence,
    lane: &str,
    lease_ms: u32,
) -> Handle {
    let payload = HandlePayload::new(
        execution_id,
        attempt_index,
        fence.attempt_id,
        fence.lease_id,
        fence.lease_epoch,
        u64::from(lease_ms),
        LaneId::new(lane),
        WorkerInstanceId::new("worker-1"),
    );
    Handle::new(BackendTag::Postgres, HandleKind::Fresh, encode(BackendTag::Postgres, &payload))
}

/// A worker that goes by its handle.
pub(super) struct Classic {
    pub(super) backend: Backend,
    execution: Execution,
    handle: Handle,
}

impl Classic {
    pub(super) fn new(backend: &Backend, handle: Handle) -> Result<Self, Stop> {
        let decoded = decode(&handle.opaque).map_err(said)?;
        let execution = execution(&decoded.payload.execution_id)?;
        Ok(Self { backend: backend.clone(), execution, handle })
    }
}

#[async_trait]
impl Worker for Classic {
    fn execution(&self) -> Execution {
        self.execution
    }

    async fn renew(&self) -> Result<(), Stop> {
        self.backend.renew(&self.handle).await.map(drop).map_err(said)
    }

    async fn progress(&self) -> Result<(), Stop> {
        self.backend.progress(&self.handle, Some(50), None).await.map_err(said)
    }

    async fn complete(&self, result: &[u8]) -> Result<(), Stop> {
        self.backend.complete(&self.handle, Some(result.to_vec())).await.map_err(said)
    }

    async fn fail(&self) -> Result<(), Stop> {
        let reason = FailureReason::new("boom");
        self.backend.fail(&self.handle, reason, FailureClass::Transient).await.map(drop).map_err(said)
    }

    async fn give_up(&self) -> Result<(), Stop> {
        let reason = FailureReason::new("boom");
        self.backend.fail(&self.handle, reason, FailureClass::Permanent).await.map(drop).map_err(said)
    }

    async fn cancel(&self) -> Result<(), Stop> {
        self.backend.cancel(&self.handle, "test").await.map_err(said)
    }

    async fn suspend(&self, timeout_at_ms: i64, behavior: &str) -> Result<Waitpoint, Stop> {
        let known = [Fail, Cancel, Expire, AutoResumeWithTimeoutSignal, Escalate];
        let behavior = known.into_iter().find(|known| known.as_wire_str() == behavior).ok_or_else(|| said(behavior))?;
        let key = "wp:go".to_owned();
        let waitpoint = WaitpointBinding::Fresh { waitpoint_id: WaitpointId::new(), waitpoint_key: key.clone() };
        let condition =
            ResumeCondition::Single { waitpoint_key: key, matcher: SignalMatcher::ByName(SIGNAL.to_owned()) };
        let args = SuspendArgs::new(
            SuspensionId::new(),
            waitpoint,
            condition,
            ResumePolicy::normal(),
            SuspensionReasonCode::WaitingForSignal,
            TimestampMs::now(),
        );
        let args = args.with_timeout(TimestampMs::from_millis(timeout_at_ms), behavior);
        let suspended = self.backend.suspend(&self.handle, args).await.map_err(said)?;
        let details = suspended.details();
        Ok(Waitpoint { id: details.waitpoint_id.to_string(), token: details.waitpoint_token.as_str().to_owned() })
    }

    async fn signals(&self) -> Result<Vec<String>, Stop> {
        let signals = self.backend.observe_signals(&self.handle).await.map_err(said)?;
        Ok(signals.into_iter().map(|signal| signal.signal_name).collect())
    }
}
