//! What does CI run?

use std::process::Command;

use crate::workspace;

/// Runs the one script that CI runs, so that nobody has to guess.
pub(crate) fn run() -> Result<(), String> {
    let status = Command::new("bash").arg(".ci/run").current_dir(workspace::root()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("something does not pass".to_owned()),
        Err(error) => Err(format!("could not start bash: {error}")),
    }
}
