//! Where is the workspace, and how is cargo called in it?

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Its top folder.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()));
    here.parent().map_or(here.clone(), Path::to_path_buf)
}

/// The cargo that runs this, in `folder`.
pub(crate) fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(folder);
    cargo
}
