//! How does data reach stdout without panicking when nobody reads it?

use std::fmt::Display;
use std::io::{self, Write};

use crate::error::CliError;

/// Writes a line to stdout. A reader who has seen enough (`| head`) is no failure.
pub(crate) fn line(text: impl Display) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::Failed(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a note to stderr; with nowhere to complain to, it is lost.
pub(crate) fn note(text: impl Display) {
    drop(writeln!(io::stderr(), "{text}"));
}

/// Says why the command ends.
pub(crate) fn complain(error: &CliError) {
    note(format_args!("error: {error}"));
}
