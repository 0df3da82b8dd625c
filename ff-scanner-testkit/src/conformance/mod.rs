//! Does a reconciler keep its word?
//!
//! [`conformance!`](crate::conformance!) takes a [`Subject`], which is a reconciler with a seeder, and expands to one
//! test per property. Each property is also a function that returns the [`Violation`] it has found.
//!
//! Time is pinned to [`NOW_MS`] throughout, and each property runs in a partition of its own; a [`Global`] reconciler,
//! and everything that needs a trigger, runs in a database of its own.
//!
//! [`Global`]: ff_scanner_core::Global

mod interrupt;
mod limit;
mod obstacle;
mod relay;
mod run;
mod settle;
mod snapshot;
mod stage;
mod subject;
mod violation;

pub use interrupt::{cancel_safe, concurrent_safe};
pub use limit::{bounded, keeps_to_filter};
pub use obstacle::{goes_round_locks, isolates_poison};
pub use settle::{idempotent, level_based};
pub use subject::{Ground, Rows, Subject, Table, Tenant};
pub use violation::Violation;

/// The time that every tick of the suite is pinned to, milliseconds since the epoch.
pub const NOW_MS: i64 = 1_800_000_000_000;

/// One test per property of the conformance suite, for a [`Subject`](crate::conformance::Subject).
///
/// The caller needs tokio with `macros` and `rt`. Two subjects in one file go into a module each.
///
/// ```ignore
/// ff_scanner_testkit::conformance!(LeaseExpirySubject);
/// ```
#[macro_export]
macro_rules! conformance {
    ($subject:expr) => {
        $crate::conformance! { @tests $subject;
            a_second_tick_changes_nothing: idempotent,
            rows_are_settled_by_what_is_there_and_not_by_what_was_told: level_based,
            two_processes_at_once_change_each_row_once: concurrent_safe,
            a_tick_dropped_at_any_await_leaves_no_half_changed_row: cancel_safe,
            a_tick_takes_at_most_its_limit_and_says_that_more_is_waiting: bounded,
            rows_outside_the_filter_are_neither_touched_nor_in_the_way: keeps_to_filter,
            a_poison_row_fails_alone_and_is_named: isolates_poison,
            a_locked_row_holds_up_no_other: goes_round_locks,
        }
    };
    (@tests $subject:expr; $($sentence:ident: $property:ident,)*) => {
        $(
            #[tokio::test]
            async fn $sentence() {
                $crate::conformance::$property(&$subject).await.expect("the reconciler keeps its word");
            }
        )*
    };
}
