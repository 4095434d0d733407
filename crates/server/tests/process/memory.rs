//! A server that may have little memory, and clients that ask for much.

use std::io::{Cursor, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use testkit::client::{EventStream, PASSWORD, User};
use testkit::process::{AppProcess, ProcessBuilder};
use testkit::{Settings, World, eventually};
use tokio::task::JoinHandle;

use super::working_directory::{BINARY, WorkingDirectory};
use super::{settings, ticked, ticks, upstream};

/// What the server may have: its data, not its program.
const LIMIT: u64 = 512 << 20;
/// What the system counts as data beside it although nothing is stored there: the stacks of threads,
/// and addresses that the allocator keeps.
const RESERVED: u64 = 96 << 20;

/// How many answers go on meanwhile.
const ANSWERS: usize = 50;
/// The most that unread answers to one user take, in KiB.
const MOST_HELD: u64 = 256 << 10;

/// The server, which the system gives no more memory than [`LIMIT`].
async fn limited(place: &WorkingDirectory, settings: &Settings) -> AppProcess {
    let program = ProcessBuilder::new("prlimit", place.path());
    program.arg(format!("--data={}", LIMIT + RESERVED)).arg(BINARY).settings(settings).serve().await
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

#[testkit::test(sqlite)]
async fn s1_imports_that_swell_are_refused_while_an_answer_goes_on(world: World) {
    // Before there is a connection: packing takes seconds, in which nobody looks after one.
    let (files, ids) = archives();
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
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
    let attacks = async {
        let mut reports = join_all(imports).await;
        // Each is reported, and no line of the report may be as long as these ids.
        reports.push(import(&user, ids).await);
        reports
    };
    let (reports, most) = watched(&server, attacks).await;
    assert!(most < LIMIT >> 10, "{most} KiB");
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

/// One line of what Linux tells of a server's memory, in KiB.
fn memory(server: &AppProcess, name: &str) -> u64 {
    let file = format!("/proc/{}/status", server.id().expect("it runs"));
    let status = std::fs::read_to_string(file).expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("its memory");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number")
}

/// The resident memory of a server that is its own. Pages of its program and of the database's
/// file, which it has mapped, are the system's: it takes them when it needs them.
fn resident(server: &AppProcess) -> u64 {
    memory(server, "RssAnon:")
}

/// Stores a conversation as large as what is imported may be: the path of its page of messages, and
/// the path of its answer.
async fn store_large(user: &User) -> (String, String) {
    let texts: Vec<Value> = (0..6)
        .map(|at| json!({"uuid": format!("m{at}"), "sender": "assistant", "text": "x".repeat(7 << 20)}))
        .collect();
    let file = json!([{"uuid": "large", "name": "Large", "chat_messages": texts}]);
    let upload =
        user.request(Method::POST, "/api/import").header("content-type", "application/json");
    let reply = user.send(upload.body(file.to_string())).await;
    let entry: Value = reply.text.lines().next().expect("an entry").parse().expect("JSON");
    let id = entry["conversation_id"].as_str().expect("it is imported");
    let answers = user.list_messages(id).await;
    let answer = answers.last().expect("there are some")["response_id"].as_str().expect("its id");
    (format!("/api/conversations/{id}/messages?limit=100"), format!("/api/responses/{answer}"))
}

/// Asks for large pages and for exports of everything, 72 at once, and reads none of it.
async fn ask_for_all(user: &User, page: &str, answer: &str) -> Vec<Response> {
    let pages = (0..16).flat_map(|_| [page, answer]);
    let asked = pages.chain((0..40).map(|at| match at % 3 {
        0 => "/api/export",
        1 => "/api/me/export",
        _ => "/api/export?format=markdown",
    }));
    let asked = asked.map(async |path| {
        let request = match path {
            // A session takes the password for this.
            "/api/me/export" => {
                user.request(Method::POST, path).json(&json!({"current_password": PASSWORD}))
            }
            _ => user.request(Method::GET, path),
        };
        request.send().await.expect("an answer")
    });
    join_all(asked).await
}

#[testkit::test(sqlite)]
async fn s2_clients_that_ask_and_do_not_read_cost_little(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
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

    let (page, answer) = store_large(&user).await;
    // Their heads came; their bodies wait.
    let replies = ask_for_all(&user, &page, &answer).await;
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status().as_u16()).collect();
    // Some find the database busy with the others, before they begin or after.
    assert!(statuses.iter().all(|status| [200, 429, 503].contains(status)), "{statuses:?}");
    // Four exports and four others at once; what is not taken in time gives its place to the next.
    assert!(statuses.contains(&200), "{statuses:?}");
    let mut refused = replies.iter().filter(|reply| reply.status() == 429);
    assert!(refused.all(|reply| reply.headers().contains_key("retry-after")));
    assert!(statuses.contains(&429), "{statuses:?}");
    running.read_text(3).await;
    let held = resident(&server);
    assert!(held < before + MOST_HELD, "{before} KiB became {held}");
    drop(replies);
    eventually("what was asked for is given back", async || user.get(&page).await.status == 200)
        .await;

    running.read_text(3).await;
    assert_eq!(user.cancel(&response).await["status"], "cancelled");
    running.finish().await;
    server.terminate().await;
}

/// An answer that somebody reads while it is made.
struct Running {
    user: User,
    response: String,
    events: Arc<AtomicU64>,
    reading: JoinHandle<EventStream>,
}

/// Starts an answer that does not end by itself, and reads it.
async fn run(user: &User) -> Running {
    let conversation = user.create_conversation().await;
    let mut stream = user.send_stream(&conversation, "Go on").await;
    let response = stream.response_id().await;
    let events = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&events);
    #[expect(clippy::disallowed_methods, reason = "its test waits for it")]
    let reading = tokio::spawn(async move {
        while stream.next().await.is_some() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        stream
    });
    Running { user: user.clone(), response, events, reading }
}

/// Waits until each answer has got some events further.
async fn all_go_on(running: &[Running]) {
    let count = |answer: &Running| answer.events.load(Ordering::Relaxed);
    let before: Vec<u64> = running.iter().map(count).collect();
    eventually("every answer goes on", async || {
        running.iter().zip(&before).all(|(answer, before)| count(answer) > before + 5)
    })
    .await;
}

/// Does something, and says how much resident memory the server was seen to have meanwhile, in KiB.
async fn watched<T>(server: &AppProcess, what: impl Future<Output = T>) -> (T, u64) {
    let mut often = tokio::time::interval(Duration::from_millis(20));
    let mut what = std::pin::pin!(what);
    let mut most = 0;
    loop {
        tokio::select! {
            done = &mut what => return (done, most),
            _ = often.tick() => most = most.max(resident(server)),
        }
    }
}

/// Imports an archive, as often as it takes: who finds the server busy comes again when it says.
async fn persist(user: &User, archive: Vec<u8>) {
    loop {
        let upload = user.request(Method::POST, "/api/import?dry_run=true");
        let upload = upload.header("content-type", "application/zip").body(archive.clone());
        // It waits for its turn among the others.
        let reply = user.send(upload.timeout(Duration::from_mins(3))).await;
        if reply.status == 200 {
            let last = reply.text.lines().last().expect("a summary");
            let summary: Value = last.parse().expect("JSON");
            assert_eq!(summary["type"], "summary", "{}", reply.text);
            return;
        }
        assert!([429, 503].contains(&reply.status), "{} {}", reply.status, reply.text);
        let wait = reply.header("retry-after").expect("when to come again");
        tokio::time::sleep(Duration::from_secs(wait.parse().expect("seconds"))).await;
    }
}

#[testkit::test(sqlite)]
async fn s1_s2_all_of_it_at_once_is_refused_while_50_answers_go_on(world: World) {
    let (files, ids) = archives();
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    // Passwords cost what they cost by default: that is memory, too.
    let settings = settings(&world, &upstream)
        .unset("CHATAPP_AUTH__ARGON2_MEMORY_KIB")
        .unset("CHATAPP_AUTH__ARGON2_ITERATIONS");
    let server = limited(&place, &settings).await;
    let idle = memory(&server, "VmRSS:");

    let mut running = Vec::new();
    for at in 0..10 {
        let user = server.anonymous().signup(&format!("reader{at}@example.org")).await;
        for _ in 0..ANSWERS / 10 {
            upstream.push(ticks(1_000_000, 5));
            running.push(run(&user).await);
        }
    }
    all_go_on(&running).await;

    let user = server.anonymous().signup("ada@example.org").await;
    let (page, answer) = store_large(&user).await;
    let mut imports = Vec::new();
    for (at, file) in files.into_iter().chain([ids]).enumerate() {
        let other = server.anonymous().signup(&format!("importer{at}@example.org")).await;
        imports.push(async move { persist(&other, file).await });
    }
    let asked = async {
        let replies = ask_for_all(&user, &page, &answer).await;
        // They stay unread for as long as the answers take to get further.
        all_go_on(&running).await;
        replies
    };
    let attacks = async { tokio::join!(asked, join_all(imports)).0 };
    let (replies, most) = watched(&server, attacks).await;
    let refused = replies.iter().filter(|reply| [429, 503].contains(&reply.status().as_u16()));
    assert!(refused.count() > 0, "nothing was refused");
    assert!(most < LIMIT >> 10, "{most} KiB");
    all_go_on(&running).await;
    drop(replies);

    let what = format!("memory is within 1.5 times the {idle} KiB of before ({most} at most)");
    eventually(&what, async || memory(&server, "VmRSS:") * 2 <= idle * 3).await;
    all_go_on(&running).await;
    for answer in running {
        assert_eq!(answer.user.cancel(&answer.response).await["status"], "cancelled");
        let stream = answer.reading.await.expect("it is read to its end");
        assert!(!stream.is_broken());
        let text = stream.text();
        let count = u32::try_from(text.lines().count()).expect("few");
        assert!(count > 20, "{count}");
        assert_eq!(text, ticked(count));
    }
    server.terminate().await;
}
