//! Where do log lines go?

use std::io;

use tracing_subscriber::EnvFilter;

use crate::args::Format;

/// Logs to stderr, at `RUST_LOG` or `info`; `quiet` is for commands that draw there themselves.
pub(crate) fn start(format: Format, quiet: bool) {
    // What a pool has to say of single connections is no news: the reconcilers say when the database is away.
    let usual = if quiet { "error" } else { "info,sqlx_core=error,sqlx_postgres=error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        Format::Text => {
            let colours = io::IsTerminal::is_terminal(&io::stderr()) && std::env::var_os("NO_COLOR").is_none();
            builder.with_ansi(colours).init();
        }
        Format::Json => builder.json().init(),
    }
}
