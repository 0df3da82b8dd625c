//! Each kind of failure has one treatment, and touches nobody else.

use ff_scanner_core::{ErrorKind, Exit, Outcome, State};

use crate::support::{INTERVAL, Step, exact, global, ms, run, singly, status};

#[tokio::test(start_paused = true)]
async fn transient_errors_are_backed_off_from_up_to_a_second() {
    let (fake, log) = global("a", |_| Step::Fail(ErrorKind::Transient));
    let (handle, start) = run(exact().register(fake), ms(3_600)).await;
    assert_eq!(log.millis(start), [0, 100, 300, 700, 1_500, 2_500, 3_500]);
    let status = status(&handle, "a");
    assert_eq!((status.errors, status.consecutive_failures, status.state), (7, 7, State::BackingOff));
}

#[tokio::test(start_paused = true)]
async fn data_errors_are_backed_off_from_up_to_the_long_ceiling() {
    let (fake, log) = global("a", |_| Step::Fail(ErrorKind::Data));
    let (_handle, start) = run(exact().register(fake), ms(115_000)).await;
    let seconds: Vec<_> = log.millis(start).iter().map(|at| at / 1_000).collect();
    assert_eq!(seconds, [0, 0, 0, 0, 1, 3, 6, 12, 25, 51, 81, 111]);
}

#[tokio::test(start_paused = true)]
async fn a_success_ends_the_backoff() {
    let (fake, log) = global("a", |n| if n < 4 { Step::Fail(ErrorKind::Transient) } else { Step::Done });
    let (handle, start) = run(exact().register(fake), INTERVAL / 2).await;
    assert_eq!(log.millis(start), [0, 100, 300, 700]);
    let status = status(&handle, "a");
    assert_eq!((status.consecutive_failures, status.last_outcome), (0, Some(Outcome::Done)));
}

#[tokio::test(start_paused = true)]
async fn a_transient_error_ends_the_cycle_and_the_next_starts_behind_its_partition() {
    let (fake, log) = singly("a", |p| if p == 0 { Step::Fail(ErrorKind::Transient) } else { Step::Done });
    let (_handle, start) = run(exact().register(fake), ms(250)).await;
    assert_eq!(log.partitions(), [0, 1, 2, 0]);
    assert_eq!(log.millis(start), [0, 100, 100, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_data_error_or_a_panic_costs_its_own_partition_only() {
    for step in [Step::Fail(ErrorKind::Data), Step::Panic] {
        let (fake, log) = singly("a", move |p| if p == 0 { step } else { Step::Done });
        let (_handle, start) = run(exact().register(fake), ms(150)).await;
        assert_eq!(log.partitions(), [0, 1, 2, 0, 1, 2]);
        assert_eq!(log.millis(start), [0, 0, 0, 100, 100, 100]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_restarts_only_its_own_loop() {
    let (bad, bad_log) = global("bad", |n| if n < 3 { Step::Panic } else { Step::Done });
    let (good, good_log) = global("good", |_| Step::Done);
    let (handle, start) = run(exact().register(bad).register(good.every(ms(200))), ms(900)).await;
    assert_eq!(bad_log.millis(start), [0, 100, 300]);
    assert_eq!(good_log.len(), 5);
    let (bad, good) = (status(&handle, "bad"), status(&handle, "good"));
    assert_eq!((bad.panics, bad.errors, bad.last_outcome), (2, 0, Some(Outcome::Done)));
    assert_eq!((good.panics, good.consecutive_failures), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn contention_is_retried_at_once_and_is_no_error() {
    let (fake, log) = global("a", |n| if n < 4 { Step::Fail(ErrorKind::Contention) } else { Step::Done });
    let (handle, start) = run(exact().register(fake), INTERVAL / 2).await;
    assert_eq!(log.millis(start), [0; 4]);
    let status = status(&handle, "a");
    assert_eq!((status.ticks, status.errors, status.last_outcome), (4, 0, Some(Outcome::Done)));
}

#[tokio::test(start_paused = true)]
async fn contention_that_does_not_pass_waits_a_little_and_is_no_error_either() {
    let (fake, log) = global("a", |_| Step::Fail(ErrorKind::Contention));
    let (handle, start) = run(exact().register(fake), ms(150)).await;
    assert_eq!(log.millis(start), [0, 0, 0, 0, 100, 100, 100, 100]);
    let status = status(&handle, "a");
    assert_eq!((status.errors, status.consecutive_failures), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_terminal_error_stops_only_its_own_reconciler() {
    let (bad, bad_log) = global("bad", |_| Step::Fail(ErrorKind::Terminal));
    let (good, good_log) = global("good", |_| Step::Done);
    let (handle, _) = run(exact().register(bad).register(good.every(ms(100))), ms(950)).await;
    assert_eq!((bad_log.len(), good_log.len()), (1, 10));
    let status = status(&handle, "bad");
    assert_eq!((status.state, status.next_due), (State::Stopped, None));
    assert!(matches!(status.last_outcome, Some(Outcome::Failed { kind: ErrorKind::Terminal, .. })));
    let exits = handle.shutdown(ms(100)).await;
    assert!(matches!(&exits["bad"], Exit::Terminal(error) if error.chain().contains("told to fail")));
    assert!(matches!(exits["good"], Exit::Stopped));
}
