//! One cycle by hand, without `spawn`.

use ff_scanner_core::{Backlog, ErrorKind, TickReason};

use crate::support::{Step, exact, global, singly};

#[tokio::test(start_paused = true)]
async fn a_cycle_by_hand_drains_and_reports_the_sum() {
    let (fake, log) = global("a", |n| if n < 3 { Step::More } else { Step::FailRow });
    let report = exact().register(fake).build().unwrap().cycle("a").await.unwrap().unwrap();
    assert_eq!((report.ticks, report.report.changed, report.report.failed()), (3, 2, 1));
    assert_eq!(report.backlog, Backlog::Drained);
    assert!(report.elapsed.as_millis() >= 20, "two drain pauses");
    assert_eq!(log.reasons(), [TickReason::Manual, TickReason::Drain, TickReason::Drain]);
}

#[tokio::test(start_paused = true)]
async fn a_cycle_by_hand_says_when_work_is_left_at_the_bound() {
    let (fake, _) = global("a", |_| Step::More);
    let scheduler = exact().register(fake).drain_ticks_max(4).build().unwrap();
    let report = scheduler.cycle("a").await.unwrap().unwrap();
    assert_eq!((report.ticks, report.backlog), (5, Backlog::Remaining));
}

#[tokio::test(start_paused = true)]
async fn a_panic_by_hand_is_an_error_that_says_so() {
    let (fake, _) = global("a", |_| Step::Panic);
    let error = exact().register(fake).build().unwrap().cycle("a").await.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.chain().contains("it panicked: told to panic"), "{}", error.chain());
}

#[tokio::test(start_paused = true)]
async fn the_gravest_error_of_a_cycle_is_the_one_returned() {
    let kind = |partition| if partition == 1 { ErrorKind::Terminal } else { ErrorKind::Data };
    let (fake, log) = singly("a", move |partition| Step::Fail(kind(partition)));
    let error = exact().register(fake).build().unwrap().cycle("a").await.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert_eq!(log.partitions(), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_cycle_of_an_unknown_name_is_none() {
    let (fake, _) = global("a", |_| Step::Done);
    assert!(exact().register(fake).build().unwrap().cycle("b").await.is_none());
}
