//! One address that takes all it can get, and somebody elsewhere who only wants to be answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use mock::MockServer;
use serde_json::{Value, json};
use testkit::process::AppProcess;
use testkit::{World, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::MissedTickBehavior;

use super::working_directory::WorkingDirectory;
use super::{PROMPT, settings, ticks, upstream};

/// Where the attacker is. Everybody else is at 127.0.0.1.
const ATTACKER: &str = "127.0.0.2";

/// How many connections the attacker opens: more than the server has.
const CONNECTIONS: usize = 1_100;
/// How many clients sign up without a pause.
const SIGNING_UP: usize = 80;
/// How often somebody guesses at one account.
const POLL: Duration = Duration::from_millis(100);
/// How much longer than in quiet times everything may take. Without limits it takes a minute.
const TIMES: u32 = 10;

async fn connect(server: SocketAddr, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(format!("{from}:0").parse().expect("an address")).expect("it is ours");
    socket.connect(server).await.expect("the system takes it")
}

/// Somebody logs in, begins a conversation, is answered, and looks whether all is well.
async fn ordinary(server: &AppProcess, upstream: &MockServer) -> Duration {
    upstream.push(ticks(3, 0));
    let began = Instant::now();
    let user = server.anonymous().login("ada@example.org").await;
    let conversation = user.create_conversation().await;
    user.send_and_wait(&conversation, PROMPT).await;
    assert_eq!(server.anonymous().get("/health/ready").await.status, 200);
    began.elapsed()
}

/// How long that may take: some times as long as in quiet times.
async fn bound(server: &AppProcess, upstream: &MockServer) -> Duration {
    server.anonymous().signup("ada@example.org").await;
    ordinary(server, upstream).await;
    let quiet = ordinary(server, upstream).await;
    // A machine that is busy for a moment shall not decide.
    quiet.max(Duration::from_secs(1)) * TIMES
}

/// A client at the attacker's address.
fn attacker() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(1));
    client.local_address(Some(ATTACKER.parse().expect("an address"))).build().expect("a client")
}

async fn gauge(server: &AppProcess, name: &str) -> usize {
    let text = server.anonymous().metrics().await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().expect("a whole number"))
}

#[testkit::test(sqlite)]
async fn s4_1100_slow_connections_from_one_address_leave_the_rest_to_others(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream).set("CHATAPP_SERVER__MAX_CONNECTIONS", "1000");
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let bound = bound(&server, &upstream).await;

    let address: SocketAddr = server.url()[7..].parse().expect("its address");
    // A byte of a login each, and no more of it.
    let head = "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/json\r\ncontent-length: 60\r\n\r\n{";
    let mut attack = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = connect(address, ATTACKER).await;
        // One that is refused may be closed by then.
        let _ = stream.write_all(head.as_bytes()).await;
        attack.push(stream);
    }
    eventually("its share of bodies is taken", async || {
        gauge(&server, "chatapp_http_bodies").await >= 128
    })
    .await;
    let took = ordinary(&server, &upstream).await;
    assert!(took < bound, "{took:?}, not {bound:?}");
    assert!(gauge(&server, "chatapp_http_bodies").await <= 128);
    let refused = "chatapp_http_limits_reached_total{limit=\"bodies_per_address\"}";
    assert!(gauge(&server, refused).await >= CONNECTIONS - 128 - 1);
    drop(attack);

    // Connections that say nothing at all.
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS {
        silent.push(connect(address, ATTACKER).await);
    }
    let mut told = String::new();
    let last = silent.last_mut().expect("there are some");
    let _ = last.read_to_string(&mut told).await;
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 429 "), "{told}");
    let took = ordinary(&server, &upstream).await;
    assert!(took < bound, "{took:?}, not {bound:?}");
    let refused = "chatapp_http_limits_reached_total{limit=\"connections_per_address\"}";
    assert!(gauge(&server, refused).await >= CONNECTIONS - 750);
    drop(silent);
    server.terminate().await;
}

#[testkit::test(sqlite)]
async fn s5_80_clients_that_sign_up_leave_room_for_others(world: World) {
    let upstream = upstream().await;
    // Whoever comes may sign up as often as they like, and what a hash takes is part of it.
    let settings = settings(&world, &upstream)
        .set("CHATAPP_AUTH__SIGNUP", "open")
        .unset("CHATAPP_AUTH__ARGON2_MEMORY_KIB")
        .unset("CHATAPP_AUTH__ARGON2_ITERATIONS");
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let bound = bound(&server, &upstream).await;

    let client = attacker();
    let url = format!("{}/api/auth/signup", server.url());
    let (made, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let flood = join_all((0..SIGNING_UP).map(async |at| {
        for n in 0.. {
            // Every other one names an invitation that nobody made.
            let mut body = json!({
                "email": format!("bogus{at}x{n}@example.org"),
                "password": "a rather long battery staple",
            });
            if n % 2 == 1 {
                body["invitation"] = Value::from("bogus");
            }
            let Ok(reply) = client.post(&url).json(&body).send().await else { continue };
            match reply.status().as_u16() {
                201 => made.fetch_add(1, Ordering::Relaxed),
                400 | 403 | 429 => refused.fetch_add(1, Ordering::Relaxed),
                status => panic!("{status}: {}", reply.text().await.unwrap_or_default()),
            };
        }
    }));
    let owner = async {
        eventually("they are refused", async || refused.load(Ordering::Relaxed) >= SIGNING_UP)
            .await;
        for _ in 0..3 {
            let took = ordinary(&server, &upstream).await;
            assert!(took < bound, "{took:?}, not {bound:?}");
        }
    };
    tokio::select! {
        () = owner => {}
        _ = flood => unreachable!("it never ends"),
    }
    assert!(made.load(Ordering::Relaxed) > 0, "hashes were made meanwhile");
    server.terminate().await;
}

#[testkit::test(sqlite)]
async fn s6_whoever_polls_an_account_keeps_nobody_out(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings(&world, &upstream)).serve().await;
    let bound = bound(&server, &upstream).await;

    let client = attacker();
    let url = format!("{}/api/auth/login", server.url());
    let told = AtomicUsize::new(0);
    let poll = async {
        let mut clock = tokio::time::interval(POLL);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for n in 0.. {
            clock.tick().await;
            let body = json!({"email": "ada@example.org", "password": format!("guess {n}")});
            let reply = client.post(&url).json(&body).send().await.expect("an answer");
            match reply.status().as_u16() {
                401 => {}
                429 => _ = told.fetch_add(1, Ordering::Relaxed),
                status => panic!("{status}: {}", reply.text().await.unwrap_or_default()),
            }
        }
    };
    let owner = async {
        for waits in [10, 20, 30] {
            eventually("it has to wait", async || told.load(Ordering::Relaxed) >= waits).await;
            let took = ordinary(&server, &upstream).await;
            assert!(took < bound, "{took:?}, not {bound:?}");
        }
    };
    tokio::select! {
        () = owner => {}
        () = poll => unreachable!("it never ends"),
    }
    server.terminate().await;
}
