//! Which connections do looks and acts run on?

use sqlx::PgPool;

/// Where a reconciler gets its connections: for looks, and for acts.
///
/// Made of one pool, both are that pool.
#[derive(Clone, Debug)]
pub struct Pools {
    /// For looks, which run all the time.
    pub looks: PgPool,
    /// For acts, which run when there is something to do.
    pub acts: PgPool,
}

impl Pools {
    /// Looks on one connection that nothing else uses, which is made with the first of them; acts on `acts`.
    ///
    /// For one reconciler: a connection plans each statement for itself, which for a look over 256 children of a table
    /// takes a quarter of a second, and keeps the plan. Where looks take turns on the connections of a pool, each of
    /// these comes to each plan, and has to make it anew after each analyze.
    #[must_use]
    pub fn with_look_connection(acts: PgPool) -> Self {
        let options = acts.options().clone().min_connections(0).max_connections(1);
        Self { looks: options.connect_lazy_with(acts.connect_options().as_ref().clone()), acts }
    }
}

impl From<PgPool> for Pools {
    fn from(pool: PgPool) -> Self {
        Self { looks: pool.clone(), acts: pool }
    }
}
