//! Did every row end exactly as it should?

use sqlx::PgConnection;

use super::work::Work;
use crate::error::CliError;
use crate::output;

/// Rows of one kind that differ in the same table.
#[derive(sqlx::FromRow)]
pub(super) struct Problem {
    kind: String,
    relation: String,
    rows: i64,
    example: String,
    difference: Option<String>,
}

pub(super) async fn verify(connection: &mut PgConnection) -> Result<Vec<Problem>, CliError> {
    let mut problems = Vec::new();
    for sql in [
        include_str!("sql/verify_rows.sql"),
        include_str!("sql/verify_events.sql"),
        include_str!("sql/verify_flows.sql"),
        include_str!("sql/verify_budgets.sql"),
    ] {
        let found: Vec<Problem> =
            sqlx::query_as(sql).fetch_all(&mut *connection).await.map_err(CliError::sql("verify the rows"))?;
        problems.extend(found);
    }
    Ok(problems)
}

/// Green, or what is wrong.
pub(super) fn tell(problems: &[Problem], work: &Work) -> Result<(), CliError> {
    for Problem { kind, relation, rows, example, difference } in problems {
        let difference = difference.as_deref().unwrap_or("differs");
        output::line(format_args!("wrong: {kind}: {rows} in {relation}, such as {example}: {difference}"))?;
    }
    for complaint in &work.complaints {
        output::line(format_args!("wrong: {complaint}"))?;
    }
    if problems.is_empty() && work.complaints.is_empty() {
        return output::line(
            "verified: every due row ended in the right state with the right events, every other row is untouched",
        );
    }
    Err(CliError::Failed("the verification is not green; see above".to_owned()))
}
