//! The clients of `docs/STREAMING.md`, run as they stand there against the real program, and one
//! that is generated from its description.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test a broken expectation is a panic"
)]

mod ai_sdk;
mod generated;
mod openai;
mod openai_sdk;
mod pauses;
mod recipe;

use std::process::ExitCode;
use std::time::Duration;

use mock::MockServer;
use mock::script::{Answer, Script};
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;
use testkit::client::{Anonymous, User};
use testkit::process::{AppProcess, ProcessBuilder};
use testkit::{FaultProxy, Settings, eventually};

use recipe::{LANGUAGES, Language};

/// What a reader of lines, of text or of JSON could stumble over.
const PITFALLS: &str = concat!(
    "naïve “quotes” 👩\u{200d}👩\u{200d}👧 \u{2028} \u{2029} \u{85} \u{b}\u{c} \r\n\r\n ",
    "data: [DONE]\n\nid: 7\nevent: response.created\n\n \\n \" </script> "
);

fn main() -> ExitCode {
    testkit::main()
}

/// A server with its upstream, a user and a conversation.
struct Stage {
    directory: TempDir,
    upstream: MockServer,
    server: AppProcess,
    user: User,
    conversation: String,
}

impl Stage {
    async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let upstream = MockServer::start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
        let server = program(&directory, &upstream).serve().await;
        let user = server.anonymous().signup("ada@example.org").await;
        let conversation = user.create_conversation().await;
        Self { directory, upstream, server, user, conversation }
    }

    /// Lets the next answer repeat the question, `per_second` words of it.
    fn repeat(&self, per_second: u32) {
        let delay = Duration::from_secs(1).checked_div(per_second).unwrap_or_default();
        self.upstream.push(Script { delay, ..Script::new(Answer::Echo) });
    }

    /// The stored answer, which must be the only one.
    async fn stored(&self) -> Value {
        let mut messages = self.user.list_messages(&self.conversation).await;
        assert_eq!(messages.len(), 2, "one question, one answer");
        assert_eq!(self.upstream.calls().len(), 1, "asked once");
        messages.pop().unwrap_or_default()
    }
}

fn program(directory: &TempDir, upstream: &MockServer) -> ProcessBuilder {
    // Room for the long questions that make long answers.
    let settings = Settings::quick()
        .upstream(&upstream.base_url())
        .set("CHATAPP_PROVIDER__CONTEXT_TOKENS", "128000");
    ProcessBuilder::new(env!("CARGO_BIN_EXE_chatapp"), directory.path()).settings(&settings)
}

/// A question, and thus an answer, of so many parts.
fn question(parts: usize) -> String {
    (0..parts).fold(String::new(), |text, n| text + &n.to_string() + " " + PITFALLS)
}

#[testkit::test(cases = LANGUAGES)]
async fn an_answer_is_shown_as_stored(language: Language) {
    let stage = Stage::start().await;
    stage.repeat(0);
    let question = question(20);
    let url = stage.server.url();
    let token = &stage.user.access_token;
    let seen = language.run(url, token, &stage.conversation, &question, None).finish().await;
    assert_eq!(seen.end["status"], "completed", "{}", seen.end);
    assert_eq!(seen.end["text"], question);
    assert_eq!(seen.replays, 0);
    assert_eq!(stage.stored().await["content"], question);
}

#[testkit::test(cases = LANGUAGES)]
async fn a_crash_of_the_server_is_survived(language: Language) {
    let mut stage = Stage::start().await;
    stage.repeat(50);
    let question = question(2_000);
    let url = stage.server.url().to_owned();
    let token = stage.user.access_token.clone();
    let mut client = language.run(&url, &token, &stage.conversation, &question, None);
    client.until_shown(300).await;
    stage.server.kill().await;
    let port = url.rsplit(':').next().expect("a port");
    stage.server = program(&stage.directory, &stage.upstream).args(["--port", port]).launch();
    let anonymous = Anonymous::new(&url);
    eventually("the server is ready again", async || {
        let request = anonymous.request(Method::GET, "/health/ready").send();
        request.await.is_ok_and(|reply| reply.status().is_success())
    })
    .await;

    let seen = client.finish().await;
    assert_eq!(seen.end["status"], "incomplete", "{}", seen.end);
    assert_eq!(seen.end["incomplete_details"]["reason"], "interrupted", "{}", seen.end);
    let stored = stage.stored().await;
    assert_eq!(seen.end["text"], stored["content"]);
    let text = stored["content"].as_str().unwrap_or_default();
    assert!(!text.is_empty() && question.starts_with(text), "{text:?}");
}

#[testkit::test(cases = LANGUAGES)]
async fn a_network_that_breaks_is_survived(language: Language) {
    let stage = Stage::start().await;
    stage.repeat(50);
    // In the answer to the send, in the head of a stream, and at three places of the events.
    let proxy = FaultProxy::start(stage.server.url()).await;
    proxy.cut_after([150, 90, 6_001, 9_002, 5_003]);
    let question = question(7);
    let token = &stage.user.access_token;
    let client = language.run(&proxy.url(), token, &stage.conversation, &question, None);
    let seen = client.finish().await;
    assert_eq!(proxy.cuts_left(), 0, "all cuts came in mid-answer");
    assert_eq!(seen.end["status"], "completed", "{}", seen.end);
    assert_eq!(seen.end["text"], question, "nothing is missing or doubled");
    assert_eq!(seen.replays, 0, "it always went on where it was");
    assert_eq!(stage.stored().await["content"], question);
}

#[testkit::test(cases = LANGUAGES)]
async fn a_stopped_answer_keeps_its_text(language: Language) {
    let stage = Stage::start().await;
    stage.repeat(50);
    let question = question(2_000);
    let url = stage.server.url();
    let token = &stage.user.access_token;
    let client = language.run(url, token, &stage.conversation, &question, Some(200));
    let seen = client.finish().await;
    assert_eq!(seen.end["status"], "cancelled", "{}", seen.end);
    assert_eq!(seen.stopped["status"], "cancelled", "{}", seen.stopped);
    let stored = stage.stored().await;
    assert_eq!(seen.end["text"], stored["content"]);
    let text = stored["content"].as_str().unwrap_or_default();
    // Languages count letters differently; UTF-16 has the most.
    assert!(text.encode_utf16().count() >= 200 && question.starts_with(text), "{text:?}");
    assert_eq!(seen.replays, 0);
}
