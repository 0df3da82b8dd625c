//! The server of a test run: all its processes find the same one, the first starts it, the last leaves it to the janitor.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::{Options, Provision, ServerError, janitor};

/// Longer than a server takes to start, even on a machine that compiles at the same time.
const JOIN_MAX: Duration = Duration::from_mins(2);

/// Finds or starts the server for `options`; this process is one of its users from then on.
pub(super) fn join(options: &Options) -> Result<Cluster, ServerError> {
    let provision = Provision::find(options)?;
    // Servers of other settings or binaries are other servers.
    let key = format!("{} {}", provision.binaries.dir.display(), options.to_arguments().join(" "));
    let cluster = provision.cluster(&format!("{:016x}", crate::fnv1a(&[key.as_bytes()])), options);
    let deadline = Instant::now() + JOIN_MAX;
    loop {
        if let Some(_lock) = enter(cluster.dir(), deadline)? {
            if !janitor::is_alive(cluster.dir(), janitor::NAME) {
                drop(fs::remove_dir(cluster.dir().join("closing")));
                janitor::spawn(cluster.dir(), janitor::AFTER_THE_NEXT)?;
            }
            if !cluster.settle() {
                cluster.initialise()?;
                cluster.start()?;
            }
            return Ok(cluster);
        }
        if Instant::now() > deadline {
            return Err(ServerError::failed("joining the shared server", "it is forever being removed"));
        }
        sleep(Duration::from_millis(20));
    }
}

/// Locks `dir` and registers as a user, or `None` when a janitor took it away meanwhile.
///
/// The lock lives inside of what it protects and goes with it, so it is worth something only while the path still
/// leads to it.
fn enter(dir: &Path, deadline: Instant) -> Result<Option<File>, ServerError> {
    drop(fs::create_dir(dir));
    let meta = fs::symlink_metadata(dir).map_err(ServerError::io("read", dir))?;
    if !meta.is_dir() || meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(ServerError::failed(
            "joining the shared server",
            &format!("{} belongs to somebody else", dir.display()),
        ));
    }
    let path = dir.join("lock");
    let Ok(lock) = File::create(&path) else {
        return Ok(None);
    };
    lock.lock().map_err(ServerError::io("lock", &path))?;
    if janitor::prepare(dir).is_err() {
        return Ok(None);
    }
    while dir.join("closing").exists() && janitor::is_alive(dir, janitor::NAME) && Instant::now() < deadline {
        sleep(Duration::from_millis(10));
    }
    let ours = lock.metadata().map_err(ServerError::io("read", &path))?.ino();
    Ok(fs::metadata(&path).is_ok_and(|meta| meta.ino() == ours).then_some(lock))
}
