//! When cycles start: staggered at first, then an interval after the end of the last, more or less.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ff_scanner_core::{Scheduler, State};
use tokio::time::Instant;

use crate::support::{Step, exact, global, ms, run, status};

#[tokio::test(start_paused = true)]
async fn first_cycles_are_staggered() {
    let (a, a_log) = global("a", |_| Step::Done);
    let (b, b_log) = global("b", |_| Step::Done);
    let quarters = AtomicU32::new(1);
    let random = move || f64::from(quarters.fetch_add(1, Ordering::Relaxed)) / 4.0;
    let (_handle, start) = run(exact().register(a).register(b).random(random), ms(1_100)).await;
    assert_eq!((a_log.millis(start), b_log.millis(start)), (vec![250], vec![500]));
}

#[tokio::test(start_paused = true)]
async fn intervals_are_made_shorter_by_the_jitter() {
    for (random, expected) in [(0.0, [0, 10_000, 20_000]), (0.5, [500, 10_000, 19_500])] {
        let (fake, log) = global("a", |_| Step::Done);
        let builder = Scheduler::builder().register(fake.every(Duration::from_secs(10))).jitter(0.1);
        let (_handle, start) = run(builder.random(move || random), ms(25_000)).await;
        assert_eq!(log.millis(start), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_interval_counts_from_the_end_of_a_cycle() {
    let (fake, log) = global("a", |_| Step::Takes(ms(700)));
    let (_handle, start) = run(exact().register(fake.every(ms(300))), ms(2_500)).await;
    assert_eq!(log.millis(start), [0, 1_000, 2_000]);
}

#[tokio::test(start_paused = true)]
async fn an_endless_interval_waits_to_be_woken() {
    let (fake, log) = global("a", |_| Step::Done);
    let (handle, _) = run(exact().register(fake.every(Duration::MAX)), ms(2_000)).await;
    assert_eq!((log.len(), status(&handle, "a").next_due), (1, None));
    assert!(handle.waker().wake("a"));
    tokio::time::sleep(ms(50)).await;
    assert_eq!(log.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_status_says_what_runs_and_when_the_next_cycle_is_due() {
    let (fake, _) = global("a", |_| Step::Takes(ms(500)));
    let (handle, start) = run(exact().register(fake.every(ms(1_000))), ms(100)).await;
    let running = status(&handle, "a");
    assert_eq!((running.state, running.next_due, running.last_end), (State::Running, None, None));
    assert!(running.last_start.unwrap() - start < ms(10));
    let watcher = handle.watcher();
    tokio::time::sleep(ms(500)).await;
    let waiting = watcher.status().remove(0);
    assert_eq!((waiting.state, waiting.cycles), (State::Waiting, 1));
    assert!(waiting.last_end.unwrap() <= Instant::now());
    assert_eq!(waiting.next_due.unwrap() - waiting.last_end.unwrap(), ms(1_000));
}
