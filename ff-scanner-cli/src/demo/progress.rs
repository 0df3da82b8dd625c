//! What somebody who watches gets to see; nothing when stderr is no terminal.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

pub(super) struct Progress {
    all: MultiProgress,
    stage: ProgressBar,
    bars: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let all = MultiProgress::new();
        let stage = all.add(ProgressBar::new_spinner());
        stage.enable_steady_tick(Duration::from_millis(100));
        Self { all, stage, bars: Mutex::default() }
    }

    /// Says what is being done now.
    pub(super) fn stage(&self, text: &'static str) {
        self.stage.set_message(text);
    }

    /// Draws a bar for each reconciler.
    pub(super) fn begin(&self, rows: &BTreeMap<String, u64>) {
        self.stage("reconciling");
        let style = ProgressStyle::with_template("{prefix:>20} {wide_bar} {pos:>8}/{len}");
        let style = style.expect("the template is a constant that parses");
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, rows) in rows {
            let bar = self.all.add(ProgressBar::new(*rows)).with_style(style.clone()).with_prefix(name.clone());
            bars.insert(name.clone(), bar);
        }
    }

    /// Moves the bars to what is `left` of `rows`.
    pub(super) fn show(&self, rows: &BTreeMap<String, u64>, left: &[(String, i64)]) {
        let bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, left) in left {
            if let (Some(bar), Some(rows)) = (bars.get(name), rows.get(name)) {
                bar.set_position(rows.saturating_sub(left.unsigned_abs()));
            }
        }
    }

    /// Clears the screen of it.
    pub(super) fn finish(&self) {
        self.stage.finish_and_clear();
        for bar in self.bars.lock().unwrap_or_else(PoisonError::into_inner).values() {
            bar.finish_and_clear();
        }
    }
}
