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
    /// Says how late each was acted on.
    pub(crate) acted: &'static str,
    /// Finds due keys of one partition.
    pub(crate) candidates: &'static str,
    /// Locks one key, where rows are taken one at a time.
    pub(crate) lock: &'static str,
    /// Settles keys of one partition, without any check.
    pub(crate) effect: &'static str,
    pub(crate) partitions: i16,
}

macro_rules! case {
    ($name:literal, $unit:literal, $rows_per_key:literal, $partitions:literal) => {
        Case {
            name: $name,
            unit: $unit,
            rows_per_key: $rows_per_key,
            due: include_str!(concat!("../sql/", $name, "/due.sql")),
            acted: include_str!(concat!("../sql/", $name, "/acted.sql")),
            candidates: include_str!(concat!("../sql/", $name, "/candidates.sql")),
            lock: include_str!(concat!("../sql/", $name, "/lock.sql")),
            effect: include_str!(concat!("../sql/", $name, "/effect.sql")),
            partitions: $partitions,
        }
    };
}

pub(crate) const CASES: [Case; 4] = [
    case!("attempt_timeout", "attempts", 1, 256),
    case!("lease_expiry", "leases", 1, 256),
    case!("suspension_timeout", "suspensions", 1, 256),
    case!("budget_reset", "budgets", 1, 32),
];
