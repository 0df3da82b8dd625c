//! What does the team own in the database, and how does it get there?

use sqlx::PgPool;

/// Creates the table `flow_team.put_back`, unless it is there. To be called when the team deploys: no reconciler
/// migrates by itself.
///
/// Any number of processes may call it at once.
///
/// # Cancel safety
///
/// It is one transaction: done, or not.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(include_str!("../migrations/0001_put_back.sql")).execute(pool).await.map(drop)
}
