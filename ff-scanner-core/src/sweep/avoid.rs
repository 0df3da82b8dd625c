//! Which rows are left alone for now, and for how long?

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// Most rows that are left out of a look: 16 bytes each on the wire.
const KEYS_MAX: usize = 50_000;
const FAILURE_PAUSE: Duration = Duration::from_secs(1);
const FAILURE_PAUSE_MAX: Duration = Duration::from_mins(5);
/// A row that is malformed stays so until somebody writes it, so it is reported once an hour.
const MALFORMED_PAUSE: Duration = Duration::from_hours(1);

pub(super) struct Avoid<K> {
    entries: HashMap<K, Entry>,
}

struct Entry {
    partition: i16,
    /// `None`: for the rest of the cycle.
    until: Option<Instant>,
    failures: u32,
}

impl<K> Default for Avoid<K> {
    fn default() -> Self {
        Self { entries: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash> Avoid<K> {
    /// A new cycle tries again what was merely locked.
    pub(super) fn forget_skipped(&mut self, covers: impl Fn(i16) -> bool) {
        self.entries.retain(|_, entry| entry.until.is_some() || !covers(entry.partition));
    }

    pub(super) fn keys(&self) -> Vec<K> {
        let now = Instant::now();
        let waiting = |entry: &Entry| entry.until.is_none_or(|until| until > now);
        self.entries.iter().filter(|(_, entry)| waiting(entry)).map(|(key, _)| key.clone()).collect()
    }

    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= KEYS_MAX
    }

    pub(super) fn skipped(&mut self, key: K, partition: i16) {
        self.add(key, Entry { partition, until: None, failures: 0 });
    }

    pub(super) fn failed(&mut self, key: K, partition: i16) {
        let failures = self.entries.get(&key).map_or(0, |entry| entry.failures);
        let pause = FAILURE_PAUSE.saturating_mul(2_u32.saturating_pow(failures)).min(FAILURE_PAUSE_MAX);
        self.add(key, Entry { partition, until: Some(Instant::now() + pause), failures: failures + 1 });
    }

    pub(super) fn malformed(&mut self, key: K, partition: i16) {
        self.add(key, Entry { partition, until: Some(Instant::now() + MALFORMED_PAUSE), failures: 0 });
    }

    pub(super) fn settled(&mut self, key: &K) {
        self.entries.remove(key);
    }

    fn add(&mut self, key: K, entry: Entry) {
        if self.entries.len() < KEYS_MAX || self.entries.contains_key(&key) {
            self.entries.insert(key, entry);
        }
    }
}
