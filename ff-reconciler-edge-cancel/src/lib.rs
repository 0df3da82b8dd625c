//! Cancels the siblings that nobody waits for any more.
