//! How slow is memory that has rested?
//!
//! On some virtual machines, very. An idle look, whose memory has rested since the one before it, costs several times as much
//! there, by the same statements; so who reads its figure has to know.

use std::hint::black_box;
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

/// More than what a processor's caches hold, many times over.
const BYTES: usize = 1 << 30;
const PAGE: usize = 4096;
const LINE: usize = 64;
const PAGES_READ: usize = 5000;
/// Shares no divisor with the number of pages, so that no page is read twice, and none lies next to the one before it.
const STRIDE: usize = 104_729;

pub(crate) const REST: Duration = Duration::from_secs(10);

/// What reading a page takes, microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Memory {
    /// After [`REST`].
    pub(crate) rested_us: f64,
    /// The same page, again at once.
    pub(crate) again_us: f64,
}

impl Memory {
    pub(crate) async fn measure() -> Self {
        let memory = vec![1; BYTES];
        sleep(REST).await;
        Self { rested_us: read_us(&memory), again_us: read_us(&memory) }
    }
}

fn read_us(memory: &[u8]) -> f64 {
    let started = Instant::now();
    for place in (0..PAGES_READ).map(|page| page * STRIDE % (memory.len() / PAGE) * PAGE) {
        for line in memory[place..place + PAGE].iter().step_by(LINE) {
            black_box(*line);
        }
    }
    started.elapsed().as_secs_f64() * 1e6 / PAGES_READ as f64
}
