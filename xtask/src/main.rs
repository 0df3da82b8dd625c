//! Chores of the workspace: `cargo xtask ci`, `cargo xtask tidy`.

mod tidy;

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let chore = std::env::args().nth(1);
    match chore.as_deref() {
        Some("ci") => ci(),
        Some("tidy") => tidy::run(),
        _ => {
            eprintln!("usage: cargo xtask ci | tidy");
            ExitCode::from(2)
        }
    }
}

/// What CI runs, so that nobody has to guess.
fn ci() -> ExitCode {
    let status = Command::new("bash").arg(".ci/run").current_dir(tidy::root()).status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("could not start bash: {error}");
            ExitCode::FAILURE
        }
    }
}
