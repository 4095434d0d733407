//! One address that takes all it can get, and somebody elsewhere who only wants to be answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use testkit::process::AppProcess;
use testkit::{Engine, Harness, World, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::place::Place;
use super::{PROMPT, settings, ticks, upstream};

/// How many connections the attacker opens: more than the server has.
const CONNECTIONS: usize = 1_100;
/// How much longer than in quiet times everything may take. Without limits it takes a minute.
const TIMES: u32 = 10;

pub(crate) fn stories(harness: Harness) -> Harness {
    harness.story_on(
        &[Engine::Sqlite],
        "s4_1100_slow_connections_from_one_address_leave_the_rest_to_others",
        slow,
    )
}

async fn connect(server: SocketAddr, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(format!("{from}:0").parse().expect("an address")).expect("it is ours");
    socket.connect(server).await.expect("the system takes it")
}

/// Somebody logs in, begins a conversation, is answered, and looks whether all is well.
async fn ordinary(server: &AppProcess) -> Duration {
    let began = Instant::now();
    let user = server.anonymous().login("ada@example.org").await;
    let conversation = user.create_conversation().await;
    user.send_and_wait(&conversation, PROMPT).await;
    assert_eq!(server.anonymous().get("/health/ready").await.status, 200);
    began.elapsed()
}

async fn gauge(server: &AppProcess, name: &str) -> usize {
    let text = server.anonymous().metrics().await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().expect("a whole number"))
}

async fn slow(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream).set("CHATAPP_SERVER__MAX_CONNECTIONS", "1000");
    let place = Place::new();
    let server = place.program().settings(&settings).serve().await;
    server.anonymous().signup("ada@example.org").await;
    for _ in 0..4 {
        upstream.push(ticks(3, 0));
    }
    ordinary(&server).await;
    let quiet = ordinary(&server).await;
    // A machine that is busy for a moment shall not decide.
    let bound = quiet.max(Duration::from_secs(1)) * TIMES;

    let address: SocketAddr = server.url()[7..].parse().expect("its address");
    // A byte of a login each, and no more of it.
    let head = "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/json\r\ncontent-length: 60\r\n\r\n{";
    let mut attack = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = connect(address, "127.0.0.2").await;
        // One that is refused may be closed by then.
        let _ = stream.write_all(head.as_bytes()).await;
        attack.push(stream);
    }
    eventually("its share of bodies is taken", async || gauge(&server, "http_bodies").await >= 128)
        .await;
    let took = ordinary(&server).await;
    assert!(took < bound, "{took:?}, in quiet times {quiet:?}");
    assert!(gauge(&server, "http_bodies").await <= 128);
    let refused = "http_limits_reached_total{limit=\"bodies_per_address\"}";
    assert!(gauge(&server, refused).await >= CONNECTIONS - 128 - 1);
    drop(attack);

    // Connections that say nothing at all.
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS {
        silent.push(connect(address, "127.0.0.2").await);
    }
    let mut told = String::new();
    let last = silent.last_mut().expect("there are some");
    let _ = last.read_to_string(&mut told).await;
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 429 "), "{told}");
    let took = ordinary(&server).await;
    assert!(took < bound, "{took:?}, in quiet times {quiet:?}");
    let refused = "http_limits_reached_total{limit=\"connections_per_address\"}";
    assert!(gauge(&server, refused).await >= CONNECTIONS - 750);
    drop(silent);
    server.terminate().await;
}
