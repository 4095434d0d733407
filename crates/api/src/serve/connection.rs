//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use metrics::counter;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

use super::doors::Pass;
use super::head::HeadLimit;
use super::in_flight::{CountedBody, InFlight};
use super::stall::StallGuard;
use crate::ApiConfig;
use crate::extract::{KeptForHealth, Peer};
use crate::follow::Closing;

/// The most headers of a request.
const MAX_HEADERS: usize = 64;
/// The read buffer of HTTP/1, hence the largest head. Far above the bounds of
/// [`middleware`](crate::middleware), which answer with a body and a request id.
const MAX_HEAD_BYTES: usize = 96 * 1024;
/// The most HTTP/2 streams of a connection at once.
const MAX_STREAMS: u32 = 128;
/// The largest header list of HTTP/2, in bytes.
const MAX_HEADER_LIST_BYTES: u32 = 32 * 1024;
/// How much an HTTP/2 stream may buffer for a slow reader, in bytes.
const MAX_STREAM_BUFFER_BYTES: usize = 256 * 1024;
/// How often an HTTP/2 peer is asked whether it is there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(20);
/// How long a connection that is kept for health checks may take to ask for one.
const KEPT_PATIENCE: Duration = Duration::from_secs(1);
/// How long connections have to send what is left once the server is closing.
const GRACE: Duration = Duration::from_secs(2);

/// What all connections share.
#[derive(Debug)]
pub(super) struct Connections {
    router: Router,
    builder: Builder<Tracked>,
    header_timeout: Duration,
    keep_alive: Duration,
    write_stall: Duration,
    shutdown: CancellationToken,
    closed: CancellationToken,
}

impl Connections {
    /// Sets the limits.
    pub(super) fn new(
        router: Router,
        config: &ApiConfig,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
        closed: CancellationToken,
    ) -> Self {
        let mut builder = Builder::new(Tracked { tasks: tasks.clone(), closed: closed.clone() });
        builder
            .http1()
            .timer(TokioTimer::new())
            // Runs from the end of the last answer; the head itself is bounded by `HeadLimit`.
            .header_read_timeout(config.keep_alive.max(config.header_timeout))
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD_BYTES);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEADER_LIST_BYTES)
            .max_send_buf_size(MAX_STREAM_BUFFER_BYTES)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING);
        Self {
            router,
            builder,
            header_timeout: config.header_timeout,
            keep_alive: config.keep_alive,
            write_stall: config.write_stall,
            shutdown,
            closed,
        }
    }

    /// The whole life of a connection. A panic in it ends it alone.
    pub(super) fn run(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        pass: &Pass,
    ) -> impl Future<Output = ()> + Send + use<> {
        let in_flight = InFlight::default();
        let (at_request, is_kept) = (pass.at_request(), pass.is_kept);
        let service = service_fn({
            let (router, in_flight) = (self.router.clone(), in_flight.clone());
            let closing = Closing(self.closed.clone());
            move |request: Request<Incoming>| {
                let guard = in_flight.begin();
                at_request();
                let mut router = router.clone();
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(Peer(peer));
                request.extensions_mut().insert(closing.clone());
                if is_kept {
                    request.extensions_mut().insert(KeptForHealth);
                }
                async move {
                    let response: Response<Body> = router.call(request).await?;
                    Ok::<_, Infallible>(response.map(|body| CountedBody::new(body, guard)))
                }
            }
        });
        let head = HeadLimit::new(in_flight.clone(), self.header_timeout);
        let io = TokioIo::new(StallGuard::new(stream, head, self.write_stall));
        let connection = self.builder.serve_connection(io, service).into_owned();
        let watch = Watch {
            in_flight,
            header_timeout: if is_kept { KEPT_PATIENCE } else { self.header_timeout },
            keep_alive: self.keep_alive,
            shutdown: self.shutdown.clone(),
            closed: self.closed.clone(),
        };
        async move {
            let mut connection = pin!(connection);
            let mut ending = false;
            loop {
                let step = tokio::select! {
                    // A panic inside (a body's, the handlers' are caught earlier) is contained.
                    result = AssertUnwindSafe(connection.as_mut()).catch_unwind() => match result {
                        Ok(Ok(())) => return,
                        Ok(Err(error)) => {
                            tracing::debug!(%error, "a connection ended early");
                            return;
                        }
                        Err(_) => {
                            counter!("chatapp_panics_total").increment(1);
                            tracing::error!("a connection panicked");
                            return;
                        }
                    },
                    step = watch.next(ending) => step,
                };
                match step {
                    Step::Finish => {
                        connection.as_mut().graceful_shutdown();
                        ending = true;
                    }
                    Step::Drop => return,
                }
            }
        }
    }
}

/// What a connection is told from outside.
enum Step {
    /// Answer what is begun, then close.
    Finish,
    /// Close now.
    Drop,
}

/// Decides when a connection must end.
struct Watch {
    in_flight: InFlight,
    header_timeout: Duration,
    keep_alive: Duration,
    shutdown: CancellationToken,
    closed: CancellationToken,
}

impl Watch {
    /// Waits for the next reason. `ending`: the connection has been told to finish.
    async fn next(&self, ending: bool) -> Step {
        tokio::select! {
            biased;
            () = grace_is_over(&self.closed) => Step::Drop,
            () = self.shutdown.cancelled(), if !ending => Step::Finish,
            () = self.closed.cancelled(), if !ending => Step::Finish,
            step = self.idle(ending) => step,
        }
    }

    /// A connection on which nothing was asked in time.
    ///
    /// The first request has the header timeout: `hyper`'s own timer does not run before the
    /// version of HTTP is known, nor at all for HTTP/2. Idle time is looked at every `keep_alive`,
    /// so a connection of HTTP/2 is kept for one to two of them.
    async fn idle(&self, ending: bool) -> Step {
        let opened = Instant::now();
        if self.in_flight.begun() == 0 {
            sleep_until(opened + self.header_timeout).await;
            if self.in_flight.begun() == 0 {
                return Step::Drop;
            }
        }
        loop {
            let before = self.in_flight.begun();
            tokio::time::sleep(self.keep_alive).await;
            if self.in_flight.is_idle() && self.in_flight.begun() == before {
                return if ending { Step::Drop } else { Step::Finish };
            }
        }
    }
}

/// Waits until connections have had their time after `closed`.
async fn grace_is_over(closed: &CancellationToken) {
    closed.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// Runs the streams of HTTP/2 among the tracked tasks, and ends them with their connections.
#[derive(Debug, Clone)]
struct Tracked {
    tasks: TaskTracker,
    closed: CancellationToken,
}

impl<F> Executor<F> for Tracked
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        let closed = self.closed.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = task => {}
                () = grace_is_over(&closed) => {}
            }
        });
    }
}
