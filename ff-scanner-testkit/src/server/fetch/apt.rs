//! The packages of Debian and its like.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::discover::{Binaries, Places};
use super::{announce, into_cache, run};

/// Unpacks the server's package into the cache. Needs no root and leaves the system as it is, but brings no
/// libraries; whether those that are installed suffice, the check of the result finds out.
pub(super) fn unpack(places: &Places) -> Result<Binaries, String> {
    let apt = places.program("apt-get").ok_or("no apt-get on PATH")?;
    let package = server_package(places)?;
    announce(&format!("downloading {package} with apt-get into {}", places.cache.display()));
    into_cache(&places.cache, &format!("apt-{package}"), |dir| {
        run(Command::new(&apt).args(["download", &package]).current_dir(dir))?;
        let io = |error: std::io::Error| format!("cannot unpack into {}: {error}", dir.display());
        let mut entries = fs::read_dir(dir).map_err(io)?.flatten().map(|entry| entry.path());
        let archive =
            entries.find(|path| path.extension().is_some_and(|end| end == "deb")).ok_or("apt-get left no package")?;
        run(Command::new("dpkg").arg("-x").arg(&archive).arg(dir))?;
        fs::remove_file(archive).map_err(io)?;
        // The server looks for its data relative to itself, so the tree stays and `bin` leads into it.
        let major = package.trim_start_matches("postgresql-");
        std::os::unix::fs::symlink(PathBuf::from("usr/lib/postgresql").join(major).join("bin"), dir.join("bin"))
            .map_err(io)
    })
}

/// Installs the package, as root only.
pub(super) fn install(places: &Places) -> Result<Binaries, String> {
    let apt = places.program("apt-get").ok_or("no apt-get on PATH")?;
    if !rustix::process::geteuid().is_root() {
        return Err("only root may install packages".to_owned());
    }
    announce("installing the package postgresql with apt-get");
    let config = Path::new("/etc/postgresql-common/createcluster.conf");
    if !config.exists() {
        // Installing would otherwise start a server on the port where people expect theirs.
        let io = |error: std::io::Error| format!("cannot write {}: {error}", config.display());
        fs::create_dir_all("/etc/postgresql-common").map_err(io)?;
        fs::write(config, "create_main_cluster = false\n").map_err(io)?;
    }
    let get = |arguments: &[&str]| run(Command::new(&apt).env("DEBIAN_FRONTEND", "noninteractive").args(arguments));
    let install = ["install", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", "postgresql"];
    // A fresh image has no package lists.
    get(&install).or_else(|_| get(&["update"]).and_then(|_| get(&install)))?;
    places.search().map_err(|_| "installed, but there is still no server to be found".to_owned())
}

/// `postgresql` depends on the server of the release's version: "  Depends: postgresql-15".
fn server_package(places: &Places) -> Result<String, String> {
    let cache = places.program("apt-cache").ok_or("no apt-cache on PATH")?;
    let printed = run(Command::new(cache).args(["depends", "postgresql"]))?;
    let mut words = printed.split_whitespace();
    let found = words.find(|word| word.strip_prefix("postgresql-").is_some_and(|major| major.parse::<u32>().is_ok()));
    found.map(str::to_owned).ok_or_else(|| "apt-cache knows no postgresql; run apt-get update".to_owned())
}
