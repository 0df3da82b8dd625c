//! The binary as its users meet it: what it prints, and with which code it ends.

mod demo;
mod outage;
mod refuse;
mod run;
mod support;
mod tick;
