//! What becomes of siblings that nobody waits for any more, and of what is left of cancelling them?

mod dispatcher;
mod holding;
mod reconciler;
mod support;
