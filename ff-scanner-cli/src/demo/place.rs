//! Where does the demo happen?

use ff_scanner_testkit::{Options, Server};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

use crate::args::DatabaseUrl;
use crate::error::CliError;
use crate::{connect, output};

/// A database that nobody else knows: on a private server, or a scratch one on the server that was given.
pub(super) struct Place {
    database: PgConnectOptions,
    kind: Kind,
}

enum Kind {
    Private(Server),
    /// Boxed because it is many times as large as the other.
    Scratch {
        admin: Box<PgConnectOptions>,
        name: String,
    },
}

impl Place {
    pub(super) async fn find(given: Option<&DatabaseUrl>) -> Result<Self, CliError> {
        let Some(url) = given else {
            // As durable as in production, or the numbers would be somebody else's.
            let options = Options::new().with_durable(true);
            let server = tokio::task::spawn_blocking(move || Server::start(&options)).await;
            let server = server.expect("starting a server does not panic");
            let server = server.map_err(|error| CliError::Unreachable(error.to_string()))?;
            return Ok(Self { database: server.connect_options(), kind: Kind::Private(server) });
        };
        let admin = Box::new(connect::parse(url)?);
        let name = format!("ff_scanner_demo_{}", uuid::Uuid::now_v7().simple());
        administer(&admin, format!("CREATE DATABASE {name}"), "create a scratch database").await?;
        Ok(Self { database: (*admin).clone().database(&name), kind: Kind::Scratch { admin, name } })
    }

    pub(super) fn database(&self) -> &PgConnectOptions {
        &self.database
    }

    /// Leaves nothing behind, unless that is what was asked for.
    pub(super) async fn leave(self, keep: bool) -> Result<(), CliError> {
        match self.kind {
            Kind::Private(server) => {
                if keep {
                    output::line(format_args!("kept until Ctrl-C: {}", server.url()))?;
                    tokio::signal::ctrl_c().await.ok();
                }
                let stopped = tokio::task::spawn_blocking(move || server.stop()).await;
                let stopped = stopped.expect("stopping a server does not panic");
                stopped.map_err(|error| CliError::Failed(error.to_string()))
            }
            Kind::Scratch { name, .. } if keep => output::line(format_args!("kept: database {name}")),
            Kind::Scratch { admin, name } => {
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                administer(&admin, drop, "drop the scratch database").await
            }
        }
    }
}

async fn administer(admin: &PgConnectOptions, statement: String, operation: &'static str) -> Result<(), CliError> {
    let mut connection = connect::reach(&admin.clone().disable_statement_logging()).await?;
    // A name cannot be a parameter; ours is a prefix and hexadecimal digits.
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await;
    connect::close(connection).await;
    done.map(drop).map_err(CliError::sql(operation))
}
