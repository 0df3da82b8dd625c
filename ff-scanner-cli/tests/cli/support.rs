//! Running the binary.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use ff_scanner_testkit::Database;

/// The binary without anything of ours in its environment.
pub(crate) fn ff_scanner(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ff-scanner"));
    command.args(arguments).env_remove("DATABASE_URL").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

pub(crate) fn output(arguments: &[&str]) -> Output {
    ff_scanner(arguments).output().expect("the binary runs")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs what needs a database on a runtime of the test's own.
pub(crate) fn block_on<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(work)
}

pub(crate) fn own_database() -> Database {
    block_on(Database::own()).expect("there is a database")
}

/// The server's clock.
pub(crate) async fn now_ms(pool: &sqlx::PgPool) -> i64 {
    let now = sqlx::query_scalar(include_str!("../../src/demo/sql/now.sql")).fetch_one(pool).await;
    now.expect("the clock can be read")
}

/// `ff-scanner run`, killed when the test is over, however it ends.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    pub(crate) seen: Vec<String>,
}

impl Running {
    pub(crate) fn start(url: &str, arguments: &[&str]) -> Self {
        let mut command = ff_scanner(&["run"]);
        command.args(arguments).env("DATABASE_URL", url).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let stderr = child.stderr.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// Waits for a line on stderr that contains `text`.
    pub(crate) fn wait_for(&mut self, text: &str, limit: Duration) {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("no {text:?} within {limit:?}; seen: {:#?}", self.seen));
            self.seen.push(line);
            if self.seen.last().is_some_and(|line| line.contains(text)) {
                return;
            }
        }
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(id.expect("it has an id"), signal).expect("it still runs");
    }

    /// Its exit code, what it printed, and every line of its log.
    pub(crate) fn end(mut self) -> (Option<i32>, String, Vec<String>) {
        let mut stdout = String::new();
        let mut pipe = self.child.stdout.take().expect("it is piped");
        std::io::Read::read_to_string(&mut pipe, &mut stdout).expect("it is text");
        let status = self.child.wait().expect("it ends");
        let mut seen = std::mem::take(&mut self.seen);
        seen.extend(self.lines.iter());
        (status.code(), stdout, seen)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
