//! Who wakes a reconciler before its interval is over?

use std::time::Duration;
use std::{fmt, io};

use sqlx::Executor;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, info, warn};

use crate::Waker;

/// The channel on which the listener hears itself.
const HEARTBEAT_CHANNEL: &str = "ff_scanner_heartbeat";
/// Without any notification for this long, the listener sees whether its connection still answers.
const HEARTBEAT: Duration = Duration::from_mins(1);
/// How long its own notification, or an answer, may take: longer means that a pooler swallows it or the connection is dead.
const HEARTBEAT_GRACE: Duration = Duration::from_secs(5);
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// While the database is away the reconcilers say so; only who cannot hear for longer than that has news of its own.
const UNSAID_MAX: Duration = Duration::from_mins(1);

/// Listens for as long as it lives; dropping it stops listening.
#[must_use = "dropping it stops listening"]
pub struct Listener {
    _task: JoinSet<()>,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// Wakes reconcilers when Postgres notifies: `bindings` pairs a channel with a reconciler's name.
///
/// `direct` must lead to the server itself: a transaction pooler accepts `LISTEN` and never delivers. The listener
/// therefore tests itself with a notification of its own when it connects. A gap means "look now", so each (re)connection
/// wakes everybody named. Polling goes on regardless; notifications only make it quicker.
pub fn listen(direct: PgConnectOptions, waker: Waker, bindings: Vec<(&'static str, &'static str)>) -> Listener {
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut deaf = Deaf::default();
        loop {
            match hear(&direct, &waker, &bindings, &mut deaf).await {
                Ok(()) => deaf.say("its own notification did not come back"),
                Err(error) if deaf.lasts() > UNSAID_MAX => deaf.say(&error.to_string()),
                Err(error) => debug!(%error, "not hearing notifications"),
            }
            sleep(RECONNECT_PAUSE).await;
        }
    });
    Listener { _task: task }
}

/// Since when nothing has been heard, and whether that was said.
#[derive(Default)]
struct Deaf {
    since: Option<Instant>,
    said: bool,
}

impl Deaf {
    fn lasts(&mut self) -> Duration {
        self.since.get_or_insert_with(Instant::now).elapsed()
    }

    fn say(&mut self, error: &str) {
        if !std::mem::replace(&mut self.said, true) {
            warn!(error, "not hearing notifications; polling goes on at the usual intervals");
        }
    }

    fn over(&mut self) {
        if std::mem::take(self).said {
            info!("hearing notifications again");
        }
    }
}

/// Connects and listens until the connection fails, or turns out not to deliver (`Ok`).
async fn hear(
    direct: &PgConnectOptions,
    waker: &Waker,
    bindings: &[(&'static str, &'static str)],
    deaf: &mut Deaf,
) -> Result<(), sqlx::Error> {
    let one = PgPoolOptions::new().max_connections(2).connect_lazy_with(direct.clone());
    let mut listener = PgListener::connect_with(&one).await?;
    let channels = bindings.iter().map(|(channel, _)| *channel).chain([HEARTBEAT_CHANNEL]);
    listener.listen_all(channels).await?;
    let mut proven = false;
    let mut patience = Duration::ZERO;
    loop {
        match timeout(patience, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => {
                if !proven {
                    proven = true;
                    deaf.over();
                    wake_all(waker, bindings);
                }
                let channel = notification.channel();
                for (_, name) in bindings.iter().filter(|(wanted, _)| *wanted == channel) {
                    debug!(channel, reconciler = name, "woken by a notification");
                    waker.wake(name);
                }
                patience = HEARTBEAT;
            }
            // The connection was lost and is back: what was said in between is gone, and whether this one delivers is not
            // known. The proof of it wakes everybody.
            Ok(Ok(None)) => (proven, patience) = (false, Duration::ZERO),
            Ok(Err(error)) => return Err(error),
            Err(_) if patience == HEARTBEAT_GRACE => return Ok(()),
            Err(_) if !proven => {
                sqlx::query("SELECT pg_notify($1, '')").bind(HEARTBEAT_CHANNEL).execute(&one).await?;
                patience = HEARTBEAT_GRACE;
            }
            // What was proven once holds for as long as the connection does. To notify again would be a write, after which
            // every reconciler looks again, for nothing.
            Err(_) => {
                let answer = timeout(HEARTBEAT_GRACE, listener.execute("SELECT 1")).await;
                answer.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            }
        }
    }
}

fn wake_all(waker: &Waker, bindings: &[(&'static str, &'static str)]) {
    for (_, name) in bindings {
        waker.wake(name);
    }
}
