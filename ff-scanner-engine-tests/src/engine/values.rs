//! What is said to an engine, and what does it say?

use std::fmt;

use serde_json::Value;
use uuid::Uuid;

/// Why a scenario did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// This version has no such call.
    Absent,
    /// What the engine said, or what it did instead.
    Said(String),
}

/// What `error` says, as the engine's own `Debug` puts it: its kinds have no other text.
pub fn said(error: impl fmt::Debug) -> Stop {
    Stop::Said(format!("{error:?}"))
}

/// An execution, and the partition that its id names. Displays as the engine writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Execution {
    /// Its partition.
    pub partition: i16,
    /// Its bare id.
    pub id: Uuid,
}

impl fmt::Display for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{fp:{}}}:{}", self.partition, self.id)
    }
}

/// An execution to be created.
#[derive(Clone, Debug)]
pub struct NewExecution {
    /// Where.
    pub partition: i16,
    /// Its lane.
    pub lane: String,
    /// Its namespace.
    pub namespace: String,
    /// The value of its tag `cairn.instance_id`.
    pub instance: String,
    /// Its policy, as JSON.
    pub policy: Value,
}

/// How an execution reads in the engine's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// `terminal_outcome`.
    pub outcome: String,
    /// `public_state`; two calls agree on it.
    pub public: String,
    /// `blocking_reason`.
    pub blocking: String,
    /// When it first started, milliseconds since the epoch.
    pub started_at_ms: Option<i64>,
    /// When it ended, milliseconds since the epoch.
    pub completed_at_ms: Option<i64>,
    /// Its result.
    pub result: Option<Vec<u8>>,
}

/// What a suspended execution waits for, with what a caller needs to signal it.
#[derive(Clone, Debug)]
pub struct Waitpoint {
    /// Its id.
    pub id: String,
    /// The token that proves that the caller may signal it.
    pub token: String,
}

/// A flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The partition of all that belongs to it.
    pub partition: i16,
    /// Its id.
    pub id: Uuid,
}

/// That one execution waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Its id.
    pub id: Uuid,
    /// What is waited for.
    pub upstream: Execution,
    /// What waits.
    pub downstream: Execution,
}

/// When an execution has waited long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// All of what it waits for has succeeded.
    All,
    /// One has; the others are cancelled, or let run.
    Any {
        /// Whether the others are cancelled.
        cancel: bool,
    },
    /// So many have; the others are cancelled.
    Quorum(u32),
}

/// Which members of a flow are cancelled with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// All that have not ended.
    All,
    /// Those that nobody works on.
    Pending,
}

/// A budget of one dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Its partition.
    pub partition: i16,
    /// Its id.
    pub id: Uuid,
}

/// How a budget reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetReading {
    /// What is spent of it.
    pub spent: u64,
    /// When its next window begins, milliseconds since the epoch.
    pub next_reset_at_ms: Option<i64>,
    /// Which dimension was last exceeded in this window.
    pub last_breach: Option<String>,
}
