//! The one clone that the tests of a binary share.

use std::sync::{Arc, Weak};

use tokio::sync::Mutex;

use super::{Database, DatabaseError};
use crate::Server;

struct Slot {
    last: Weak<Database>,
    /// Keeps it to the end of the process.
    kept: Option<Arc<Database>>,
}

static SLOT: Mutex<Slot> = Mutex::const_new(Slot { last: Weak::new(), kept: None });

pub(super) async fn get() -> Result<Arc<Database>, DatabaseError> {
    let mut slot = SLOT.lock().await;
    if let Some(database) = slot.last.upgrade() {
        return Ok(database);
    }
    let database = Arc::new(Database::own().await?);
    slot.last = Arc::downgrade(&database);
    // Nothing runs at the end of a process, so on somebody else's server the database must go with the last test
    // that holds it, even if the next one has to clone another. A private server takes all of them along.
    slot.kept = Server::shared()?.directory().is_some().then(|| Arc::clone(&database));
    Ok(database)
}
