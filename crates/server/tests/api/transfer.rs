//! Conversations in and out: exports, and imports of ours and of other products.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::client::{Reply, User};
use testkit::{TestApp, World, eventually};

use crate::results::{OUTPUT, make_result};
use crate::unknown_id;

const CHATGPT: &str = include_str!("../../../transfer/tests/fixtures/chatgpt.json");
const CLAUDE: &str = include_str!("../../../transfer/tests/fixtures/claude.json");
const OPEN_WEBUI: &str = include_str!("../../../transfer/tests/fixtures/open_webui.json");
const LIBRECHAT: &str = include_str!("../../../transfer/tests/fixtures/librechat_recursive.json");

fn upload(user: &User, query: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    user.request(Method::POST, &format!("/api/import{query}"))
        .header("content-type", "application/octet-stream")
        .body(body)
}

/// Imports a file: the entries and the summary.
pub(crate) async fn import(
    user: &User,
    query: &str,
    body: impl Into<reqwest::Body>,
) -> (Vec<Value>, Value) {
    let reply = user.send(upload(user, query, body)).await;
    assert_eq!(reply.header("content-type"), Some("application/x-ndjson"), "{}", reply.text);
    let mut lines = json_lines(&reply);
    let summary = lines.pop().unwrap();
    assert_eq!(summary["type"], "summary", "{summary}");
    (lines, summary)
}

fn json_lines(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// All conversations as they are exported, without the first line, which says the time.
async fn export(user: &User) -> String {
    let reply = user.get("/api/export").await;
    assert_eq!(reply.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(
        reply.header("content-disposition"),
        Some("attachment; filename=\"conversations.jsonl\"")
    );
    let (first, rest) = reply.text.split_once('\n').unwrap();
    let first: Value = serde_json::from_str(first).unwrap();
    assert_eq!((&first["format"], &first["version"]), (&json!("chatapp"), &json!(1)));
    rest.to_owned()
}

/// Deletes everything, and waits until the rows are gone, too.
async fn wipe(world: &World, user: &User) {
    let everything = json!({"all": true, "permanent": true});
    user.post("/api/conversations/delete", everything).await.expect(200);
    let mut sql = world.sql().await;
    eventually("nothing is left", async || {
        sql.value("SELECT COUNT(*) FROM conversations").await == "0"
    })
    .await;
}

/// Branches, reasoning, calls of tools, a result of one, a failure, a stop, texts of every kind, an empty conversation.
async fn varied(world: &World, user: &User) {
    let first = user.create_conversation().await;
    let change = json!({"title": "Mixed 🗺", "instructions": "Be brief.\n", "model": "mock:echo"});
    user.patch(&format!("/api/conversations/{first}"), change).await.expect(200);
    let turn = user.send_and_wait(&first, "One \u{202e} two\r\n\u{2028}three").await;
    let path = format!("/api/conversations/{first}/messages");
    let body = json!({"content": "again", "model": "mock:ticks=3,reasoning=2"});
    user.post(&path, body).await.expect(201);
    let parent = turn["message"]["id"].clone();
    let body = json!({"content": "another way", "parent_id": parent, "model": "mock:ticks=9,fault=reset@4"});
    let failed = user.post(&path, body).await.expect(201);
    assert_eq!(failed["response"]["status"], "failed", "{failed}");
    let body =
        json!({"content": "and a tool", "parent_id": parent, "model": "mock:calls=2,ticks=2"});
    let called = user.post(&path, body).await.expect(201);
    assert_eq!(called["message"]["calls"].as_array().map(Vec::len), Some(2), "{called}");
    let body = json!({"content": OUTPUT, "model": "mock:ticks=2"});
    let told = user.post(&path, body).await.expect(201);
    let result = told["user_message"]["id"].as_str().expect("an id");
    let call = called["message"]["calls"][0]["call_id"].as_str().expect("a call");
    make_result(world, result, call).await;
    user.create_conversation().await;
    let third = user.create_conversation().await;
    user.send_and_wait(&third, "What is left?").await;
}

#[testkit::test]
async fn what_was_exported_and_wiped_comes_back_identical(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    varied(&world, &ada).await;
    let before = export(&ada).await;
    assert_eq!(before.lines().count(), 4, "three conversations and the end");
    let header = json!({"type": "export", "format": "chatapp", "version": 1});
    let file = format!("{header}\n{before}");

    // They are there already.
    let (entries, summary) = import(&ada, "", file.clone()).await;
    assert!(entries.iter().all(|e| e["outcome"] == "already_there"), "{entries:?}");
    assert_eq!((&summary["imported"], &summary["already_there"]), (&json!(0), &json!(3)));

    wipe(&world, &ada).await;
    assert_eq!(export(&ada).await.lines().count(), 1);
    let (entries, summary) = import(&ada, "?dry_run=true", file.clone()).await;
    assert!(entries.iter().all(|e| e["outcome"] == "would_import"), "{entries:?}");
    assert_eq!((&summary["imported"], &summary["dry_run"]), (&json!(3), &json!(true)));
    assert_eq!(export(&ada).await.lines().count(), 1, "a dry run stores nothing");

    let (entries, summary) = import(&ada, "", file.clone()).await;
    assert!(entries.iter().all(|e| e["outcome"] == "imported"), "{entries:?}");
    assert_eq!((&summary["imported"], &summary["messages"]), (&json!(3), &json!(12)));
    assert_eq!(export(&ada).await, before);
    let (_, summary) = import(&ada, "", file).await;
    assert_eq!((&summary["imported"], &summary["already_there"]), (&json!(0), &json!(3)));

    // One conversation alone is its line.
    let line = before.lines().next().unwrap();
    let id = serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    let one = ada.get(&format!("/api/conversations/{id}/export")).await;
    assert_eq!(one.text.lines().nth(1), Some(line));
    ada.get(&format!("/api/conversations/{}/export", unknown_id("conv")))
        .await
        .expect_error(404, "not_found");
}

#[testkit::test]
async fn another_user_gets_copies_of_their_own(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    varied(&world, &ada).await;
    let file = ada.get("/api/export").await.text;
    let before = export(&ada).await;

    let bob = app.user("bob").await;
    let (entries, summary) = import(&bob, "", file).await;
    assert_eq!(summary["imported"], 3, "{entries:?}");
    let copies = export(&bob).await;
    let texts = |export: &str| -> Vec<Value> {
        let lines = export.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let messages =
            lines.flat_map(|line| line["messages"].as_array().cloned().unwrap_or_default());
        messages
            .map(|m| {
                let beside = json!([m["reasoning"], m["calls"], m["call_id"], m["status"]]);
                json!([m["role"], m["content"], beside])
            })
            .collect()
    };
    let (mut mine, mut theirs) = (texts(&before), texts(&copies));
    // New conversations are in the order of their import.
    mine.sort_by_key(Value::to_string);
    theirs.sort_by_key(Value::to_string);
    assert_eq!(mine, theirs);
    for line in before.lines().take(3) {
        let id = serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
        assert!(!copies.contains(&id), "{id} is Ada's");
        bob.get(&format!("/api/conversations/{id}")).await.expect_error(404, "not_found");
    }
    assert_eq!(export(&ada).await, before);
}

#[testkit::test]
async fn a_chatgpt_conversation_goes_on_here(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let (entries, summary) = import(&ada, "", CHATGPT).await;
    assert_eq!(summary["imported"], 2, "{entries:?}");
    assert_eq!(summary["empty"], 1);
    let entry = &entries[0];
    assert_eq!((&entry["title"], &entry["source"]), (&json!("Blue sky"), &json!("chatgpt")));
    assert_eq!(entry["messages"], 3);
    let skipped = entry["notes"].as_array().unwrap().iter().find(|n| n["code"] == "tool_skipped");
    assert_eq!(skipped.unwrap()["count"], 2);

    let id = entry["conversation_id"].as_str().unwrap();
    let conversation = ada.conversation(id).await;
    assert_eq!(conversation["created_at"], "2023-11-14T22:13:20.123456Z");
    assert_eq!(conversation["updated_at"], "2023-11-14T22:15:00.500Z");
    let messages = ada.list_messages(id).await;
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!(messages[0]["attachments"][0]["name"], "sky.png");
    assert_eq!(messages[0]["is_user"], true);
    let answer = &messages[1];
    assert_eq!(
        (&answer["content"], &answer["model"]),
        (&json!("A blue sky."), &json!("gpt-5-thinking"))
    );
    assert_eq!(answer["sibling_count"], 2);
    assert!(answer["reasoning"].as_str().unwrap().contains("There is a lot of blue."));
    let response = ada.response(answer["response_id"].as_str().unwrap()).await;
    assert_eq!(response["status"], "completed", "{response}");
    let mut events = ada.follow(answer["response_id"].as_str().unwrap(), None).await;
    events.until("response.completed").await;
    assert!(events.text().ends_with("A blue sky."), "{}", events.text());

    // The model is given what was said before.
    ada.send_and_wait(id, "And at night?").await;
    let calls = app.upstream().calls();
    let said: Vec<&str> =
        calls.last().unwrap().messages.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(said, ["What is on this picture?", "A blue sky.", "And at night?"]);
}

#[testkit::test]
async fn every_format_is_recognised_and_reported(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    for (file, source, imported) in
        [(CLAUDE, "claude", 2), (OPEN_WEBUI, "open-webui", 3), (LIBRECHAT, "librechat", 1)]
    {
        let (entries, summary) = import(&ada, "", file).await;
        assert!(entries.iter().all(|entry| entry["source"] == source), "{entries:?}");
        assert_eq!(summary["imported"], imported, "{entries:?}");
        let (_, again) = import(&ada, "", file).await;
        assert_eq!((&again["imported"], &again["already_there"]), (&json!(0), &json!(imported)));
    }
    assert_eq!(ada.list_conversations().await.len(), 6);
    // What is deleted for good can be imported again.
    wipe(&world, &ada).await;
    let (_, summary) = import(&ada, "", LIBRECHAT).await;
    assert_eq!(summary["imported"], 1);
    let id = ada.list_conversations().await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(ada.conversation(&id).await["instructions"], "Talk like a sailor.");
}

#[testkit::test]
async fn an_export_as_markdown_reads_well(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let (entries, _) = import(&ada, "", LIBRECHAT).await;
    let id = entries[0]["conversation_id"].as_str().unwrap();
    let reply = ada.get(&format!("/api/conversations/{id}/export?format=markdown")).await;
    assert_eq!(reply.header("content-type"), Some("text/markdown; charset=utf-8"));
    assert_eq!(
        reply.text,
        "# Tides\n\n*2024-05-01T00:00:00Z*\n\n## Instructions\n\n> Talk like a sailor.\n\n\
         ## User\n\n*2024-05-01T00:00:00Z*\n\nWhy tides?\n\n\
         *File: moon.jpg (/images/u/moon.jpg)*\n\n\
         ## Assistant (gpt-4o)\n\n*2024-05-01T00:00:09Z*\n\nHalf an ans\n\n\
         *(This answer was not finished.)*\n"
    );
    import(&ada, "", CLAUDE).await;
    let all = ada.get("/api/export?format=markdown").await.text;
    assert!(all.contains("# Tides") && all.contains("\n---\n\n# Trip to Rome"), "{all}");
    ada.get("/api/export?format=pdf").await.expect_error(400, "invalid_value");
}

#[testkit::test]
async fn what_cannot_be_imported_is_refused_or_reported(world: World) {
    let app =
        TestApp::builder(&world).set("CHATAPP_SERVER__MAX_IMPORT_BYTES", "65536").start().await;
    let ada = app.user("ada").await;
    let plain =
        ada.request(Method::POST, "/api/import").header("content-type", "text/plain").body("[]");
    ada.send(plain).await.expect_error(415, "unsupported_media_type");
    ada.send(upload(&ada, "", vec![b' '; 70_000])).await.expect_error(413, "request_too_large");
    ada.send(upload(&ada, "?dryrun=1", "[]")).await.expect_error(400, "unknown_parameter");

    let (entries, summary) = import(&ada, "", "<html>").await;
    assert!(entries.is_empty());
    assert!(summary["error"].as_str().unwrap().contains("neither JSON nor a ZIP"), "{summary}");
    let (entries, summary) = import(&ada, "", "[{\"title\":\"odd\"},{\"chat_messages\":[").await;
    assert_eq!(summary["failed"], 2, "{entries:?}");
    assert_eq!((&entries[0]["outcome"], &entries[0]["title"]), (&json!("failed"), &json!("odd")));
    assert!(entries[0]["reason"].as_str().unwrap().contains("format is not known"));
    assert_eq!(entries[1]["position"], 2);
    let (entries, summary) = import(&ada, "", "").await;
    assert!(entries.is_empty() && summary["error"].is_null(), "{summary}");
    assert!(ada.list_conversations().await.is_empty());

    // Bounds of the API hold for what comes by file, too.
    let at = "2026-01-01T00:00:00Z";
    let head = json!({"type": "conversation", "id": "conv_1", "title": "", "title_source": "none", "created_at": at, "updated_at": at, "messages": []});
    let with = |field: &str, value: Value| {
        let mut line = head.clone();
        line[field] = value;
        line.to_string()
    };
    let (entries, _) = import(&ada, "", with("metadata", json!({"k": "v".repeat(513)}))).await;
    assert_eq!(entries[0]["outcome"], "failed", "{entries:?}");
    let (entries, _) =
        import(&ada, "", with("instructions", json!("x".repeat(64 * 1024 - 1024)))).await;
    assert_eq!(entries[0]["outcome"], "imported", "{entries:?}");
}

#[testkit::test]
async fn s2_imported_texts_are_bounded_like_sent_ones(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let chat = |id: &str, sender: &str, bytes: usize| {
        let text = "x".repeat(bytes);
        json!({"uuid": id, "name": id, "chat_messages": [
            {"uuid": "m", "sender": sender, "text": text}]})
    };
    let long = json!([
        {"uuid": "a", "chat_messages": []},
        chat("b", "human", (512 << 10) + 1),
        chat("c", "human", 512 << 10),
        chat("d", "assistant", (8 << 20) + 1),
        chat("e", "assistant", 8 << 20),
        {"conversationId": "f", "title": "Told", "options": {"promptPrefix": "x".repeat(64 * 1024 + 1)},
            "messages": [{"messageId": "1", "isCreatedByUser": true, "text": "Hi"}]},
    ]);
    let (entries, summary) = import(&ada, "", long.to_string()).await;
    let outcomes: Vec<&Value> = entries.iter().map(|entry| &entry["outcome"]).collect();
    assert_eq!(outcomes, ["empty", "failed", "imported", "failed", "imported", "failed"]);
    for (at, words) in [(1, "524288 bytes"), (3, "8388608 bytes"), (5, "instructions")] {
        assert!(entries[at]["reason"].as_str().unwrap().contains(words), "{:?}", entries[at]);
    }
    assert_eq!(summary["imported"], 2);

    // Our own answers have more than a text; all of it comes in one body.
    let at = "2026-01-01T00:00:00Z";
    let answer = |id: &str, calls: usize, reasoning: String| {
        let call = json!({"id": "c", "name": "n", "arguments": "x".repeat(1 << 20),
            "status": "completed", "offset": 0});
        json!({"type": "conversation", "id": id, "title": "", "title_source": "none",
            "created_at": at, "updated_at": at, "messages": [{
                "id": "m", "role": "assistant", "status": "completed", "content": "x",
                "reasoning": reasoning, "calls": vec![call; calls],
                "created_at": at, "updated_at": at}]})
        .to_string()
    };
    let lines = [
        answer("a", 7, "x".repeat(1000)),
        answer("b", 8, "x".repeat(1000)),
        // As JSON each of these is six bytes.
        answer("c", 0, "\u{1}".repeat(2 << 20)),
    ];
    let (entries, _) = import(&ada, "", lines.join("\n")).await;
    let outcomes: Vec<&Value> = entries.iter().map(|entry| &entry["outcome"]).collect();
    assert_eq!(outcomes, ["imported", "failed", "failed"], "{entries:?}");
    assert!(entries[1]["reason"].as_str().unwrap().contains("8388608 bytes"), "{:?}", entries[1]);
}

#[testkit::test]
async fn a_large_conversation_is_imported_in_steps(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let messages: Vec<Value> = (0..1_500)
        .map(|at| {
            let sender = if at % 2 == 0 { "human" } else { "assistant" };
            json!({"uuid": format!("m{at}"), "sender": sender, "text": format!("{at} {}", "x".repeat(3_000))})
        })
        .collect();
    let file = json!([{"uuid": "large", "name": "Large", "chat_messages": messages}]).to_string();
    let (entries, summary) = import(&ada, "", file).await;
    assert_eq!(
        (&summary["imported"], &summary["messages"]),
        (&json!(1), &json!(1_500)),
        "{entries:?}"
    );
    let id = entries[0]["conversation_id"].as_str().unwrap();
    let newest = ada.list_messages(id).await;
    assert!(newest.last().unwrap()["content"].as_str().unwrap().starts_with("1499 "));
    let line = export(&ada).await;
    let line: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    let exported = line["messages"].as_array().unwrap();
    assert_eq!(exported.len(), 1_500);
    for (at, message) in exported.iter().enumerate() {
        assert!(message["content"].as_str().unwrap().starts_with(&format!("{at} ")));
    }
}

/// All messages of a conversation by pages in one direction, and how many pages these were. The
/// texts of a page have no more than two mebibytes and the message that exceeds them.
async fn paged(user: &User, path: &str, by: &str, end: &str) -> (Vec<String>, usize) {
    let (mut ids, mut pages, mut next) = (Vec::new(), 0, String::new());
    loop {
        let page = user.get(&format!("{path}&limit=100{next}")).await.expect(200);
        let data = page["data"].as_array().unwrap();
        pages += 1;
        let sizes: Vec<usize> = data.iter().map(|m| m["content"].as_str().unwrap().len()).collect();
        let all: usize = sizes.iter().sum();
        assert!(!sizes.is_empty() && all < (2 << 20) + sizes.iter().max().unwrap(), "{sizes:?}");
        let found = data.iter().map(|message| message["id"].as_str().unwrap().to_owned());
        if by == "after" {
            ids.extend(found);
        } else {
            ids.splice(0..0, found).for_each(drop);
        }
        if page["has_more"] == false {
            return (ids, pages);
        }
        next = format!("&{by}={}", page[end].as_str().unwrap());
    }
}

#[testkit::test]
async fn s2_pages_end_by_bytes_as_well_as_by_rows(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    // Short ones, long ones, and one longer than a page at each end.
    let sizes = [3 << 20, 10, 10, 900 << 10, 900 << 10, 900 << 10, 10, 5 << 20, 10, 3 << 20];
    let messages: Vec<Value> = (0..sizes.len() * 2)
        .map(|at| {
            let is_answer = at % 2 == 1;
            let sender = if is_answer { "assistant" } else { "human" };
            let text = "x".repeat(if is_answer { sizes[at / 2] } else { 5 });
            json!({"uuid": format!("m{at}"), "sender": sender, "text": text})
        })
        .collect();
    let file = json!([{"uuid": "l", "name": "Large", "chat_messages": messages}]).to_string();
    let (entries, _) = import(&ada, "", file).await;
    let id = entries[0]["conversation_id"].as_str().unwrap();
    let path = format!("/api/conversations/{id}/messages");
    let (branch, pages) = paged(&ada, &format!("{path}?all=false"), "before", "first_id").await;
    assert_eq!(branch.len(), 20);
    assert!((5..=9).contains(&pages), "{pages}");
    let down = paged(&ada, &format!("{path}?all=true"), "before", "first_id").await;
    assert_eq!(down.0, branch);
    // Up, beginning after the first.
    let from = format!("&after={}", branch[0]);
    let first = ada.get(&format!("{path}?all=true&limit=1{from}")).await.expect(200);
    assert_eq!(
        (first["data"][0]["id"].as_str(), &first["has_more"]),
        (Some(&*branch[1]), &json!(true))
    );
    let markdown = ada.get(&format!("/api/conversations/{id}/export?format=markdown")).await.text;
    assert_eq!(markdown.matches("\n## ").count(), 20);
    assert_eq!(export(&ada).await.len() / (1 << 20), 13);
}

#[testkit::test]
async fn s18_slow_uploads_keep_nobody_from_importing(world: World) {
    use tokio::io::AsyncWriteExt as _;

    let app = TestApp::start(&world).await;
    let host = app.url().trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for at in 0..6 {
        let user = app.user(&format!("slow{at}")).await;
        let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
        let head = format!(
            "POST /api/import HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: 1000\r\n\r\n[",
            user.access_token
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push((user, stream));
    }
    // Whoever asks again while the first file is received has one underway.
    let (first, _) = &slow[0];
    eventually("it is being received", async || {
        first.post("/api/import", json!([])).await.status == 429
    })
    .await;
    let ada = app.user("ada").await;
    let file = json!([{"uuid": "a", "chat_messages": [
        {"uuid": "m", "sender": "human", "text": "Hi"}]}]);
    let import = ada.post("/api/import", file).await;
    assert_eq!(import.status, 200, "{}", import.text);
    assert!(import.text.contains("\"imported\":1"), "{}", import.text);
    drop(slow);
}
