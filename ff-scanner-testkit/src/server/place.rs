//! Which directory a server lives in: memory if there is enough, and a path short enough for a socket.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::ServerError;

/// A test run with some tens of cloned databases needs well under this; Docker's default of 64 MiB would not do.
const SHM_FREE_MIN_BYTES: u64 = 2 << 30;

/// What `sockaddr_un` takes, less its terminating zero.
const SOCKET_PATH_MAX_BYTES: usize = 107;

/// The longest that is put behind the base directory.
const SUFFIX: &str = "/ffpg-4294967295-0123456789abcdef/socket/.s.PGSQL.5432";

/// The directory for servers that may forget, or for those that must `fsync` to a disk.
///
/// `foreign` means that another user than the caller must get in.
pub(super) fn base(durable: bool, foreign: bool) -> Result<PathBuf, ServerError> {
    let memory = Path::new("/dev/shm");
    let enough =
        || rustix::fs::statvfs(memory).is_ok_and(|fs| fs.f_bavail.saturating_mul(fs.f_frsize) >= SHM_FREE_MIN_BYTES);
    if !durable && enough() && usable(memory, foreign) {
        return Ok(memory.to_owned());
    }
    let mut disks = [env::temp_dir(), PathBuf::from("/var/tmp"), PathBuf::from("/tmp")];
    if durable {
        // What is in /tmp may be in memory.
        disks.swap(0, 1);
    }
    let chosen = disks.iter().find(|dir| usable(dir, foreign)).cloned();
    chosen.ok_or_else(|| {
        let tried: Vec<String> = disks.iter().map(|dir| dir.display().to_string()).collect();
        ServerError::failed(
            "finding a directory for the server",
            &format!("none of {} is writable and short enough", tried.join(", ")),
        )
    })
}

fn usable(dir: &Path, foreign: bool) -> bool {
    let open_to_all = |dir: &Path| fs::metadata(dir).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0);
    dir.as_os_str().len() + SUFFIX.len() <= SOCKET_PATH_MAX_BYTES
        && rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_ok()
        && (!foreign || dir.ancestors().all(open_to_all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_too_deep_for_a_socket_is_not_used() {
        let deep = env::temp_dir().join("d".repeat(80));
        fs::create_dir_all(&deep).expect("the temporary directory is writable");
        assert!(!usable(&deep, false));
        fs::remove_dir(&deep).expect("it is empty");
    }
}
