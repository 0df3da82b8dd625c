//! Who uses a server's directory, and the process that removes it after the last of them.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, test_kill_process};

use super::ServerError;

const SCRIPT: &str = include_str!("janitor.sh");

/// As whom the janitor is noted.
pub(super) const NAME: &str = "janitor";

/// How long a directory may be without users before it is removed: `polls` looks, `poll` apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    poll_seconds: &'static str,
    polls: &'static str,
}

/// The owner is the only user there will ever be. Twice, so that a postmaster which it started as it was killed has
/// written its number by then.
pub(super) const AT_ONCE: Patience = Patience { poll_seconds: "0.2", polls: "2" };

/// Test binaries run one after another, and `cargo test` compiles doc tests in between.
pub(super) const AFTER_THE_NEXT: Patience = Patience { poll_seconds: "1", polls: "10" };

/// A newcomer registers within milliseconds of creating its directory.
const LEFTOVER: Patience = Patience { poll_seconds: "0.5", polls: "4" };

/// Creates `dir` for this process, its only user. Others may pass through, to the socket, but not look around.
pub(super) fn create(dir: &Path) -> Result<(), ServerError> {
    fs::create_dir(dir).map_err(ServerError::io("create", dir))?;
    prepare(dir)
}

/// Makes this process a user of `dir`, which exists.
pub(super) fn prepare(dir: &Path) -> Result<(), ServerError> {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    fs::set_permissions(dir, mode).map_err(ServerError::io("set the permissions of", dir))?;
    let users = dir.join("users");
    fs::create_dir_all(&users).map_err(ServerError::io("create", &users))?;
    register(dir, std::process::id())
}

/// Makes `pid` a user of `dir`. Without effect when it is dead already.
pub(super) fn register(dir: &Path, pid: u32) -> Result<(), ServerError> {
    let Some(name) = identity(pid) else {
        return Ok(());
    };
    let user = dir.join("users").join(name);
    File::create(&user).map(drop).map_err(ServerError::io("create", &user))
}

/// Notes in `dir` that `pid` is the process that does `what`; the next note takes its place.
pub(super) fn note(dir: &Path, what: &str, pid: u32) -> Result<(), ServerError> {
    let file = dir.join(what);
    fs::write(&file, identity(pid).unwrap_or_default()).map_err(ServerError::io("write", &file))
}

/// Whether the process noted as doing `what` is alive.
pub(super) fn is_alive(dir: &Path, what: &str) -> bool {
    let noted = fs::read_to_string(dir.join(what)).unwrap_or_default();
    let pid = noted.split('.').next().and_then(|pid| pid.parse().ok());
    pid.is_some_and(|pid| identity(pid).as_deref() == Some(noted.as_str()))
}

/// Starts the janitor of `dir`, in a process group of its own so that Ctrl-C does not reach it.
pub(super) fn spawn(dir: &Path, patience: Patience) -> Result<Child, ServerError> {
    let script = dir.join("janitor.sh");
    fs::write(&script, SCRIPT).map_err(ServerError::io("write", &script))?;
    let mut command = Command::new("sh");
    command.arg(&script).arg(dir).args([patience.poll_seconds, patience.polls]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let child = command.spawn().map_err(ServerError::io("run", Path::new("sh")))?;
    note(dir, NAME, child.id())?;
    Ok(child)
}

/// Gives a new janitor to each directory of ours in `base` whose own was killed with everybody else, except to `mine`:
/// another process may be about to give it one that is more patient.
pub(super) fn replace_dead(base: &Path, prefix: &str, mine: &Path) {
    let caller = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let dir = entry.path();
        let ours = || entry.metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == caller);
        let named = entry.file_name().to_string_lossy().starts_with(prefix);
        if named && dir != mine && ours() && !is_alive(&dir, NAME) {
            // Left by a janitor that died between announcing the removal and doing it.
            drop(fs::remove_dir(dir.join("closing")));
            // That one leftover cannot be removed must not keep a new server from starting.
            drop(spawn(&dir, LEFTOVER));
        }
    }
}

/// `PID.START` of a live process; a number alone may be somebody else's by tomorrow. START is 0 without `/proc`.
fn identity(pid: u32) -> Option<String> {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => {
            // After the command, which is in parentheses and may hold anything: state, then 18 more, then the start.
            let mut fields = stat.rsplit_once(") ")?.1.split(' ');
            let state = fields.next()?;
            (state != "Z").then_some(format!("{pid}.{}", fields.nth(18)?))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && Path::new("/proc/self/stat").exists() => None,
        Err(_) => {
            let process = Pid::from_raw(pid.try_into().ok()?)?;
            // Not being allowed to signal it means that it is there.
            (test_kill_process(process) != Err(rustix::io::Errno::SRCH)).then(|| format!("{pid}.0"))
        }
    }
}
