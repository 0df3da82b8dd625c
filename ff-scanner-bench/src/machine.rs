//! What was it measured on?

use std::fmt;
use std::fs;
use std::thread::available_parallelism;

use serde::Serialize;

use crate::memory::{Memory, REST};

#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) memory: Memory,
    pub(crate) kernel: String,
    pub(crate) postgres: String,
    pub(crate) ff_scanner: &'static str,
    pub(crate) hash_children: u16,
    pub(crate) settings: Vec<String>,
}

impl Machine {
    pub(crate) fn new(postgres: String, hash_children: u16, settings: impl Into<Vec<String>>, memory: Memory) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let after = |text: &str, key: &str| {
            let line = text.lines().find(|line| line.starts_with(key))?.split_once(':')?.1.trim().to_owned();
            Some(line)
        };
        let kib = after(&read("/proc/meminfo"), "MemTotal");
        let kib: Option<u64> = kib.and_then(|text| text.split(' ').next()?.parse().ok());
        Self {
            processor: after(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: available_parallelism().map_or(1, usize::from),
            memory_gib: kib.unwrap_or_default() / 1024 / 1024,
            memory,
            kernel: read("/proc/sys/kernel/osrelease").split(['-', '\n']).next().unwrap_or_default().to_owned(),
            postgres,
            ff_scanner: env!("CARGO_PKG_VERSION"),
            hash_children,
            settings: settings.into(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, memory_gib, memory, kernel, postgres, ff_scanner, hash_children, settings } = self;
        write!(
            f,
            "ff-scanner {ff_scanner} and PostgreSQL {postgres} on one machine: {processor}, {cores} cores, {memory_gib} GiB, \
             Linux {kernel}. The engine's schema with {hash_children} hash children a table; the server durable ({}). A page \
             of memory that has rested for {} s takes {:.1} µs to read, and {:.1} again at once.",
            settings.join(", "),
            REST.as_secs(),
            memory.rested_us,
            memory.again_us
        )
    }
}
