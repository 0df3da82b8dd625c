//! The one clone of a template that the tests of a binary share.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use tokio::sync::Mutex;

use super::{Database, DatabaseError, Template};

#[derive(Default)]
struct Slot {
    last: Weak<Database>,
    /// Keeps it to the end of the process.
    kept: Option<Arc<Database>>,
}

/// By the name of the template.
static SLOTS: Mutex<BTreeMap<String, Slot>> = Mutex::const_new(BTreeMap::new());

pub(super) async fn get(template: &Template) -> Result<Arc<Database>, DatabaseError> {
    let mut slots = SLOTS.lock().await;
    let slot = slots.entry(template.name().to_owned()).or_default();
    if let Some(database) = slot.last.upgrade() {
        return Ok(database);
    }
    let database = Arc::new(Database::clone_of(template).await?);
    slot.last = Arc::downgrade(&database);
    // Nothing runs at the end of a process, so on somebody else's server the database must go with the last test
    // that holds it, even if the next one has to clone another. A private server takes all of them along.
    slot.kept = template.server().directory().is_some().then(|| Arc::clone(&database));
    Ok(database)
}
