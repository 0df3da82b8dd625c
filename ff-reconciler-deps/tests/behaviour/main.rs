//! What becomes of that which waits for ended executions?

mod children;
mod concurrency;
mod counts;
mod data;
mod filter;
mod healing;
mod replay;
mod siblings;
mod support;
