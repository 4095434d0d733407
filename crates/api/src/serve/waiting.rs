//! While the server waits for its database it replies, and says so.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::routing::get;
use axum::{Router, middleware};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::Service as _;

use crate::error::ApiError;
use crate::middleware::observe;
use crate::routes::health_live;

/// How long a start may take until it is told. A client that connects earlier is served when it is
/// over.
const QUIET: Duration = Duration::from_secs(3);
/// How many connections are answered at once; the next ones wait.
const PLACES: usize = 64;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause after a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers on the listener as long as this is polled, once a start takes long: the process is
/// alive (`/health/live`), and everything else is 503 `not_ready`, reason `database`. A connection
/// ends after its first answer.
pub async fn wait_on(listener: &TcpListener) -> Infallible {
    tokio::time::sleep(QUIET).await;
    let router = Router::new()
        .route("/health/live", get(health_live))
        .fallback(async || ApiError::not_ready(vec!["database"]))
        .layer(middleware::from_fn(observe));
    let mut answered = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if answered.len() < PLACES => match accepted {
                Ok((stream, _)) => {
                    answered.spawn(answer(stream, router.clone()));
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            Some(_) = answered.join_next() => {}
        }
    }
}

async fn answer(stream: TcpStream, router: Router) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        router.clone().call(request.map(Body::new))
    });
    let connection =
        http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
    // A client that goes away early, or says nothing, needs no reply.
    let _ = tokio::time::timeout(PATIENCE, connection).await;
}
