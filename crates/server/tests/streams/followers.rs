//! A thousand followers of one answer.

use std::cell::{Cell, RefCell};
use std::process::Command;

use futures_util::StreamExt;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use testkit::client::User;
use testkit::sse::SseParser;
use testkit::{TestApp, World};
use tokio::sync::Notify;

const FOLLOWERS: usize = 1_000;
/// Writes until it is stopped.
const MODEL: &str = "mock:ticks=100000,rate=20";

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

/// Counts those that are connected.
struct Connected {
    missing: Cell<usize>,
    all: Notify,
}

impl Connected {
    fn add(&self) {
        self.missing.set(self.missing.get() - 1);
        if self.missing.get() == 0 {
            self.all.notify_one();
        }
    }
}

/// Follows to the end: how many bytes it read.
async fn read(user: &User, response: &str, body: &Body, connected: &Connected) -> usize {
    let reply = user.follow_request(response, None).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    connected.add();
    let mut stream = reply.bytes_stream();
    let mut length = 0;
    while let Some(bytes) = stream.next().await {
        length = body.compare(length, &bytes.unwrap());
    }
    length
}

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
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let request = user.request(Method::POST, &path).header("prefer", "respond-async");
    let turn = user.send(request.json(&json!({"content": "Go", "model": MODEL}))).await;
    let turn = turn.expect(202);
    let response = turn["response"]["id"].as_str().unwrap();

    let followers = followers();
    let body = Body::default();
    let connected = Connected { missing: Cell::new(followers), all: Notify::new() };
    let readers = join_all((0..followers).map(|_| read(&user, response, &body, &connected)));
    // It is written until all of them see it being written.
    let stopped = async {
        connected.all.notified().await;
        user.cancel(response).await
    };
    let (lengths, _) = tokio::join!(readers, stopped);
    let body = body.0.into_inner();
    assert!(lengths.iter().all(|length| *length == body.len()), "all read all");
    assert!(body.ends_with(b"data: [DONE]\n\n"));
    testkit::validator::assert_valid(&SseParser::new().push(&body));
    let answer = &user.list_messages(&conversation).await[1];
    let text = answer["content"].as_str().unwrap();
    assert!(super::ticks(text.lines().count()).starts_with(text), "{text}");
    assert_eq!(answer["status"], "incomplete");
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
