//! Moves on what waits for upstream executions that have ended.
