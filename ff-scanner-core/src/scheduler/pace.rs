//! How long to wait? Pure: no clock, no runtime.

use std::time::Duration;

use crate::ErrorKind;

/// How long a reconciler waits after failures: twice as long each time, up to a ceiling that depends on the kind.
///
/// Jitter only shortens these waits, so that the ceilings are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure in a row, and after contention that did not pass. Default 100 ms.
    pub initial: Duration,
    /// The longest wait after data errors and panics. Default 30 s.
    pub max: Duration,
    /// The longest wait after transient errors; low, so that work resumes within two seconds of the database's
    /// return. Default 1 s.
    pub transient_max: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(100),
            max: Duration::from_secs(30),
            transient_max: Duration::from_secs(1),
        }
    }
}

impl Backoff {
    /// The wait after the `failures`th failure in a row (1 is the first), before jitter.
    pub(super) fn after(&self, kind: ErrorKind, failures: u32) -> Duration {
        let ceiling = match kind {
            ErrorKind::Contention => self.initial,
            ErrorKind::Transient => self.transient_max,
            ErrorKind::Data | ErrorKind::Terminal => self.max,
        };
        let doublings = failures.saturating_sub(1).min(31);
        self.initial.saturating_mul(1 << doublings).min(ceiling)
    }
}

/// `wait` made up to the fraction `jitter` shorter, and never longer: an interval is how late a row may be found, and a
/// backoff has its ceiling.
pub(super) fn below(wait: Duration, jitter: f64, random: f64) -> Duration {
    scale(wait, 1.0 - jitter * unit(random))
}

/// When the first cycle starts: anywhere within the interval or the first second, whichever is shorter.
pub(super) fn stagger(interval: Duration, random: f64) -> Duration {
    scale(interval.min(Duration::from_secs(1)), unit(random))
}

// `Duration::mul_f64` panics on overflow, and an interval may be `Duration::MAX` to mean "only when woken".
fn scale(wait: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(wait.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

// The source is the caller's; a value outside its promise must not end a loop.
fn unit(random: f64) -> f64 {
    if (0.0..=1.0).contains(&random) { random } else { 0.5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn backoff_doubles_up_to_the_ceiling_of_its_kind() {
        let backoff = Backoff::default();
        let waits = |kind| [1, 2, 3, 4, 5, 9, 10, u32::MAX].map(|n| backoff.after(kind, n).as_millis());
        assert_eq!(waits(ErrorKind::Transient), [100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000]);
        assert_eq!(waits(ErrorKind::Data), [100, 200, 400, 800, 1_600, 25_600, 30_000, 30_000]);
        assert_eq!(waits(ErrorKind::Contention), [100; 8]);
    }

    #[test]
    fn jitter_only_shortens_a_wait() {
        assert_eq!([0.0, 0.5, 1.0].map(|r| below(MS(1_000), 0.1, r)), [MS(1_000), MS(950), MS(900)]);
    }

    #[test]
    fn the_first_cycle_starts_within_the_interval_and_within_a_second() {
        assert_eq!(stagger(MS(60_000), 0.5), MS(500));
        assert_eq!(stagger(MS(200), 0.5), MS(100));
    }

    #[test]
    fn neither_an_endless_interval_nor_a_broken_random_source_panics() {
        assert_eq!(below(Duration::MAX, 0.0, 1.0), Duration::MAX);
        assert_eq!(below(MS(1_000), 0.1, f64::NAN), MS(950));
        assert_eq!(below(MS(1_000), 0.1, -7.0), MS(950));
    }
}
