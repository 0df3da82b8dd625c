//! What is between an instance and the server, so that each answer is one that has to be waited for?
//!
//! A client tries to read before it waits. On a busy machine the server has often answered by then, and an await that a
//! tick was to be halted at goes by without a halt. Through a task of the test's own runtime no answer can come while the
//! tick is being polled.

use std::io;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinSet;

/// Carries connections to a server, until it is dropped.
pub(super) struct Relay {
    /// How to connect by way of it.
    pub(super) options: PgConnectOptions,
    _listening: JoinSet<()>,
}

impl Relay {
    /// Carries to the server of `options`.
    pub(super) async fn new(options: PgConnectOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        // A directory of sockets is the host of its URL, and is replaced as such.
        let mut url = options.to_url_lossy();
        url.set_host(Some("127.0.0.1")).map_err(io::Error::other)?;
        url.set_port(Some(listener.local_addr()?.port())).expect("it has a host");
        let by_way_of_it = url.as_str().parse().map_err(io::Error::other)?;
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            let mut carrying = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                // What goes wrong, its client sees as well.
                carrying.spawn(carry(client, options.clone()));
            }
        });
        Ok(Self { options: by_way_of_it, _listening: listening })
    }
}

async fn carry(client: TcpStream, options: PgConnectOptions) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (host, port) = (options.get_host(), options.get_port());
    let directory = options.get_socket().and_then(|path| path.to_str()).or(host.starts_with('/').then_some(host));
    if let Some(directory) = directory {
        let path = format!("{directory}/.s.PGSQL.{port}");
        return both_ways(client, UnixStream::connect(path).await?).await;
    }
    let server = TcpStream::connect((host, port)).await?;
    server.set_nodelay(true)?;
    both_ways(client, server).await
}

async fn both_ways(mut client: TcpStream, mut server: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}
