//! The files, and what a ledger says about them.

use std::fmt;

use sqlx::SqlSafeStr;
use sqlx::migrate::{AppliedMigration, Migration, MigrationType, Migrator};

use crate::MigrateError;

/// A set of files with the ledger that says which of them a database has.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) ledger: &'static str,
    files: &'static [File],
}

#[derive(Debug)]
struct File {
    /// Number and purpose, as in the name of the file without its extension.
    name: &'static str,
    sql: &'static str,
}

/// One file of a set: one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// What it is sorted by.
    pub version: i64,
    /// What it creates, in a few words.
    pub description: String,
}

macro_rules! files {
    ($dir:literal: $($name:literal),+ $(,)?) => {
        &[$(File { name: $name, sql: include_str!(concat!("../", $dir, "/", $name, ".sql")) }),+]
    };
}

pub(crate) static SCANNER: Set =
    Set { ledger: "ff_scanner.migrations", files: files!["scanner": "0001_ledger_comment"] };

pub(crate) static ENGINE: Set = Set {
    ledger: "ff_scanner.engine_migrations",
    files: files!["engine":
        "1101_hash_children",
        "1102_partition_config",
        "1103_exec_core",
        "1104_flow_core",
        "1105_attempt",
        "1106_edge",
        "1107_edge_group",
        "1108_pending_cancel_groups",
        "1109_cancel_dispatch_outbox",
        "1110_suspension_current",
        "1111_waitpoint_pending",
        "1112_completion_event",
        "1113_lease_event",
        "1114_signal_event",
        "1115_operator_event",
        "1116_budget_policy",
        "1117_budget_usage",
        "1201_exec_core_started_at",
        "1202_exec_core_lease_reclaim_count",
        "1203_claim_grant",
        "1301_completion_event_lookup",
        "1302_budget_usage_by_exec",
    ],
};

/// A number that changes whenever a file of either set does, the same in every build and on every platform.
///
/// Databases that are kept as templates can be named after it.
#[must_use]
pub fn fingerprint() -> u64 {
    let files = ENGINE.files.iter().chain(SCANNER.files);
    let bytes = files.flat_map(|file| file.name.bytes().chain(file.sql.bytes()));
    // FNV-1a: nothing here is a secret, and std promises no hash that stays the same.
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Set {
    pub(crate) fn migrator(&self) -> Migrator {
        let mut migrator = Migrator::with_migrations(self.migrations().collect());
        migrator.dangerous_set_table_name(self.ledger);
        // Its lock is one of the session, which outlives a failure and means nothing behind a pooler.
        migrator.set_locking(false);
        migrator
    }

    /// The files up to number `last` that are not in the ledger, in order; an error when the ledger is of other files.
    pub(crate) fn pending(&self, applied: &[AppliedMigration], last: i64) -> Result<Vec<Step>, MigrateError> {
        for entry in applied {
            let mut migrations = self.migrations();
            let known = migrations.find(|migration| migration.version == entry.version);
            let known = known.ok_or(MigrateError::UnknownStep { ledger: self.ledger, version: entry.version })?;
            if known.checksum != entry.checksum {
                return Err(MigrateError::ChangedStep { ledger: self.ledger, step: Step::of(&known) });
            }
        }
        let pending = self.migrations().filter(|migration| {
            let is_applied = applied.iter().any(|entry| entry.version == migration.version);
            migration.version <= last && !is_applied
        });
        Ok(pending.map(|migration| Step::of(&migration)).collect())
    }

    fn migrations(&self) -> impl Iterator<Item = Migration> {
        self.files.iter().map(File::migration)
    }
}

impl File {
    fn migration(&self) -> Migration {
        let parts = self
            .name
            .split_once('_')
            .and_then(|(number, purpose)| Some((number.parse().ok()?, purpose.replace('_', " "))));
        let (version, description) = parts.expect("a file is named NNNN_purpose");
        Migration::new(version, description.into(), MigrationType::Simple, self.sql.into_sql_str(), false)
    }
}

impl Step {
    fn of(migration: &Migration) -> Self {
        Self { version: migration.version, description: migration.description.clone().into_owned() }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04} {}", self.version, self.description)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn applied(version: i64, checksum: &'static [u8]) -> AppliedMigration {
        AppliedMigration { version, checksum: checksum.into() }
    }

    #[test]
    fn the_files_on_disk_and_those_in_the_set_are_the_same_in_the_same_order() {
        for (dir, set) in [("engine", &ENGINE), ("scanner", &SCANNER)] {
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
            let entries = fs::read_dir(dir).unwrap();
            let mut on_disk: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            on_disk.sort();
            let listed = set.files.iter().map(|file| format!("{}.sql", file.name));
            assert!(listed.eq(on_disk), "{} differs", set.ledger);
            assert!(set.migrations().is_sorted());
        }
    }

    #[test]
    fn every_file_begins_with_its_purpose_and_leaves_transactions_alone() {
        for file in ENGINE.files.iter().chain(SCANNER.files) {
            assert!(file.sql.starts_with("-- "), "{}", file.name);
            // It would end the transaction that keeps the file and its row in the ledger together.
            assert!(!file.sql.contains("COMMIT"), "{}", file.name);
        }
    }

    #[test]
    fn what_the_ledger_lists_is_not_pending() {
        let all = SCANNER.pending(&[], i64::MAX).unwrap();
        let mut migrations = SCANNER.migrations();
        let first = migrations.next().unwrap();
        let ledger = [AppliedMigration { version: first.version, checksum: first.checksum }];
        assert_eq!(SCANNER.pending(&ledger, i64::MAX).unwrap(), all[1..]);
        assert!(SCANNER.pending(&[], 0).unwrap().is_empty());
    }

    #[test]
    fn a_ledger_of_other_files_is_an_error() {
        let changed = SCANNER.pending(&[applied(1, b"other")], i64::MAX);
        assert!(matches!(changed, Err(MigrateError::ChangedStep { .. })));
        let unknown = SCANNER.pending(&[applied(9999, b"")], i64::MAX);
        assert!(matches!(unknown, Err(MigrateError::UnknownStep { version: 9999, .. })));
    }
}
