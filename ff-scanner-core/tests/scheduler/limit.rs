//! A tick has a time limit.

use std::time::Duration;

use ff_scanner_core::{ErrorKind, Outcome};

use crate::support::{Step, exact, global, ms, run, singly, status};

#[tokio::test(start_paused = true)]
async fn a_tick_at_its_time_limit_may_return_with_what_it_has() {
    let (fake, log) = global("a", |_| Step::UntilStopped);
    let (handle, _) = run(exact().register(fake).tick_timeout(Duration::from_secs(5)), ms(5_050)).await;
    let status = status(&handle, "a");
    assert_eq!((log.len(), status.errors, status.last_outcome), (1, 0, Some(Outcome::Done)));
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_outlasts_its_time_limit_is_dropped_as_a_transient_error() {
    let (fake, log) = global("a", |n| if n == 1 { Step::Hang } else { Step::Done });
    let (handle, start) = run(exact().register(fake).tick_timeout(Duration::from_secs(5)), ms(5_550)).await;
    let Some(Outcome::Failed { kind, error }) = status(&handle, "a").last_outcome else { panic!("it failed") };
    assert_eq!(kind, ErrorKind::Transient);
    assert!(error.contains("tick time limit"), "{error}");
    tokio::time::sleep(ms(100)).await;
    assert_eq!(log.millis(start), [0, 5_600]);
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_hangs_does_not_starve_the_others() {
    let (fake, log) = singly("a", |partition| if partition == 0 { Step::Hang } else { Step::Done });
    let (_handle, _) = run(exact().register(fake).tick_timeout(ms(1_000)), ms(1_500)).await;
    assert_eq!(log.partitions(), [0, 1, 2, 0]);
}
