//! What a private server is started with.

const ALWAYS: [&str; 6] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=200",
    // The least that the engine asks of a server: with fewer, some of its own statements, each of which locks all
    // children of its tables, leave no locks for others.
    "max_locks_per_transaction=256",
    "timezone=UTC",
    "log_timezone=UTC",
];

const DURABLE: [&str; 4] = ["fsync=on", "synchronous_commit=on", "full_page_writes=on", "autovacuum=on"];

const FORGETFUL: [&str; 7] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    // Saves writing what nobody will read.
    "wal_level=minimal",
    "max_wal_senders=0",
    // It takes locks when it likes.
    "autovacuum=off",
    // In the data directory, so that even after a SIGKILL nothing stays in /dev/shm.
    "dynamic_shared_memory_type=mmap",
];

/// Settings of a private server. The default forgets everything in a crash of the machine, and is fast for it.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Options {
    durable: bool,
    settings: Vec<(String, String)>,
}

impl Options {
    /// The server of tests: `fsync` off, no autovacuum, in memory when there is room.
    pub fn new() -> Self {
        Self::default()
    }

    /// Behaves as a server in production does: `fsync`, `synchronous_commit` and autovacuum on, on disk. Default: off.
    pub fn with_durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    /// Adds a server setting, for instance `("shared_buffers", "512MB")`. A later one of the same name wins.
    pub fn with_setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    pub(super) fn is_durable(&self) -> bool {
        self.durable
    }

    /// What `postgres` is called with.
    pub(super) fn to_arguments(&self) -> Vec<String> {
        let kind: &[_] = if self.durable { &DURABLE } else { &FORGETFUL };
        let base = ALWAYS.iter().chain(kind).map(|setting| (*setting).to_owned());
        let own = self.settings.iter().map(|(name, value)| format!("{name}={value}"));
        base.chain(own).flat_map(|setting| ["-c".to_owned(), setting]).collect()
    }
}
