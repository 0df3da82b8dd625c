//! What is refused before anything runs.

use std::time::Duration;

use ff_scanner_core::{Backoff, BuildError, Scheduler};

use crate::support::{Step, exact, global};

#[test]
fn a_zero_interval_is_refused_and_does_not_end_a_loop_later() {
    let (fake, _) = global("a", |_| Step::Done);
    let error = exact().register(fake.every(Duration::ZERO)).build().unwrap_err();
    assert_eq!(error, BuildError::ZeroInterval("a"));
}

#[test]
fn two_reconcilers_of_one_name_are_refused() {
    let builder = exact().register(global("a", |_| Step::Done).0).register(global("a", |_| Step::Done).0);
    let error = builder.build().unwrap_err();
    assert_eq!(error.to_string(), r#"two reconcilers are called "a": their status could not be told apart"#);
}

#[test]
fn an_empty_set_is_refused() {
    assert_eq!(Scheduler::builder().build().unwrap_err(), BuildError::NoReconcilers);
}

#[test]
fn a_bound_within_which_nothing_could_run_is_refused() {
    let one = || exact().register(global("a", |_| Step::Done).0);
    let refused = |builder: ff_scanner_core::SchedulerBuilder| builder.build().unwrap_err();
    assert_eq!(refused(one().drain_ticks_max(0)), BuildError::Zero("drain_ticks_max"));
    assert_eq!(refused(one().tick_timeout(Duration::ZERO)), BuildError::Zero("tick_timeout"));
    let busy = Backoff { initial: Duration::ZERO, ..Backoff::default() };
    assert_eq!(refused(one().backoff(busy)), BuildError::Zero("backoff"));
    assert_eq!(refused(one().jitter(1.0)), BuildError::Jitter(1.0));
    assert!(matches!(refused(one().jitter(f64::NAN)), BuildError::Jitter(_)));
}

#[test]
fn names_are_listed_in_the_order_of_registration() {
    let builder = exact().register(global("b", |_| Step::Done).0).register(global("a", |_| Step::Done).0);
    assert_eq!(builder.build().unwrap().names(), ["b", "a"]);
}
