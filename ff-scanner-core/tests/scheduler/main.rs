//! What the scheduler promises, on paused time and with scripted reconcilers; no database.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod build;
mod by_hand;
mod drain;
mod failure;
mod limit;
mod logs;
mod pace;
mod shutdown;
mod support;
mod wake;
