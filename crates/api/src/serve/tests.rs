use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::routing::{get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::*;
use crate::extract::Peer;
use crate::follow::Closing;
use crate::middleware::bounds;

/// Longer than anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

struct Served {
    addr: SocketAddr,
    shutdown: CancellationToken,
    closed: CancellationToken,
    task: JoinHandle<()>,
}

impl Served {
    async fn start(router: Router, config: ApiConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (shutdown, closed) = (CancellationToken::new(), CancellationToken::new());
        let task = TaskTracker::new().spawn({
            let (shutdown, closed) = (shutdown.clone(), closed.clone());
            async move { serve(listener, router, &config, shutdown, closed).await }
        });
        Self { addr, shutdown, closed, task }
    }

    async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// From another address of this machine.
    async fn connect_from(&self, address: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
        socket.connect(self.addr).await.unwrap()
    }

    async fn stop(self) {
        self.closed.cancel();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

fn app() -> Router {
    let endless = || async {
        let bytes = Bytes::from(vec![b'x'; 64 * 1024]);
        Body::from_stream(futures_util::stream::repeat_with(move || {
            Ok::<_, std::convert::Infallible>(bytes.clone())
        }))
    };
    let open = |closing: Closing| async move {
        Body::from_stream(async_stream::stream! {
            yield Ok::<_, std::convert::Infallible>(Bytes::from_static(b"begun"));
            closing.0.cancelled().await;
            yield Ok(Bytes::from_static(b"ended"));
        })
    };
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route(
            "/peer",
            get(|Extension(Peer(peer)): Extension<Peer>| async move { peer.to_string() }),
        )
        .route("/health/live", get(|| async { "well" }))
        .route("/endless", get(endless))
        .route("/open", get(open))
        .route("/ignores-body", post(|| async { "no thanks" }))
}

/// Reads until the text has arrived.
async fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut got = Vec::new();
    let reading = async {
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&got).contains(wanted) {
            let count = stream.read(&mut buffer).await.unwrap();
            assert_ne!(count, 0, "closed after {:?}", String::from_utf8_lossy(&got));
            got.extend_from_slice(&buffer[..count]);
        }
    };
    timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("no {wanted:?}"));
    String::from_utf8_lossy(&got).into_owned()
}

/// Reads until the server closes; a reset counts as that.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut got = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut got)).await.expect("still open");
    String::from_utf8_lossy(&got).into_owned()
}

fn fast() -> ApiConfig {
    ApiConfig { header_timeout: Duration::from_millis(150), ..ApiConfig::default() }
}

#[tokio::test]
async fn an_accepted_socket_sends_small_writes_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let doors = Doors::new(&ApiConfig::default());
    let (stream, peer, _slot) = accept::next(&listener, &doors).await.unwrap();
    assert!(stream.nodelay().unwrap());
    assert_eq!(peer, client.local_addr().unwrap());
}

#[tokio::test]
async fn a_connection_is_kept_and_knows_its_peer() {
    let served = Served::start(app(), ApiConfig::default()).await;
    let mut stream = served.connect().await;
    let peer = stream.local_addr().unwrap().to_string();
    for _ in 0..3 {
        stream.write_all(b"GET /peer HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        assert!(read_until(&mut stream, &peer).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    served.stop().await;
}

#[tokio::test]
async fn http2_with_prior_knowledge_is_spoken() {
    let served = Served::start(app(), ApiConfig::default()).await;
    let mut stream = served.connect().await;
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&settings).await.unwrap();
    let mut head = [0; 9];
    timeout(PATIENCE, stream.read_exact(&mut head)).await.unwrap().unwrap();
    assert_eq!(head[3], 4, "the first frame is SETTINGS");
    drop(stream);
    served.stop().await;
}

#[tokio::test]
async fn who_sends_no_head_in_time_is_closed() {
    let served = Served::start(app(), fast()).await;
    let preface: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    for sent in [b"".as_slice(), b"P", b"GET / HT", b"GET / HTTP/1.1\r\nhost: local", preface] {
        let begun = Instant::now();
        let mut stream = served.connect().await;
        stream.write_all(sent).await.unwrap();
        let got = read_to_end(&mut stream).await;
        assert!(!got.contains("200"), "{got}");
        assert!(begun.elapsed() >= Duration::from_millis(100), "{:?}", begun.elapsed());
    }
    served.stop().await;
}

#[tokio::test]
async fn a_head_that_dribbles_is_closed_on_a_used_connection_too() {
    let served = Served::start(app(), fast()).await;
    let mut stream = served.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    read_until(&mut stream, "hello").await;
    stream.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
    assert!(!read_to_end(&mut stream).await.contains("200"));
    served.stop().await;
}

/// Field case F9: a balancer keeps its connections much longer than a head may take.
#[tokio::test]
async fn f9_a_used_connection_is_kept_longer_than_a_head_may_take() {
    let served = Served::start(app(), fast()).await;
    let mut kept = served.connect().await;
    kept.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    read_until(&mut kept, "hello").await;
    // Opened later, and closed because its head is not whole.
    let mut late = served.connect().await;
    late.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    read_until(&mut late, "hello").await;
    late.write_all(b"GET / HT").await.unwrap();
    assert!(!read_to_end(&mut late).await.contains("200"));
    kept.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    read_until(&mut kept, "hello").await;
    served.stop().await;
}

#[tokio::test]
async fn a_connection_without_requests_is_closed_in_the_end() {
    let config = ApiConfig { keep_alive: Duration::from_millis(200), ..fast() };
    let served = Served::start(app(), config).await;
    let mut stream = served.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(read_to_end(&mut stream).await.contains("hello"));
    served.stop().await;
}

#[tokio::test]
async fn heads_that_are_too_large_or_malformed_are_refused() {
    let served = Served::start(app(), ApiConfig::default()).await;
    let many = "x: y\r\n".repeat(1000);
    let big = format!("x: {}\r\n", "y".repeat(1_000_000));
    let long_url = "a".repeat(70_000);
    for (head, status) in [
        (format!("GET / HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nhost: localhost\r\n{big}\r\n"), 431),
        (format!("GET /{long_url} HTTP/1.1\r\nhost: localhost\r\n\r\n"), 414),
        ("GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n folded\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nx: a\rb\r\n\r\n".to_owned(), 400),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n"
                .to_owned(),
            400,
        ),
        ("nonsense\r\n\r\n".to_owned(), 400),
    ] {
        let mut stream = served.connect().await;
        // The server may answer and close before all of a large head is taken.
        let _ = stream.write_all(head.as_bytes()).await;
        let got = read_to_end(&mut stream).await;
        assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{head:.60}: {got:.80}");
    }
    served.stop().await;
}

#[tokio::test]
async fn a_body_nobody_reads_closes_the_connection() {
    let served = Served::start(app(), ApiConfig::default()).await;
    let mut stream = served.connect().await;
    let head = "POST /ignores-body HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let got = read_to_end(&mut stream).await;
    assert!(got.starts_with("HTTP/1.1 200 OK") && got.ends_with("no thanks"), "{got}");
    served.stop().await;
}

#[tokio::test]
async fn a_client_that_stops_reading_is_dropped() {
    let config = ApiConfig { write_stall: Duration::from_millis(200), ..ApiConfig::default() };
    let served = Served::start(app(), config).await;
    let mut stream = served.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_until(&mut stream, "xxx").await;
    // Nothing is read here until the server has given up; `serve` then has no connection left.
    served.shutdown.cancel();
    timeout(PATIENCE, served.task).await.expect("the stalled connection is held").unwrap();
}

#[tokio::test]
async fn s4_where_all_slots_are_taken_health_checks_are_answered() {
    let config = ApiConfig { max_connections: 2, ..ApiConfig::default() };
    let served = Served::start(app().layer(axum::middleware::from_fn(bounds)), config).await;
    let mut taken = Vec::new();
    for from in ["127.0.0.2", "127.0.0.3"] {
        let mut stream = served.connect_from(from).await;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        read_until(&mut stream, "hello").await;
        taken.push(stream);
    }
    // More than are kept: each of them is told at once.
    for _ in 0..2 * KEPT_CONNECTIONS {
        let mut refused = served.connect_from("127.0.0.4").await;
        refused.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let got = read_to_end(&mut refused).await;
        assert!(got.starts_with("HTTP/1.1 503 ") && got.contains("retry-after"), "{got}");
    }
    let mut health = served.connect_from("127.0.0.4").await;
    health.write_all(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_until(&mut health, "well").await;
    drop(taken);
    loop {
        // As soon as the server has noticed that they are gone.
        let mut next = served.connect_from("127.0.0.5").await;
        next.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        if read_to_end(&mut next).await.ends_with("hello") {
            break;
        }
    }
    served.stop().await;
}

#[tokio::test]
async fn s4_one_address_has_no_more_connections_than_its_share() {
    let served =
        Served::start(app(), ApiConfig { connections_per_address: 2, ..ApiConfig::default() })
            .await;
    let own = [served.connect_from("127.0.0.2").await, served.connect_from("127.0.0.2").await];
    let mut more = served.connect_from("127.0.0.2").await;
    let got = read_to_end(&mut more).await;
    assert!(got.starts_with("HTTP/1.1 429 ") && got.contains("rate_limit_exceeded"), "{got}");
    let mut other = served.connect_from("127.0.0.3").await;
    other.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_until(&mut other, "hello").await;
    drop(own);
    served.stop().await;
}

#[tokio::test]
async fn s4_a_trusted_proxy_counts_until_it_asks_for_something() {
    let served = Served::start(
        app(),
        ApiConfig {
            connections_per_address: 1,
            trusted_proxies: vec!["127.0.0.2/32".parse().unwrap()],
            ..ApiConfig::default()
        },
    )
    .await;
    let mut kept = Vec::new();
    for _ in 0..3 {
        let mut stream = served.connect_from("127.0.0.2").await;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        read_until(&mut stream, "hello").await;
        kept.push(stream);
    }
    let _silent = served.connect_from("127.0.0.2").await;
    let got = read_to_end(&mut served.connect_from("127.0.0.2").await).await;
    assert!(got.starts_with("HTTP/1.1 429 "), "{got}");
    served.stop().await;
}

#[tokio::test]
async fn a_shutdown_closes_idle_connections_and_lets_streams_finish() {
    let served = Served::start(app(), ApiConfig::default()).await;
    let mut idle = served.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_until(&mut idle, "hello").await;
    let mut open = served.connect().await;
    open.write_all(b"GET /open HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_until(&mut open, "begun").await;

    served.shutdown.cancel();
    assert_eq!(read_to_end(&mut idle).await, "");
    assert!(!served.task.is_finished());
    served.closed.cancel();
    assert!(read_to_end(&mut open).await.contains("ended"));
    timeout(PATIENCE, served.task).await.unwrap().unwrap();
    assert!(TcpStream::connect(served.addr).await.is_err());
}

#[tokio::test]
async fn closing_ends_even_a_connection_that_does_not_want_to() {
    let served = Served::start(app(), ApiConfig::default()).await;
    let mut stream = served.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_until(&mut stream, "xxx").await;
    served.stop().await;
}
