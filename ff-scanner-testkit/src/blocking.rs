//! Database calls from where nothing can be awaited: `Drop`, and functions that block anyway.

use std::thread;

/// Runs `future` on a thread with a runtime of its own and waits, whatever runtime the caller is on.
pub(crate) fn run<F>(future: F) -> F::Output
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("the system has a file descriptor left for a runtime").block_on(future)
    };
    thread::spawn(work).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
