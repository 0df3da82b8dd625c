//! The `ff-scanner` binary, run as an operator runs it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::error::BenchError;
use crate::meter;

/// Killed when dropped.
pub(crate) struct Binary(Child);

impl Binary {
    /// `ff-scanner run`, with all defaults. It has to be built beside this program.
    pub(crate) fn run(database: &PgConnectOptions) -> Result<Self, BenchError> {
        let wrong = |error| BenchError::File("this program's own folder".to_owned(), error);
        let path: PathBuf = std::env::current_exe().map_err(wrong)?.with_file_name("ff-scanner");
        let mut command = Command::new(&path);
        command.arg("run").env("DATABASE_URL", database.to_url_lossy().as_str()).env("RUST_LOG", "error");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Ok(Self(child.map_err(|error| BenchError::File(path.display().to_string(), error))?))
    }

    pub(crate) fn cpu(&self) -> Duration {
        meter::cpu_of(self.0.id())
    }

    pub(crate) fn memory_mib(&self) -> Option<f64> {
        meter::memory_mib(self.0.id())
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // It may have ended by itself, and then what it has measured says so.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
