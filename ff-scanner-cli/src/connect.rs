//! Is there a database, and can it be reached?

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use crate::args::{Common, DatabaseUrl};
use crate::error::CliError;

/// Long enough for a server across the world, short enough for somebody who waits.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// The database that was given.
pub(crate) fn given(common: &Common) -> Result<PgConnectOptions, CliError> {
    parse(common.database_url().ok_or(CliError::NoDatabase)?)
}

pub(crate) fn parse(url: &DatabaseUrl) -> Result<PgConnectOptions, CliError> {
    let url = url.expose();
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(CliError::BadUrl("it does not begin with postgres://".to_owned()));
    }
    if misplaces_password(url) {
        return Err(CliError::BadUrl("percent-encode the /, ? and # of the password".to_owned()));
    }
    // What the parser says is kept: it names the part that is wrong and never quotes it.
    url.parse().map_err(|error: sqlx::Error| CliError::BadUrl(crate::error::chain(&error)))
}

/// Whether a bare `/`, `?` or `#` ends the address before the `@`: the rest of the password would then count as the
/// name of a database and be printed as one.
fn misplaces_password(url: &str) -> bool {
    let address = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    let (authority, rest) = address.split_at(end);
    authority.contains(':') && !authority.contains('@') && rest.contains('@')
}

/// Connects once, so that a server that is away is one clear error at the start.
pub(crate) async fn reach(options: &PgConnectOptions) -> Result<PgConnection, CliError> {
    let options = options.clone().disable_statement_logging();
    match tokio::time::timeout(CONNECT_MAX, options.connect()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(CliError::Unreachable(crate::error::chain(&error))),
        Err(_) => Err(CliError::Unreachable(format!("no answer within {} s", CONNECT_MAX.as_secs()))),
    }
}

/// Says goodbye; everything is done by then, so a farewell that fails changes nothing.
pub(crate) async fn close(connection: PgConnection) {
    connection.close().await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_about_a_url_quotes_its_password() {
        for url in [
            "postgres://u:s3cret@host:port/db",
            "postgres://u:s3cret/x@host/db",
            "postgres://u:12#s3cret@host/db",
            "postgres://u:s3cret@[::1/db",
            "mysql://u:s3cret@host/db",
            "s3cret",
        ] {
            let error = parse(&DatabaseUrl::from(url.to_owned())).expect_err(url);
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }
}
