//! Whether a server answers: asks with a startup packet, because a bare connection succeeds too early.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Length, protocol 3.0, the user, the end.
const STARTUP: &[u8] = b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0";

/// Whether the server behind `socket` lets somebody in now. "Starting up" is an error reply and means no.
pub(super) fn answers(socket: &Path) -> bool {
    let ask = || {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(STARTUP)?;
        let mut reply = [0];
        stream.read_exact(&mut reply)?;
        Ok::<_, std::io::Error>(reply == *b"R")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_startup_packet_states_its_own_length() {
        assert_eq!(
            u32::try_from(STARTUP.len()),
            Ok(u32::from_be_bytes([STARTUP[0], STARTUP[1], STARTUP[2], STARTUP[3]]))
        );
    }

    #[test]
    fn a_socket_that_is_not_there_does_not_answer() {
        assert!(!answers(Path::new("/nonexistent/.s.PGSQL.5432")));
    }
}
