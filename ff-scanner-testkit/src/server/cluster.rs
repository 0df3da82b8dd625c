//! One data directory and its postmaster: made, started, stopped, removed.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::discover::Binaries;
use super::privilege::RunAs;
use super::{Options, ServerError, Shutdown, janitor, ready};

/// A crash recovery of a large test database fits in; a server that takes longer will not come.
const START_MAX: Duration = Duration::from_mins(1);
const STOP_MAX: Duration = Duration::from_secs(30);

/// As what `initdb` and then the postmaster are noted.
const STARTING: &str = "starting";

const POLL: Duration = Duration::from_millis(2);

#[derive(Debug)]
pub(super) struct Cluster {
    dir: PathBuf,
    binaries: Binaries,
    run_as: RunAs,
    settings: Vec<String>,
    /// Ours to reap, when this process started it.
    postmaster: Mutex<Option<Child>>,
}

impl Cluster {
    pub(super) fn new(dir: PathBuf, binaries: Binaries, run_as: RunAs, options: &Options) -> Self {
        Self { dir, binaries, run_as, settings: options.to_arguments(), postmaster: Mutex::default() }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn connect_options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass();
        // Everything that the caller's PG* variables might have set otherwise.
        let options = options.host("localhost").socket(self.dir.join("socket")).port(5432);
        options.username("postgres").password("").database("postgres").ssl_mode(PgSslMode::Disable)
    }

    pub(super) fn answers(&self) -> bool {
        ready::answers(&self.dir.join("socket").join(".s.PGSQL.5432"))
    }

    /// Waits for the starter's work when the starter itself was killed: its `initdb` and its postmaster go on.
    /// Returns whether there is a server in the end.
    pub(super) fn settle(&self) -> bool {
        let deadline = Instant::now() + START_MAX;
        while !self.answers() {
            if !janitor::is_alive(&self.dir, STARTING) || Instant::now() > deadline {
                return false;
            }
            sleep(POLL);
        }
        true
    }

    /// Makes the data directory anew.
    pub(super) fn initialise(&self) -> Result<(), ServerError> {
        for name in ["data", "socket"] {
            let dir = self.dir.join(name);
            match fs::remove_dir_all(&dir) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(ServerError::io("remove", &dir)(error));
                }
                _ => {}
            }
            // Whoever can reach the socket is superuser, so nobody else may.
            fs::DirBuilder::new().mode(0o700).create(&dir).map_err(ServerError::io("create", &dir))?;
            if let Some((uid, gid)) = self.run_as.owner() {
                chown(&dir, Some(uid), Some(gid)).map_err(ServerError::io("change the owner of", &dir))?;
            }
        }
        let mut initdb = self.run_as.command(&self.binaries.dir.join("initdb"));
        // Nothing here outlives the machine, so nothing needs to reach its disk.
        initdb.args(["--no-sync", "--locale=C", "-E", "UTF8", "-A", "trust", "-U", "postgres", "-D"]);
        initdb.arg(self.dir.join("data")).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = initdb.spawn().map_err(ServerError::io("run", &self.binaries.dir))?;
        // Were this process killed now, then whoever cleans up has to wait: an initdb whose files vanish leaves
        // shared memory behind.
        janitor::register(&self.dir, child.id())?;
        janitor::note(&self.dir, STARTING, child.id())?;
        let output = child.wait_with_output().map_err(ServerError::io("wait for", &self.binaries.dir))?;
        if output.status.success() {
            return Ok(());
        }
        Err(ServerError::failed("initdb", &String::from_utf8_lossy(&output.stderr)))
    }

    /// Starts the postmaster and returns when it lets connections in.
    pub(super) fn start(&self) -> Result<(), ServerError> {
        let log = self.dir.join("log");
        let output = || File::options().create(true).append(true).open(&log).map_err(ServerError::io("open", &log));
        let postgres = self.binaries.dir.join("postgres");
        let mut command = self.run_as.command(&postgres);
        command.arg("-D").arg(self.dir.join("data")).arg("-k").arg(self.dir.join("socket")).args(&self.settings);
        // A group of its own: what ends a test, or Ctrl-C, must not end the server of the others.
        let child = command.stdout(output()?).stderr(output()?).process_group(0).spawn();
        let child = child.map_err(ServerError::io("run", &postgres))?;
        let id = child.id();
        *self.postmaster() = Some(child);
        janitor::note(&self.dir, STARTING, id)?;

        let deadline = Instant::now() + START_MAX;
        while !self.answers() {
            if self.reap() || Instant::now() > deadline {
                let log = fs::read_to_string(&log).unwrap_or_default();
                return Err(ServerError::failed("starting postgres", &log));
            }
            sleep(POLL);
        }
        Ok(())
    }

    /// Stops the postmaster and returns when it is gone.
    pub(super) fn stop(&self, how: Shutdown) -> Result<(), ServerError> {
        let signal = match how {
            Shutdown::Fast => Signal::INT,
            Shutdown::Immediate => Signal::QUIT,
        };
        let id = self.postmaster().as_ref().map(Child::id);
        let Some(pid) = id.and_then(|id| Pid::from_raw(id.try_into().ok()?)) else {
            return Ok(());
        };
        let deadline = Instant::now() + STOP_MAX;
        if !self.reap() {
            kill_process(pid, signal).map_err(|error| ServerError::failed("stopping postgres", &error.to_string()))?;
        }
        while !self.reap() {
            if Instant::now() > deadline {
                return Err(ServerError::failed("stopping postgres", "it still runs after 30 seconds"));
            }
            sleep(POLL);
        }
        Ok(())
    }

    /// Stops the postmaster and removes the directory.
    pub(super) fn remove(&self) -> Result<(), ServerError> {
        self.stop(Shutdown::Immediate)?;
        until_gone(|| fs::remove_dir_all(&self.dir)).map_err(ServerError::io("remove", &self.dir))
    }

    /// Whether the postmaster that this process started is gone; then there is none any more.
    fn reap(&self) -> bool {
        let mut postmaster = self.postmaster();
        if postmaster.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None))) {
            return false;
        }
        *postmaster = None;
        true
    }

    fn postmaster(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        // The guard protects one assignment, which a panic cannot leave half done.
        self.postmaster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes a directory by `remove`, again while it fills up: a process of a server that was stopped at once may still be
/// writing a file, and a removal that gives up for it leaves the whole directory behind.
fn until_gone(mut remove: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    let deadline = Instant::now() + STOP_MAX;
    loop {
        match remove() {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && Instant::now() < deadline => sleep(POLL),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};

    use super::until_gone;

    #[test]
    fn a_directory_that_fills_up_while_it_is_removed_is_removed_again() {
        let mut tries = [Err(ErrorKind::DirectoryNotEmpty), Err(ErrorKind::DirectoryNotEmpty), Ok(())].into_iter();
        until_gone(|| tries.next().expect("it is gone by then").map_err(io::Error::from)).expect("it is removed");
        assert_eq!(tries.next(), None, "it was tried until it was gone");
    }

    #[test]
    fn a_directory_that_may_not_be_removed_is_an_error_at_once() {
        let mut tries = 0;
        let refused = until_gone(|| {
            tries += 1;
            Err(ErrorKind::PermissionDenied.into())
        });
        assert_eq!(refused.expect_err("nobody may").kind(), ErrorKind::PermissionDenied);
        assert_eq!(tries, 1);
    }
}
