//! The Reconciler contract and its scheduler.
