//! How fast is it, beside the plain approach and beside the best that SQL by hand does?

use std::process::Command;

use crate::workspace;

/// Builds the benchmark and the binary that it measures, and runs it with `arguments`.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let root = workspace::root();
    // The smallest size only shows that it works, and is not worth the minutes that optimisation takes.
    let profile = if arguments.contains(&"--tiny") { "debug" } else { "release" };
    let mut build = workspace::cargo(&root);
    build.args(["build", "--package", "ff-scanner-bench", "--package", "ff-scanner-cli"]);
    build.args((profile == "release").then_some("--release"));
    let mut bench = Command::new(root.join("target").join(profile).join("ff-scanner-bench"));
    bench.args(arguments).current_dir(&root);
    for command in [&mut build, &mut bench] {
        let status = command.status().map_err(|error| format!("could not start {command:?}: {error}"))?;
        if !status.success() {
            return Err(format!("{} failed", command.get_program().display()));
        }
    }
    Ok(())
}
