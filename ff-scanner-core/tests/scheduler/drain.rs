//! More is waiting: how it is drained, fairly and within a bound.

use ff_scanner_core::TickReason;

use crate::support::{INTERVAL, Step, exact, global, ms, run, singly, status};

#[tokio::test(start_paused = true)]
async fn a_full_batch_is_followed_by_another_after_the_drain_pause() {
    let (fake, log) = global("a", |n| if n < 4 { Step::More } else { Step::Done });
    let (handle, start) = run(exact().register(fake), INTERVAL / 2).await;
    assert_eq!(log.reasons(), [TickReason::Interval, TickReason::Drain, TickReason::Drain, TickReason::Drain]);
    assert!(log.millis(start).last().unwrap() < &50);
    let status = status(&handle, "a");
    assert_eq!((status.cycles, status.ticks, status.changed), (1, 4, 3));
}

#[tokio::test(start_paused = true)]
async fn a_deep_partition_does_not_starve_the_others() {
    let (fake, log) = singly("a", |partition| if partition == 0 { Step::More } else { Step::Done });
    let (_handle, _) = run(exact().register(fake).drain_ticks_max(3), ms(44)).await;
    assert_eq!(log.partitions()[..9], [0, 1, 2, 0, 0, 0, 0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn deep_partitions_take_turns() {
    let (fake, log) = singly("a", |partition| if partition == 1 { Step::Done } else { Step::More });
    let (_handle, _) = run(exact().register(fake).drain_ticks_max(4), ms(45)).await;
    assert_eq!(log.partitions()[..7], [0, 1, 2, 0, 2, 0, 2]);
}

#[tokio::test(start_paused = true)]
async fn work_left_at_the_bound_goes_on_after_the_drain_pause_and_not_the_interval() {
    let (fake, log) = global("a", |n| if n < 5 { Step::More } else { Step::Done });
    let (handle, start) = run(exact().register(fake).drain_ticks_max(2).drain_pause(ms(1_000)), INTERVAL / 2).await;
    let starts: Vec<_> = log.millis(start).iter().map(|at| at / 1_000).collect();
    assert_eq!(starts, [1, 2, 3, 4, 5].map(|n| n - 1));
    let cycle = [TickReason::Interval, TickReason::Drain, TickReason::Drain];
    assert_eq!(log.reasons(), [&cycle[..], &cycle[..2]].concat());
    assert_eq!(status(&handle, "a").cycles, 2);
}

#[tokio::test(start_paused = true)]
async fn a_backlog_without_end_neither_delays_another_reconciler_nor_shutdown() {
    let (endless, _) = global("endless", |_| Step::More);
    let (other, log) = global("other", |_| Step::Done);
    let builder = exact().drain_pause(ms(1)).register(endless).register(other.every(ms(1_000)));
    let (handle, _) = run(builder, ms(9_500)).await;
    assert_eq!(log.len(), 10);
    assert_eq!(handle.shutdown(ms(100)).await.len(), 2);
}
