#![doc = include_str!("../README.md")]

pub mod bench;
pub mod checks;
pub mod engine;
pub mod table;
