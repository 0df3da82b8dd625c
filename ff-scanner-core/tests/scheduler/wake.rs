//! Waking makes cycles earlier, and never many.

use ff_scanner_core::{ErrorKind, TickReason};
use tokio::time::sleep;

use crate::support::{Step, exact, global, ms, run};

#[tokio::test(start_paused = true)]
async fn a_wake_up_starts_a_cycle_before_the_interval_has_passed() {
    let (a, a_log) = global("a", |_| Step::Done);
    let (b, b_log) = global("b", |_| Step::Done);
    let (handle, _) = run(exact().register(a).register(b), ms(1_000)).await;
    assert!(handle.waker().wake("a"));
    sleep(ms(10)).await;
    assert_eq!(a_log.reasons(), [TickReason::Interval, TickReason::Wake]);
    assert_eq!(b_log.len(), 1);
    handle.waker().wake_all();
    sleep(ms(10)).await;
    assert_eq!((a_log.len(), b_log.len()), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn many_wake_ups_during_a_cycle_make_one_more() {
    let (fake, log) = global("a", |_| Step::Takes(ms(500)));
    let (handle, _) = run(exact().register(fake), ms(100)).await;
    for _ in 0..100 {
        assert!(handle.waker().wake("a"));
    }
    sleep(ms(5_000)).await;
    assert_eq!(log.reasons(), [TickReason::Interval, TickReason::Wake]);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_wake_ups_is_held_to_one_cycle_a_drain_pause() {
    let (fake, log) = global("a", |_| Step::Done);
    let (handle, _) = run(exact().register(fake).drain_pause(ms(100)), ms(1_000)).await;
    let waker = handle.waker();
    for _ in 0..1_000 {
        waker.wake_all();
        sleep(ms(1)).await;
    }
    assert!((9..=13).contains(&log.len()), "{}", log.len());
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_does_not_shorten_a_backoff_and_is_answered_by_the_cycle_after_it() {
    let (fake, log) = global("a", |n| if n == 1 { Step::Fail(ErrorKind::Data) } else { Step::Done });
    let (handle, start) = run(exact().register(fake), ms(50)).await;
    assert!(handle.waker().wake("a"));
    sleep(ms(1_000)).await;
    assert_eq!(log.millis(start), [0, 100]);
    assert_eq!(log.reasons(), [TickReason::Interval, TickReason::Wake]);
}

#[tokio::test(start_paused = true)]
async fn waking_an_unknown_name_returns_false() {
    let scheduler = exact().register(global("a", |_| Step::Done).0).build().unwrap();
    assert!(scheduler.waker().wake("a"));
    assert!(!scheduler.waker().wake("b"));
}
