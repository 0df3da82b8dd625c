//! Chores of the workspace. `cargo xtask` lists them.

mod bench;
mod ci;
mod features;
mod new_reconciler;
mod tidy;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask CHORE

  ci                     what must pass: formatting, lints, every test
  tidy                   the house rules that no compiler checks
  features               builds the facade with every combination of its features
  bench [OPTIONS]        measures; `bench --help` lists what
  new-reconciler NAME    a crate for a new reconciler, which builds and passes
      --global           it looks at everything at once, rather than at partitions
      --dir PATH         where, rather than in ff-reconciler-NAME";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["ci"] => ci::run(),
        ["tidy"] => tidy::run(),
        ["features"] => features::run(),
        ["bench", rest @ ..] => bench::run(rest),
        ["new-reconciler", rest @ ..] => new_reconciler::run(rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("{complaint}");
            ExitCode::FAILURE
        }
    }
}
