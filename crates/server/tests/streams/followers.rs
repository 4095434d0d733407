//! A thousand followers of one answer.

use std::cell::RefCell;
use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use mock::{CallOutcome, ReceivedCall};
use reqwest::Method;
use serde_json::json;
use testkit::client::User;
use testkit::sse::SseParser;
use testkit::{TestApp, World};

const FOLLOWERS: usize = 1_000;
/// Long enough that all of them are connected while it is written.
const MODEL: &str = "mock:ticks=200,rate=20";
const TICKS: usize = 200;

/// What the followers were sent, once for all of them.
#[derive(Default)]
struct Body(RefCell<Vec<u8>>);

impl Body {
    /// Compares what one of them reads at this place with what the others have; where it is then.
    fn compare(&self, place: usize, bytes: &[u8]) -> usize {
        let mut body = self.0.borrow_mut();
        let known = bytes.len().min(body.len() - place);
        assert_eq!(body[place..place + known], bytes[..known], "all read the same");
        body.extend_from_slice(&bytes[known..]);
        place + bytes.len()
    }
}

/// Follows to the end: when it was connected, and how many bytes it read.
async fn read(user: &User, response: &str, body: &Body) -> (Instant, usize) {
    let reply = user.follow_request(response, None).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    let connected = Instant::now();
    let mut stream = reply.bytes_stream();
    let mut length = 0;
    while let Some(bytes) = stream.next().await {
        length = body.compare(length, &bytes.unwrap());
    }
    (connected, length)
}

/// One answer with so many followers: what they read, how long it took from the send to the end
/// of all, and by how much the process had grown when the answer ended.
async fn follow(app: &TestApp, user: &User, followers: usize) -> (String, Duration, Option<u64>) {
    let conversation = user.create_conversation().await;
    let before = resident_kib();
    let began = Instant::now();
    let path = format!("/api/conversations/{conversation}/messages");
    let request = user.request(Method::POST, &path).header("prefer", "respond-async");
    let turn = user.send(request.json(&json!({"content": "Go", "model": MODEL}))).await;
    let turn = turn.expect(202);
    let response = turn["response"]["id"].as_str().unwrap();

    let body = Body::default();
    let readers = join_all((0..followers).map(|_| read(user, response, &body)));
    let ended = async {
        user.follow(response, None).await.until("response.completed").await;
        (Instant::now(), resident_kib())
    };
    let (read, (ended, after)) = tokio::join!(readers, ended);
    let took = began.elapsed();
    let body = body.0.into_inner();
    assert!(read.iter().all(|(connected, _)| *connected < ended), "all saw it being written");
    assert!(read.iter().all(|(_, length)| *length == body.len()), "all read all");
    assert!(body.ends_with(b"data: [DONE]\n\n"));
    assert_eq!(user.list_messages(&conversation).await[1]["content"], super::ticks(TICKS));
    let finished = |calls: &[ReceivedCall]| {
        calls.iter().all(|call| call.outcome == CallOutcome::Finished).then_some(())
    };
    app.upstream().wait_for("the whole answer", finished).await;
    let growth = before.zip(after).map(|(before, after)| after.saturating_sub(before));
    (String::from_utf8(body).unwrap(), took, growth)
}

#[expect(clippy::print_stdout, reason = "a measurement to look at, too noisy to assert")]
#[testkit::test(sqlite)]
async fn a_thousand_followers_read_the_same(world: World) {
    let app = TestApp::builder(&world)
        .set("CHATAPP_SERVER__MAX_CONNECTIONS", "4096")
        .set("CHATAPP_LIMITS__STREAMS_PER_USER", "4096")
        .set("CHATAPP_LIMITS__STREAMS_PER_ADDRESS", "4096")
        // All of them come at once, beside other tests: here nobody is to be turned away.
        .set("CHATAPP_STORAGE__ACQUIRE_TIMEOUT", "30s")
        .start()
        .await;
    let user = app.user("ada").await;
    let followers = followers();
    let (_, alone, _) = follow(&app, &user, 1).await;
    let (text, together, growth) = follow(&app, &user, followers).await;
    testkit::validator::assert_valid(&SseParser::new().push(text.as_bytes()));
    // Both ends of each connection are in this process.
    let each = growth.map(|kib| kib / u64::try_from(followers).unwrap());
    let each = each.map_or_else(|| "unknown".to_owned(), |kib| format!("{kib} KiB"));
    println!("{followers} followers: {together:?}, one: {alone:?}; each with its client: {each}");
}

/// A thousand, or as many as the system lets this process have connections for; each takes two
/// files here.
fn followers() -> usize {
    // Other tests run beside this one.
    let wanted = 2 * FOLLOWERS + 500;
    if open_files() < wanted {
        let id = std::process::id().to_string();
        let limit = format!("--nofile={wanted}:");
        // Where there is no such program, or no permission, the limit stays as it is.
        let _ = Command::new("prlimit").args(["--pid", &id, &limit]).status();
    }
    FOLLOWERS.min(open_files().saturating_sub(200) / 2).max(10)
}

/// How many files this process may have open; where the system does not tell, what is usual.
fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    limit.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(256)
}

/// The process's resident memory, where the system tells it.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
