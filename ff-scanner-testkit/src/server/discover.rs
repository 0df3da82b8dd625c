//! Where Postgres may be installed, and which of those places has one that runs.

use std::cmp::Reverse;
use std::env;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ServerError;

/// `DROP DATABASE … WITH (FORCE)` came with 13, and 13 has reached its end of life.
const MAJOR_MIN: u32 = 14;

/// A directory that holds an `initdb` and a `postgres` which runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
}

/// Everywhere we look. A value rather than the environment itself, so that a test can look in an empty world.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// `FF_PG_BIN`: this directory or none.
    pub(super) bin: Option<PathBuf>,
    /// The directories of `PATH`, for `pg_config`, `initdb` and the package clients.
    pub(super) path: Vec<PathBuf>,
    /// Where installers put it; at most one `*`, which stands for a version.
    pub(super) known: Vec<&'static str>,
    /// Where we keep what we fetched.
    pub(super) cache: PathBuf,
    /// Whether fetching is allowed (`FF_PG_FETCH` is not `0`).
    pub(super) fetch: bool,
}

const KNOWN: [&str; 10] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/usr/lib64/pgsql*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/local/lib/postgresql*/bin",
    "/usr/local/pgsql/bin",
    "/usr/local/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

impl Places {
    pub(super) fn from_env() -> Self {
        Self {
            bin: env::var_os("FF_PG_BIN").filter(|value| !value.is_empty()).map(PathBuf::from),
            path: env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default(),
            known: KNOWN.to_vec(),
            cache: cache_dir(),
            fetch: env::var_os("FF_PG_FETCH").is_none_or(|value| value != "0"),
        }
    }

    /// The first program of that name on this `PATH`.
    pub(super) fn program(&self, name: &str) -> Option<PathBuf> {
        self.path.iter().map(|dir| dir.join(name)).find(|file| file.is_file())
    }

    /// The first place that will do, or a line for each place that says why it will not.
    pub(super) fn search(&self) -> Result<Binaries, String> {
        if let Some(dir) = &self.bin {
            // Asked for by name: anything else would be a surprise.
            return check(dir).map_err(|reason| format!("  FF_PG_BIN={}: {reason}", dir.display()));
        }
        let mut searched = vec!["  FF_PG_BIN: not set".to_owned()];
        for (label, dirs) in self.candidates() {
            if dirs.is_empty() {
                searched.push(format!("  {label}: nothing there"));
            }
            for dir in dirs {
                match check(&dir) {
                    Ok(binaries) => return Ok(binaries),
                    Err(reason) => searched.push(format!("  {label}: {}: {reason}", dir.display())),
                }
            }
        }
        Err(searched.join("\n"))
    }

    fn candidates(&self) -> impl Iterator<Item = (String, Vec<PathBuf>)> {
        let configured =
            || self.program("pg_config").and_then(|program| stdout(&program, "--bindir")).map(PathBuf::from);
        // PATH often has links only; the server finds its libraries and data relative to the real place.
        let on_path = || Some(self.program("initdb")?.canonicalize().ok()?.parent()?.to_owned());
        let first = [
            ("pg_config --bindir".to_owned(), configured().into_iter().collect()),
            ("initdb on PATH".to_owned(), on_path().into_iter().collect()),
        ];
        let known = self.known.iter().map(|pattern| ((*pattern).to_owned(), expand(pattern)));
        let cache = self.cache.join("*").join("bin").to_string_lossy().into_owned();
        let cached = expand(&cache);
        first.into_iter().chain(known).chain([(cache, cached)])
    }
}

/// Whether `dir` holds a server that runs here and is new enough.
pub(super) fn check(dir: &Path) -> Result<Binaries, String> {
    for name in ["initdb", "postgres"] {
        if !dir.join(name).is_file() {
            return Err(format!("no {name}"));
        }
    }
    // "postgres (PostgreSQL) 15.18 (Debian …)"; it also proves that the libraries are there.
    let version = stdout(&dir.join("postgres"), "--version").ok_or("postgres does not run")?;
    let number = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let major: String = number.unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
    if major.parse().unwrap_or(0) < MAJOR_MIN {
        return Err(format!("{version} is older than {MAJOR_MIN}"));
    }
    Ok(Binaries { dir: dir.to_owned() })
}

fn stdout(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The directories that match, newest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return Some(PathBuf::from(pattern)).filter(|dir| dir.is_dir()).into_iter().collect();
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    let name = |entry: io::Result<DirEntry>| entry.ok()?.file_name().into_string().ok();
    let mut versions: Vec<String> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(name)
        // Hidden ones in our cache are being filled.
        .filter(|name| !name.starts_with('.'))
        .filter_map(|name| name.strip_prefix(prefix).map(str::to_owned))
        .collect();
    versions.sort_by_key(|version| Reverse(numbers(version)));
    let dirs = versions.into_iter().map(|version| PathBuf::from(format!("{before}{version}{after}")));
    dirs.filter(|dir| dir.is_dir()).collect()
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn cache_dir() -> PathBuf {
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let xdg = || env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    // Root's home is closed to the user that root's server runs as.
    let root = rustix::process::geteuid().is_root().then(|| PathBuf::from("/var/cache"));
    let base = root.or_else(xdg).or_else(home).unwrap_or_else(env::temp_dir);
    base.join("ff-scanner").join("pg")
}

/// The error of a search that found nothing and fetched nothing.
pub(super) fn none_found(places: &Places, searched: String) -> ServerError {
    let fixes = [
        ("apt-get", "sudo apt-get install -y postgresql"),
        ("dnf", "sudo dnf install -y postgresql-server"),
        ("apk", "sudo apk add postgresql"),
        ("pacman", "sudo pacman -S --noconfirm postgresql"),
        ("brew", "brew install postgresql@17"),
    ];
    let fix = fixes.into_iter().find(|(client, _)| places.program(client).is_some());
    // Without a package client, what remains is a database that somebody else runs.
    let fix = fix.map_or("export DATABASE_URL=postgres://user@host/database", |(_, command)| command);
    ServerError::NoPostgres { searched, fix: fix.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        assert!(numbers("17.10") > numbers("17.9"));
        assert!(numbers("9.6") < numbers("15"));
    }

    #[test]
    fn a_directory_that_was_asked_for_is_not_replaced_by_another() {
        let places = Places { bin: Some("/nonexistent".into()), ..Places::from_env() };
        assert_eq!(places.search(), Err("  FF_PG_BIN=/nonexistent: no initdb".to_owned()));
    }
}
