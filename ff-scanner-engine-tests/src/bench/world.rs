//! What do the tests of a version share?

use std::sync::{Arc, Weak};

use ff_scanner_testkit::{Database, Server, Template};
use sqlx::PgPool;
use tokio::sync::Mutex;

use crate::engine::{Engine, Version};

const CONNECTIONS: u32 = 6;

/// A database with an engine, which the tests of a version share.
pub(super) struct World {
    // In the order in which they have to go.
    pub(super) engine: Arc<dyn Engine>,
    pub(super) pool: PgPool,
    pub(super) database: Arc<Database>,
}

/// The world of a version.
struct Slot {
    last: Weak<World>,
    /// Keeps it to the end of the process: its connections take a while to become quick.
    kept: Option<Arc<World>>,
}

impl Slot {
    const EMPTY: Self = Self { last: Weak::new(), kept: None };
}

impl World {
    /// The one that the tests of `version` share.
    pub(super) async fn of(version: Version) -> Arc<Self> {
        static WORLDS: [Mutex<Slot>; 2] = [Mutex::const_new(Slot::EMPTY), Mutex::const_new(Slot::EMPTY)];
        let mut slot = WORLDS[version as usize].lock().await;
        if let Some(world) = slot.last.upgrade() {
            return world;
        }
        let template = template(version).await;
        let database = Database::shared_clone_of(&template).await.expect("a database");
        let world = Arc::new(Self::on(version, database).await);
        slot.last = Arc::downgrade(&world);
        // As the database: on somebody else's server it must go with the last test that holds it.
        slot.kept = template.server().directory().is_some().then(|| Arc::clone(&world));
        world
    }

    /// One that nothing else uses.
    pub(super) async fn own(version: Version) -> Arc<Self> {
        let database = Database::clone_of(&template(version).await).await.expect("a database");
        Arc::new(Self::on(version, Arc::new(database)).await)
    }

    async fn on(version: Version, database: Arc<Database>) -> Self {
        let engine = version.connect(&database).await.expect("the engine starts");
        Self { engine, pool: database.pool(CONNECTIONS), database }
    }
}

async fn template(version: Version) -> Template {
    let server = Server::shared().expect("a server");
    let fill = async |database: &Database| version.migrate(database).await;
    Database::template_with(&server, &format!("engine {version}, by itself"), fill).await.expect("a template")
}
