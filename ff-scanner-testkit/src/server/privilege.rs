//! Which user the server runs as: Postgres refuses to be root and refuses a user without a name.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::ServerError;

/// How a command of the server is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RunAs {
    /// As whoever runs us.
    Caller,
    /// As somebody else: the caller is root.
    User { uid: u32, gid: u32 },
    /// In a user namespace, where an unnamed caller becomes the overflow user, which has a name.
    Namespace,
}

impl RunAs {
    /// Chooses for this process.
    pub(super) fn choose() -> Result<Self, ServerError> {
        let caller = rustix::process::geteuid().as_raw();
        if caller != 0 {
            return Ok(if has_name(caller) { Self::Caller } else { Self::Namespace });
        }
        if let Some(name) = env("FF_PG_USER") {
            let detail = format!("FF_PG_USER names {name}, which is not a user other than root");
            return lookup(&name).ok_or_else(|| ServerError::failed("choosing a user for the server", &detail));
        }
        let chosen = env("SUDO_UID").and_then(|uid| lookup(&uid));
        Ok(chosen.or_else(|| lookup("postgres")).or_else(|| lookup("nobody")).unwrap_or(Self::Namespace))
    }

    /// `program`, to be run as this user, deaf to what the caller's environment says about Postgres.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = match self {
            Self::Namespace => {
                let mut command = Command::new("unshare");
                command.arg("--user").arg("--").arg(program);
                command
            }
            _ => Command::new(program),
        };
        if let Self::User { uid, gid } = self {
            command.uid(*uid).gid(*gid);
        }
        // The caller's directory may be one that this user cannot enter.
        command.current_dir("/").stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command
    }

    /// The owner that the server's own directories need, when it is not the caller.
    pub(super) fn owner(&self) -> Option<(u32, u32)> {
        match self {
            Self::User { uid, gid } => Some((*uid, *gid)),
            Self::Caller | Self::Namespace => None,
        }
    }
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn has_name(uid: u32) -> bool {
    passwd(&uid.to_string()).is_some() || id(&["-un"]).is_some()
}

/// A user by name or number, unless it is root.
fn lookup(user: &str) -> Option<RunAs> {
    // `id` knows the users that a directory service keeps outside of the file.
    let (uid, gid) =
        passwd(user).or_else(|| Some((id(&["-u", user])?.parse().ok()?, id(&["-g", user])?.parse().ok()?)))?;
    (uid != 0).then_some(RunAs::User { uid, gid })
}

/// `(uid, gid)` from `/etc/passwd`, whose lines are `name:password:uid:gid:…`.
fn passwd(user: &str) -> Option<(u32, u32)> {
    fs::read_to_string("/etc/passwd").ok()?.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, gid, ..] = fields[..] else {
            return None;
        };
        if user != name && user != uid {
            return None;
        }
        Some((uid.parse().ok()?, gid.parse().ok()?))
    })
}

fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_never_chosen() {
        assert_eq!(lookup("root"), None);
        assert_eq!(lookup("0"), None);
    }

    #[test]
    fn a_user_is_found_by_name_and_by_number() {
        let by_name = lookup("nobody").expect("every system has nobody");
        let RunAs::User { uid, .. } = by_name else { unreachable!("lookup yields users") };
        assert_eq!(lookup(&uid.to_string()), Some(by_name));
    }
}
