//! A server that the system lets open few files.

use testkit::client::Anonymous;
use testkit::process::ProcessBuilder;
use testkit::{World, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::working_directory::{BINARY, WorkingDirectory, run};
use super::{PROMPT, settings, ticks, upstream};

/// Fewer than any server needs for its defaults.
const FEW: u32 = 160;

/// The program with these limits on open files, its own and how far it may raise it.
fn limited(place: &WorkingDirectory, soft: u32, hard: u32) -> ProcessBuilder {
    let script = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
    ProcessBuilder::new("sh", place.path()).args(["-c", &script, BINARY])
}

async fn gauge(client: &Anonymous, name: &str) -> usize {
    let text = client.metrics().await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().expect("a whole number"))
}

/// Sends a request without a body over this connection, and reads the body of its reply.
async fn exchange(connection: &mut TcpStream, method: &str, path: &str, token: &str) -> String {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-length: 0\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.expect("the server reads");
    let mut reply = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&reply);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.expect("a length").parse().expect("a number");
            if body.len() >= length {
                return body.to_owned();
            }
        }
        let read = connection.read_buf(&mut reply).await.expect("the server writes");
        assert!(read > 0, "the server closed: {}", String::from_utf8_lossy(&reply));
    }
}

#[testkit::test]
async fn few_open_files_bound_connections_and_answers(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream)
        .set("CHATAPP_LIMITS__GENERATIONS_PER_USER", "1000")
        .set("CHATAPP_SERVER__HEADER_TIMEOUT", "5m");
    let place = WorkingDirectory::new();
    let server = limited(&place, FEW, FEW).arg("serve").settings(&settings).serve().await;
    let log = server.stderr();
    assert!(log.contains(&format!("lets this process open {FEW} files")), "{log}");
    let user = server.anonymous().signup("ada@example.org").await;
    let connections = gauge(&user, "chatapp_http_connections_limit").await;
    let answers = gauge(&user, "chatapp_generations_limit").await;
    assert!(connections >= 20 && answers >= 20, "{connections} connections, {answers} answers");

    // As many answers as there may be, each with a connection to its provider.
    let mut running = Vec::new();
    for _ in 0..answers {
        upstream.push(ticks(1_000_000, 5));
        running.push(user.send_async(&user.create_conversation().await, PROMPT).await);
    }
    eventually("each of them is being made", async || upstream.calls().len() == answers).await;
    let one_more = format!("/api/conversations/{}/messages", user.create_conversation().await);
    let refused = user.post(&one_more, serde_json::json!({ "content": PROMPT })).await;
    assert_eq!(refused.status, 503, "{}", refused.text);

    // As many connections as there may be, and as many again. One address may not have them all.
    let host = server.url().strip_prefix("http://").expect("its address").to_owned();
    let mut connected = TcpStream::connect(&host).await.expect("the system takes it");
    exchange(&mut connected, "GET", "/api/me", &user.access_token).await;
    let mut waiting = Vec::new();
    for at in 0..2 * connections {
        let socket = TcpSocket::new_v4().expect("a socket");
        let from = format!("127.0.0.{}:0", 2 + at % 4).parse().expect("an address");
        socket.bind(from).expect("it is ours");
        let server = host.parse().expect("an address");
        waiting.push(socket.connect(server).await.expect("the system takes it"));
    }
    // A client with a pool might begin another connection, which would be refused.
    eventually("all are taken", async || {
        let metrics = exchange(&mut connected, "GET", "/metrics", testkit::METRICS_TOKEN).await;
        metrics.contains(&format!("\nchatapp_http_connections {connections}\n"))
    })
    .await;
    // Whoever is connected is served, in whatever needs a descriptor: the database, and files.
    for response in &running {
        let path = format!("/api/responses/{response}/cancel");
        let said = exchange(&mut connected, "POST", &path, &user.access_token).await;
        assert!(said.contains("\"status\":\"cancelled\""), "{said}");
    }
    drop(waiting);
    upstream.push(ticks(3, 0));
    user.send_and_wait(&user.create_conversation().await, PROMPT).await;
    let log = server.terminate().await.stderr;
    for trouble in ["Too many open files", "os error 24", "cannot be accepted", "ERROR"] {
        assert!(!log.contains(trouble), "{trouble}: {log}");
    }
}

#[testkit::test]
async fn the_limit_on_open_files_is_raised_as_far_as_it_may_be(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream)
        .set("CHATAPP_SERVER__MAX_CONNECTIONS", "500")
        .set("CHATAPP_LIMITS__GENERATIONS", "100")
        .set("CHATAPP_SERVER__HEADER_TIMEOUT", "5m");
    let place = WorkingDirectory::new();
    let server = limited(&place, FEW, 1000).arg("serve").settings(&settings).serve().await;
    let client = server.anonymous();
    assert_eq!(gauge(&client, "chatapp_http_connections_limit").await, 500);
    let host = server.url().strip_prefix("http://").expect("its address").to_owned();
    let mut open = Vec::new();
    for _ in 0..2 * FEW {
        open.push(TcpStream::connect(&host).await.expect("the system takes it"));
    }
    eventually("all are served", async || {
        gauge(&client, "chatapp_http_connections").await > open.len()
    })
    .await;
    let log = server.terminate().await.stderr;
    assert!(!log.contains("lets this process open"), "{log}");

    // The doctor says the same of the account that runs it.
    let doctor = |soft, hard| {
        run(limited(&place, soft, hard).args(["doctor", "--json"]).settings(&settings))
    };
    let (_, enough, _) = doctor(FEW, 1000).await;
    assert!(enough.contains("The system allows 500 at once"), "{enough}");
    let (_, short, _) = doctor(FEW, FEW).await;
    assert!(short.contains("fewer than server.max_connections"), "{short}");
}
