//! What is acknowledged is on disk, and nobody unknown is talked to: the real program, watched by
//! `strace`.
//!
//! A crash of the program proves little here, since the system keeps what was written. Only the
//! order of its system calls shows what a power loss would cost.
#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, clippy::panic, reason = "in a test a broken expectation is a panic")]

mod outbound;
mod trace;

use std::process::{ExitCode, Stdio};

use mock::MockServer;
use testkit::process::ProcessBuilder;
use testkit::{Need, Settings, eventually};

use trace::Trace;

/// Messages sent, one after the other.
const SENDS: usize = 12;
/// The trace, in the server's directory.
const FILE: &str = "trace.txt";
/// Enough of each write to show a page of the database (strace counts bytes, not letters).
const LONGEST: &str = "8192";

fn main() -> ExitCode {
    testkit::main()
}

/// Whether processes may be traced here.
fn tracing() -> Need {
    Need::unnamed(may_trace())
}

fn may_trace() -> Result<(), String> {
    let mut command = std::process::Command::new("strace");
    command.args(["-D", "-qq", "-e", "trace=none", "true"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("strace may not trace here".to_owned()),
        Err(_) => Err("needs strace".to_owned()),
    }
}

#[testkit::test(needs = tracing())]
async fn a_message_is_on_disk_before_it_is_acknowledged() {
    let synced = sends(Settings::quick()).await;
    assert_eq!(synced, [true; SENDS], "by default every one waits for the disk");
}

/// Shows that the other test can fail.
#[testkit::test(needs = tracing())]
async fn with_relaxed_commits_it_is_not() {
    let synced = sends(Settings::quick().set("CHATAPP_STORAGE__SYNCHRONOUS", "normal")).await;
    assert!(synced.contains(&false), "{synced:?}");
}

/// Sends messages one after the other; which of them were on disk before their acknowledgement.
async fn sends(settings: Settings) -> Vec<bool> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let upstream = MockServer::start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    // No answer writes anything while another message is sent.
    let settings = settings
        .upstream(&upstream.base_url())
        .set("OPENAI_MODEL", "mock:fault=silent")
        .set("CHATAPP_LIMITS__GENERATIONS_PER_USER", "1000");
    // With -D the server is our child and not strace, so that killing it works as ever.
    let server = ProcessBuilder::new("strace", directory.path())
        .args(["-D", "-f", "-y", "-s", LONGEST, "-o", FILE, "-e", trace::CALLS])
        .arg(env!("CARGO_BIN_EXE_chatapp"))
        .settings(&settings)
        .serve()
        .await;
    let user = server.anonymous().signup("ada@example.org").await;
    let mut conversations = Vec::new();
    for _ in 0..SENDS {
        conversations.push(user.create_conversation().await);
    }
    for (number, conversation) in conversations.iter().enumerate() {
        user.send_async(conversation, &text(number)).await;
    }

    let server_id = server.id().expect("it runs");
    server.kill().await;
    let file = directory.path().join(FILE);
    let read = || String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).into_owned();
    let last = format!("{server_id} +++ killed by SIGKILL +++");
    let is_last = |line: &str| line.split_whitespace().eq(last.split_whitespace());
    eventually("the trace is complete", async || read().lines().any(is_last)).await;
    let trace = read();
    let trace = Trace::read(&trace);
    (0..SENDS).map(|number| trace.is_synced_before_reply(&text(number), 202, number)).collect()
}

/// What is looked for in the pages that are written.
fn text(number: usize) -> String {
    format!("message-{number:03}-of-ada")
}
