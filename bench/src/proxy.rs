//! The baseline: a proxy that does nothing but pass bytes on.

use std::io::Write as _;
use std::net::SocketAddr;

use anyhow::Context as _;
use hyper::body::Incoming;
use hyper::http::uri::{Authority, Scheme};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Listens on a free port of 127.0.0.1, says its address in a line, and passes on until it is
/// killed.
pub(crate) async fn run(to: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", listener.local_addr()?)?;
    stdout.flush()?;
    let authority: Authority = to.to_string().parse()?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build::<_, Incoming>(connector);
    let mut connections = JoinSet::new();
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        while connections.try_join_next().is_some() {}
        let (client, authority) = (client.clone(), authority.clone());
        connections.spawn(async move {
            let pass_on = service_fn(move |mut request: Request<Incoming>| {
                let (client, authority) = (client.clone(), authority.clone());
                async move {
                    let mut parts = request.uri().clone().into_parts();
                    parts.scheme = Some(Scheme::HTTP);
                    parts.authority = Some(authority);
                    *request.uri_mut() = Uri::from_parts(parts).context("no address")?;
                    client.request(request).await.context("the server does not answer")
                }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(socket), pass_on);
            // A client that goes away is none of ours.
            let _ = connection.await;
        });
    }
}
