//! Which engine the tables are those of.

use std::fmt;
use std::str::FromStr;

/// A version of the engine, by what its tables look like to a reconciler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum EngineVersion {
    /// The oldest that ff-scanner runs on.
    V0_11,
    /// Adds `started_at_ms` and `lease_reclaim_count` to executions, and `ff_claim_grant`.
    V0_12,
    /// Adds the lookup index of completion events, and `ff_budget_usage_by_exec`.
    V0_13,
    /// The same as 0.13, for what it added is a registry of workers that no reconciler looks at.
    #[default]
    V0_15,
}

impl EngineVersion {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::V0_11, Self::V0_12, Self::V0_13, Self::V0_15];

    /// Files are numbered by version, so the last possible number of a version ends its prefix of the set.
    pub(crate) fn last_file(self) -> i64 {
        i64::from(self.minor()) * 100 + 99
    }

    /// The oldest version that has the file of this number.
    pub(crate) fn of_file(number: i64) -> Self {
        let mut versions = Self::ALL.into_iter();
        versions.find(|version| number <= version.last_file()).unwrap_or_default()
    }

    fn minor(self) -> u8 {
        match self {
            Self::V0_11 => 11,
            Self::V0_12 => 12,
            Self::V0_13 => 13,
            Self::V0_15 => 15,
        }
    }
}

impl fmt::Display for EngineVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::V0_11 => "0.11",
            Self::V0_12 => "0.12",
            Self::V0_13 => "0.13",
            Self::V0_15 => "0.15",
        })
    }
}

impl FromStr for EngineVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut versions = Self::ALL.into_iter();
        versions.find(|version| version.to_string() == text).ok_or_else(|| UnknownVersion(text.to_owned()))
    }
}

/// Not an [`EngineVersion`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no engine {0:?} here; take one of 0.11, 0.12, 0.13, 0.15")]
pub struct UnknownVersion(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_reads_back_as_it_is_written() {
        for version in EngineVersion::ALL {
            assert_eq!(version.to_string().parse(), Ok(version));
            assert_eq!(version.to_string(), format!("0.{}", version.minor()));
        }
        let error = "0.14".parse::<EngineVersion>().unwrap_err();
        assert_eq!(error.to_string(), "there is no engine \"0.14\" here; take one of 0.11, 0.12, 0.13, 0.15");
    }

    #[test]
    fn versions_are_listed_oldest_first_and_the_default_is_the_newest() {
        assert!(EngineVersion::ALL.is_sorted());
        assert_eq!(EngineVersion::ALL.last(), Some(&EngineVersion::default()));
    }

    #[test]
    fn a_file_belongs_to_the_oldest_version_that_has_it() {
        assert_eq!(EngineVersion::of_file(1117), EngineVersion::V0_11);
        assert_eq!(EngineVersion::of_file(1201), EngineVersion::V0_12);
        assert_eq!(EngineVersion::of_file(1302), EngineVersion::V0_13);
        assert_eq!(EngineVersion::of_file(1401), EngineVersion::V0_15);
    }
}
