//! What has each reconciler to do, and how else could it be done?

/// The statements that a reconciler is measured with and against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What a row is, for the table.
    pub(crate) unit: &'static str,
    /// Rows that one key stands for.
    pub(crate) rows_per_key: u64,
    /// Writes rows that become due.
    pub(crate) due: &'static str,
    /// When a row is due, and how to see afterwards how late it was acted on.
    pub(crate) lateness: LatenessOf,
    /// Finds due keys of one partition.
    pub(crate) candidates: &'static str,
    /// Settles keys of one partition, without any check.
    pub(crate) effect: &'static str,
    /// As the two above, where rows are taken one at a time.
    pub(crate) row_candidates: &'static str,
    pub(crate) row_effect: &'static str,
    /// Locks one key, where rows are taken one at a time.
    pub(crate) lock: &'static str,
    pub(crate) partitions: i16,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum LatenessOf {
    /// At its time, which may be written beforehand.
    Timed(&'static str),
    /// As soon as it is written.
    Written(&'static str),
    /// It goes without a trace.
    Traceless,
}

macro_rules! case {
    ($name:literal, $unit:literal, $rows_per_key:literal, $partitions:literal, $lateness:expr) => {
        Case {
            name: $name,
            unit: $unit,
            rows_per_key: $rows_per_key,
            due: include_str!(concat!("../sql/", $name, "/due.sql")),
            lateness: $lateness,
            candidates: include_str!(concat!("../sql/", $name, "/candidates.sql")),
            effect: include_str!(concat!("../sql/", $name, "/effect.sql")),
            row_candidates: include_str!(concat!("../sql/", $name, "/candidates.sql")),
            row_effect: include_str!(concat!("../sql/", $name, "/effect.sql")),
            lock: include_str!(concat!("../sql/", $name, "/lock.sql")),
            partitions: $partitions,
        }
    };
}

/// Most executions say themselves when they were acted on.
const ACTED: &str = include_str!("../sql/acted.sql");
const BUDGETS_ACTED: &str = include_str!("../sql/budget_reset/acted.sql");

pub(crate) const CASES: [Case; 7] = [
    case!("attempt_timeout", "attempts", 1, 256, LatenessOf::Timed(ACTED)),
    case!("lease_expiry", "leases", 1, 256, LatenessOf::Timed(ACTED)),
    case!("suspension_timeout", "suspensions", 1, 256, LatenessOf::Timed(ACTED)),
    case!("budget_reset", "budgets", 1, 32, LatenessOf::Timed(BUDGETS_ACTED)),
    case!("dependency", "events", 1, 256, LatenessOf::Written(ACTED)),
    Case {
        // A key is a group, but a row is one sibling.
        row_candidates: include_str!("../sql/edge_cancel_dispatcher/row_candidates.sql"),
        row_effect: include_str!("../sql/edge_cancel_dispatcher/row_effect.sql"),
        ..case!("edge_cancel_dispatcher", "siblings", 5, 256, LatenessOf::Written(ACTED))
    },
    case!("edge_cancel_reconciler", "queue entries", 1, 256, LatenessOf::Traceless),
];
