//! A server that may have little memory, and clients that ask for much.

use std::io::{Cursor, Write as _};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;
use testkit::client::{PASSWORD, User};
use testkit::process::{AppProcess, ProcessBuilder};
use testkit::{Engine, Harness, Settings, World, eventually};

use super::place::{BINARY, Place};
use super::{settings, ticks, upstream};

/// What the server may have: its data, not its program.
const LIMIT: u64 = 512 << 20;

/// How many answers go on meanwhile.
const ANSWERS: usize = 50;
/// The most that unread answers to one user take, in KiB.
const MOST_HELD: u64 = 256 << 10;
/// The most that the allocator keeps of it, in KiB. It does not give all of it back to the system.
const MOST_KEPT: u64 = MOST_HELD;

pub(crate) fn stories(harness: Harness) -> Harness {
    harness
        .story_on(
            &[Engine::Sqlite],
            "s1_imports_that_swell_are_refused_while_an_answer_goes_on",
            swelling,
        )
        .story_on(&[Engine::Sqlite], "s2_clients_that_ask_and_do_not_read_cost_little", unread)
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
async fn import(user: &User, archive: Vec<u8>) -> Vec<Value> {
    let upload = user.request(Method::POST, "/api/import?dry_run=true");
    let upload = upload.header("content-type", "application/zip").body(archive);
    let reply = user.send(upload).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.text.lines().map(|line| line.parse().expect("JSON")).collect()
}

/// A file whose first conversation is `swollen`, and whose second one is like any other.
fn file(swollen: &str) -> String {
    let fine = r#"{"uuid":"f","chat_messages":[{"uuid":"m","sender":"human","text":"Hi"}]}"#;
    format!("[{swollen},{fine}]")
}

/// A conversation of our own export.
fn ours(id: &str) -> String {
    format!(
        r#"{{"type":"conversation","id":"{id}","title":"","title_source":"none","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","messages":[]}}"#
    )
}

/// What swells in the memory of whoever reads it: four archives, and one whose ids are long.
fn archives() -> ([Vec<u8>; 4], Vec<u8>) {
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
    let ids = file(&vec![ours(&"a".repeat(60 << 20)); 3].join(","));
    (files.map(|file| zip(&file)), zip(&ids))
}

async fn swelling(world: World) {
    // Before there is a connection: packing takes seconds, in which nobody looks after one.
    let (files, ids) = archives();
    let upstream = upstream().await;
    let place = Place::new();
    let server = limited(&place, &settings(&world, &upstream)).await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    upstream.push(ticks(1_000_000, 50));
    let mut running = user.send_stream(&conversation, "Go on").await;
    let response = running.response_id().await;
    running.read_text(3).await;

    let imports = files.into_iter().enumerate().map(async |(at, file)| {
        let other = server.anonymous().signup(&format!("user{at}@example.org")).await;
        import(&other, file).await
    });
    let mut reports = join_all(imports).await;
    // Each is reported, and no line of the report may be as long as these ids.
    reports.push(import(&user, ids).await);
    for (at, lines) in reports.into_iter().enumerate() {
        let [swollen @ .., fine, summary] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(swollen.len(), if at == 4 { 3 } else { 1 }, "{lines:?}");
        for line in swollen {
            assert_eq!(line["outcome"], "failed", "{lines:?}");
            let reason = line["reason"].as_str().expect("a reason");
            let words = ["values", "memory", "bytes"];
            assert!(words.iter().any(|word| reason.contains(word)), "{reason}");
        }
        assert_eq!(fine["outcome"], "would_import", "{lines:?}");
        assert_eq!(summary["type"], "summary");
        assert!(summary["error"].is_null(), "{lines:?}");
    }

    running.read_text(3).await;
    assert_eq!(user.cancel(&response).await["status"], "cancelled");
    running.finish().await;
    server.terminate().await;
}

/// The resident memory of a server that is its own, in KiB. Pages of its program and of the
/// database's file, which it has mapped, are the system's: it takes them when it needs them.
fn resident(server: &AppProcess) -> u64 {
    let file = format!("/proc/{}/status", server.id().expect("it runs"));
    let status = std::fs::read_to_string(file).expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("its memory");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number")
}

async fn unread(world: World) {
    let upstream = upstream().await;
    let place = Place::new();
    let settings = settings(&world, &upstream).set("CHATAPP_LIMITS__GENERATIONS_PER_USER", "100");
    let server = limited(&place, &settings).await;
    let user = server.anonymous().signup("ada@example.org").await;
    for _ in 0..ANSWERS {
        upstream.push(ticks(1_000_000, 5));
    }
    for _ in 1..ANSWERS {
        user.send_async(&user.create_conversation().await, "Go on").await;
    }
    let conversation = user.create_conversation().await;
    let mut running = user.send_stream(&conversation, "Go on").await;
    let response = running.response_id().await;
    running.read_text(3).await;
    let before = resident(&server);

    // As large as what is imported may be.
    let texts: Vec<Value> = (0..6)
        .map(|at| serde_json::json!({"uuid": format!("m{at}"), "sender": "assistant", "text": "x".repeat(7 << 20)}))
        .collect();
    let file = serde_json::json!([{"uuid": "large", "name": "Large", "chat_messages": texts}]);
    let upload =
        user.request(Method::POST, "/api/import").header("content-type", "application/json");
    let reply = user.send(upload.body(file.to_string())).await;
    let entry: Value = reply.text.lines().next().expect("an entry").parse().expect("JSON");
    let id = entry["conversation_id"].as_str().expect("it is imported");
    let answers = user.list_messages(id).await;
    let answer = answers.last().expect("there are some")["response_id"].as_str().expect("its id");

    let page = format!("/api/conversations/{id}/messages?limit=100");
    let whole = format!("/api/responses/{answer}");
    let pages = (0..16).flat_map(|_| [page.as_str(), whole.as_str()]);
    let asked = pages.chain((0..40).map(|at| match at % 3 {
        0 => "/api/export",
        1 => "/api/me/export",
        _ => "/api/export?format=markdown",
    }));
    let asked = asked.map(|path| match path {
        // A session takes the password for this.
        "/api/me/export" => {
            let password = serde_json::json!({"current_password": PASSWORD});
            user.request(Method::POST, path).json(&password).send()
        }
        _ => user.request(Method::GET, path).send(),
    });
    // Their heads came; their bodies wait.
    let replies = join_all(asked).await;
    let statuses: Vec<u16> =
        replies.iter().map(|reply| reply.as_ref().expect("an answer").status().as_u16()).collect();
    // Some find the database busy with the others, before they begin or after.
    assert!(statuses.iter().all(|status| [200, 429, 503].contains(status)), "{statuses:?}");
    // Four exports and four others at once; what is not taken in time gives its place to the next.
    assert!(statuses.contains(&200), "{statuses:?}");
    let mut refused = replies.iter().flatten().filter(|reply| reply.status() == 429);
    assert!(refused.all(|reply| reply.headers().contains_key("retry-after")));
    assert!(statuses.contains(&429), "{statuses:?}");
    running.read_text(3).await;
    let held = resident(&server);
    assert!(held < before + MOST_HELD, "{before} KiB became {held}");
    drop(replies);
    eventually("what was asked for is given back", async || user.get(&page).await.status == 200)
        .await;
    eventually("memory is given back, too", async || resident(&server) < before + MOST_KEPT).await;

    running.read_text(3).await;
    assert_eq!(user.cancel(&response).await["status"], "cancelled");
    running.finish().await;
    server.terminate().await;
}
