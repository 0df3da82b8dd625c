//! What somebody who waits gets to see; nothing when stderr is no terminal.

use std::time::Duration;

use indicatif::ProgressBar;

pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new() -> Self {
        let spinner = ProgressBar::new_spinner();
        spinner.enable_steady_tick(Duration::from_millis(100));
        Self(spinner)
    }

    /// Says what is being done now.
    pub(crate) fn say(&self, text: impl Into<std::borrow::Cow<'static, str>>) {
        self.0.set_message(text);
    }

    /// Prints what stays to stdout.
    pub(crate) fn print(&self, text: &str) {
        self.0.suspend(|| println!("{text}"));
    }

    /// Clears the screen of it.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
