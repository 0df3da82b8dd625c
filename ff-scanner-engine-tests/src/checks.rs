//! How is a question to the engine declared, asked of every version, and answered?

use crate::bench::{self, Bench};
use crate::engine::{Stop, Version};

/// What a version is expected to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// It does.
    Works,
    /// It has no such call.
    Absent,
    /// It refuses, and is right to.
    Refuses {
        /// A part of what it says.
        says: &'static str,
        /// Why that is right.
        why: &'static str,
    },
    /// It does something else, and no reconciler can change that.
    Defect {
        /// A part of what it says or does.
        shows: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Cell {
    fn verify(self, seen: &Result<(), Stop>) {
        let as_expected = match (self, seen) {
            (Self::Works, Ok(())) | (Self::Absent, Err(Stop::Absent)) => true,
            (Self::Refuses { says: part, .. } | Self::Defect { shows: part, .. }, Err(Stop::Said(text))) => {
                text.contains(part)
            }
            _ => false,
        };
        assert!(as_expected, "expected {self:?}, and the engine: {seen:?}");
    }
}

/// A question, and what each version is expected to answer.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What is asked.
    pub what: &'static str,
    /// The answers, in the order of [`Version::ALL`].
    pub cells: [Cell; 2],
}

/// Questions about one thing that a reconciler does.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// What it does.
    pub title: &'static str,
    /// What is asked then.
    pub rows: &'static [Row],
}

/// Asks an engine of `version`.
///
/// # Panics
///
/// When it does not do as `expected`.
pub fn ask(version: Version, expected: Cell, question: impl AsyncFnOnce(&Bench) -> Result<(), Stop>) {
    bench::run(async {
        let bench = Bench::new(version).await;
        expected.verify(&question(&bench).await);
    });
}

/// Declares a [`Section`], and a test for each of its cells.
///
/// The cells are those of 0.11 and 0.15, or one for both.
#[macro_export]
macro_rules! checks {
    ($section:ident: $title:literal; $($name:ident: $what:literal, [$($cell:expr),+], $question:expr;)+) => {
        pub(crate) const $section: $crate::checks::Section = $crate::checks::Section {
            title: $title,
            rows: &[$($crate::checks::Row { what: $what, cells: $crate::cells!($($cell),+) }),+],
        };

        $(
            mod $name {
                #[allow(unused_imports, reason = "a question may need nothing of what its neighbours need")]
                use super::*;

                const CELLS: [$crate::checks::Cell; 2] = $crate::cells!($($cell),+);

                #[test]
                fn on_engine_0_11() {
                    $crate::checks::ask($crate::engine::Version::V0_11, CELLS[0], $question);
                }

                #[test]
                fn on_engine_0_15() {
                    $crate::checks::ask($crate::engine::Version::V0_15, CELLS[1], $question);
                }
            }
        )+
    };
}

/// Both cells of a row, from one or two.
#[macro_export]
macro_rules! cells {
    ($both:expr) => {
        [$both, $both]
    };
    ($old:expr, $new:expr) => {
        [$old, $new]
    };
}
