//! Does the suite pass a sound reconciler, and catch each way of being unsound?

mod chores;
mod idle;

use chores::Fault;
use ff_scanner_testkit::conformance::{self, Violation};

mod a_sound_reconciler {
    ff_scanner_testkit::conformance!(super::Fault::Nothing);
}

mod a_sound_reconciler_that_waits {
    ff_scanner_testkit::conformance!(super::Fault::NothingButWaits);
}

mod a_scaffold {
    ff_scanner_testkit::conformance!(super::idle::Scaffold);
}

#[track_caller]
fn assert_caught(tried: Result<(), Violation>, sentence: &str) {
    let violation = tried.expect_err("the fault is caught").to_string();
    assert!(violation.contains(sentence), "caught for another reason: {violation}");
}

#[tokio::test]
async fn doing_it_again_is_caught() {
    // It never runs dry: what it has done is as good as new.
    assert_caught(conformance::idempotent(&Fault::DoesItAgain).await, "changed");
}

#[tokio::test]
async fn acting_before_the_time_is_caught() {
    assert_caught(conformance::level_based(&Fault::IsEarly).await, "with nothing due");
}

#[tokio::test]
async fn forgetting_what_has_been_due_for_long_is_caught() {
    let tried = conformance::level_based(&Fault::ForgetsTheOld).await;
    assert_caught(tried, "of 3 rows that have been due for a day, 0 are changed");
}

#[tokio::test]
async fn acting_on_a_stale_look_is_caught() {
    assert_caught(conformance::concurrent_safe(&Fault::ForgetsToRecheck).await, "3 rows are changed 6 times");
}

#[tokio::test]
async fn committing_in_two_steps_is_caught() {
    assert_caught(conformance::cancel_safe(&Fault::CommitsTwice).await, "leaves a row half changed");
}

#[tokio::test]
async fn taking_more_than_the_limit_is_caught() {
    assert_caught(conformance::bounded(&Fault::IgnoresLimit).await, "limited to 4 rows takes 12");
}

#[tokio::test]
async fn filtering_after_the_limit_is_caught() {
    assert_caught(conformance::keeps_to_filter(&Fault::FiltersAfterLimit).await, "rows outside are in the way");
}

#[tokio::test]
async fn touching_rows_outside_the_filter_is_caught() {
    assert_caught(conformance::keeps_to_filter(&Fault::IgnoresFilter).await, "outside");
}

#[tokio::test]
async fn failing_as_a_whole_for_one_row_is_caught() {
    assert_caught(conformance::isolates_poison(&Fault::FailsAsAWhole).await, "a tick fails as a whole");
}

#[tokio::test]
async fn waiting_for_a_locked_row_is_caught() {
    assert_caught(conformance::goes_round_locks(&Fault::Waits).await, "a tick waits for a row of chore");
}

#[tokio::test]
async fn holding_up_the_neighbours_of_a_locked_row_is_caught() {
    let tried = conformance::goes_round_locks(&Fault::WaitsForAllAtOnce).await;
    assert_caught(tried, "of 5 rows beside 3 locked in chore, a cycle changes 0");
}

#[tokio::test]
async fn skipping_a_row_that_is_to_be_waited_for_is_caught() {
    assert_caught(conformance::goes_round_locks(&Fault::SkipsAlways).await, "does not wait for a row of chore");
}
