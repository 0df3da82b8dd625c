//! Starts the next window of budgets that roll over.
