//! A server that may have little memory, and clients that ask for much.

use std::io::{Cursor, Write as _};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;
use testkit::client::User;
use testkit::process::{AppProcess, ProcessBuilder};
use testkit::{Engine, Harness, Settings, World};

use super::place::{BINARY, Place};
use super::{settings, ticks, upstream};

/// What the server may have: its data, not its program.
const LIMIT: u64 = 512 << 20;

pub(crate) fn stories(harness: Harness) -> Harness {
    harness.story_on(
        &[Engine::Sqlite],
        "s1_imports_that_swell_are_refused_while_an_answer_goes_on",
        swelling,
    )
}

/// The server, which the system gives no more memory than [`LIMIT`].
async fn limited(place: &Place, settings: &Settings) -> AppProcess {
    let program = ProcessBuilder::new("prlimit", place.path());
    program.arg(format!("--data={LIMIT}")).arg(BINARY).settings(settings).serve().await
}

fn zip(text: &str) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("conversations.json", options).expect("an archive");
    archive.write_all(text.as_bytes()).expect("an archive");
    archive.finish().expect("an archive").into_inner()
}

/// Imports an archive: its lines, of which the last is the summary.
async fn import(user: &User, text: &str) -> Vec<Value> {
    let upload = user.request(Method::POST, "/api/import?dry_run=true");
    let upload = upload.header("content-type", "application/zip").body(zip(text));
    let reply = user.send(upload).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.text.lines().map(|line| line.parse().expect("JSON")).collect()
}

/// A file whose first conversation is `swollen`, and whose second one is like any other.
fn file(swollen: &str) -> String {
    let fine = r#"{"uuid":"f","chat_messages":[{"uuid":"m","sender":"human","text":"Hi"}]}"#;
    format!("[{swollen},{fine}]")
}

async fn swelling(world: World) {
    let upstream = upstream().await;
    let place = Place::new();
    let server = limited(&place, &settings(&world, &upstream)).await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    upstream.push(ticks(1_000_000, 50));
    let mut running = user.send_stream(&conversation, "Go on").await;
    let response = running.response_id().await;
    running.read_text(3).await;

    let many = |one: &str, bytes: usize| one.repeat(bytes / one.len());
    let files = [
        file(&format!(r#"{{"title":"x","mapping":[{}0]}}"#, many("0,", 24 << 20))),
        file(&format!(r#"{{"title":"x","mapping":{{"a":[{}0]}}}}"#, many(r#"{"":0},"#, 24 << 20))),
        file(&format!(
            r#"{{"conversationId":"c","messages":[{}0]}}"#,
            many(r#"{"children":[{},{}]},"#, 12 << 20)
        )),
        file(&format!(
            r#"{{"chat_messages":[{{"sender":"assistant","text":"{}"}}]}}"#,
            "x".repeat(30 << 20)
        )),
    ];
    let imports = files.iter().enumerate().map(async |(at, file)| {
        let other = server.anonymous().signup(&format!("user{at}@example.org")).await;
        import(&other, file).await
    });
    for lines in join_all(imports).await {
        let outcomes: Vec<&Value> = lines.iter().map(|line| &line["outcome"]).collect();
        assert_eq!(outcomes[..2], ["failed", "would_import"], "{lines:?}");
        let reason = lines[0]["reason"].as_str().expect("a reason");
        assert!(["values", "memory", "bytes"].iter().any(|word| reason.contains(word)), "{reason}");
        assert_eq!(lines[2]["type"], "summary");
        assert!(lines[2]["error"].is_null(), "{lines:?}");
    }

    running.read_text(3).await;
    assert_eq!(user.cancel(&response).await["status"], "cancelled");
    running.finish().await;
    server.terminate().await;
}
