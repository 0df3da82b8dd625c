//! Everyone is accounted for, however they were stopped.

use ff_scanner_core::{ErrorKind, Exit, State};
use tokio::time::{Instant, sleep};

use crate::support::{Step, exact, global, ms, run};

#[tokio::test(start_paused = true)]
async fn shutdown_right_after_spawn_accounts_for_everyone_and_ticks_nothing() {
    let (a, log) = global("a", |_| Step::Done);
    let (b, _) = global("b", |_| Step::Done);
    let handle = exact().register(a).register(b).build().unwrap().spawn();
    let exits = handle.shutdown(ms(100)).await;
    assert_eq!(exits.keys().copied().collect::<Vec<_>>(), ["a", "b"]);
    assert!(exits.values().all(|exit| matches!(exit, Exit::Stopped)));
    assert_eq!(log.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_running_tick_is_told_to_stop_and_may_finish() {
    let (told, _) = global("told", |_| Step::UntilStopped);
    let (finishes, _) = global("finishes", |_| Step::Takes(ms(500)));
    let (handle, _) = run(exact().register(told).register(finishes), ms(100)).await;
    let watcher = handle.watcher();
    let exits = handle.shutdown(ms(10_000)).await;
    assert!(exits.values().all(|exit| matches!(exit, Exit::Stopped)), "{exits:?}");
    assert!(watcher.status().iter().all(|status| status.ticks == 1 && status.state == State::Stopped));
}

#[tokio::test(start_paused = true)]
async fn a_backoff_does_not_delay_shutdown() {
    let (fake, _) = global("a", |_| Step::Fail(ErrorKind::Data));
    let (handle, _) = run(exact().register(fake), ms(60_000)).await;
    let asked = Instant::now();
    assert!(matches!(handle.shutdown(ms(10_000)).await["a"], Exit::Stopped));
    assert!(asked.elapsed() < ms(10));
}

#[tokio::test(start_paused = true)]
async fn a_drain_does_not_outlast_shutdown() {
    let (fake, log) = global("a", |_| Step::More);
    let (handle, _) = run(exact().register(fake).drain_pause(ms(50_000)), ms(100)).await;
    assert!(matches!(handle.shutdown(ms(100)).await["a"], Exit::Stopped));
    assert_eq!(log.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_never_returns_is_aborted_after_the_grace_and_accounted_for() {
    let (hangs, _) = global("hangs", |_| Step::Hang);
    let (other, _) = global("other", |_| Step::Done);
    let (handle, _) = run(exact().register(hangs).register(other), ms(100)).await;
    let (watcher, asked) = (handle.watcher(), Instant::now());
    let exits = handle.shutdown(ms(1_000)).await;
    assert!(matches!(exits["hangs"], Exit::Aborted));
    assert!(matches!(exits["other"], Exit::Stopped));
    assert!((ms(1_000)..ms(1_010)).contains(&asked.elapsed()));
    assert!(watcher.status().iter().all(|status| status.state == State::Stopped));
}

#[tokio::test(start_paused = true)]
async fn a_panic_outside_a_tick_is_accounted_for() {
    let (fake, _) = global("a", |_| Step::Done);
    let (handle, _) = run(exact().register(fake).random(|| panic!("no more numbers")), ms(100)).await;
    assert!(matches!(handle.shutdown(ms(100)).await["a"], Exit::Panicked));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_handle_stops_everyone() {
    let (fake, log) = global("a", |_| Step::Done);
    let (handle, _) = run(exact().register(fake.every(ms(100))), ms(250)).await;
    let (watcher, waker) = (handle.watcher(), handle.waker());
    drop(handle);
    assert!(waker.wake("a"));
    sleep(ms(1_000)).await;
    assert_eq!(log.len(), 3);
    assert_eq!(watcher.status()[0].state, State::Stopped);
}
