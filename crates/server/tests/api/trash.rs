//! Deleting: into the trash, out of it, for good, one or many.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::User;
use testkit::{ManualClock, TestApp, World, eventually};

use crate::{sql_id, unknown_id};

const DAY: Duration = Duration::from_hours(24);

/// The ids of a page.
async fn listed(user: &User, query: &str) -> Vec<String> {
    let page = user.get(&format!("/api/conversations{query}")).await.expect(200);
    let data = page["data"].as_array().unwrap();
    data.iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect()
}

/// Waits until no row of a conversation is left.
async fn gone(world: &World, id: &str) {
    let mut sql = world.sql().await;
    eventually("its rows are gone", async || {
        let mut left = 0;
        for (table, column) in [
            ("messages", "conversation_id"),
            ("responses", "conversation_id"),
            ("conversations", "id"),
        ] {
            let count = format!("SELECT COUNT(*) FROM {table} WHERE {column} = {}", sql_id(id));
            left += sql.value(&count).await.parse::<u32>().unwrap();
        }
        left == 0
    })
    .await;
}

#[testkit::test]
async fn a_deleted_conversation_is_restored_whole(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world).clock(&clock).start().await;
    let ada = app.user("ada").await;
    let id = ada.create_conversation().await;
    let turn = ada.send_and_wait(&id, "first line").await;
    let newer = ada.create_conversation().await;
    let path = format!("/api/conversations/{id}");
    let before = ada.conversation(&id).await;
    let messages = ada.list_messages(&id).await;

    clock.advance(Duration::from_secs(1));
    let deleted = ada.delete(&path).await.expect(200);
    assert_eq!(deleted["purge_at"], "2026-01-31T00:00:01Z");
    assert_eq!(listed(&ada, "").await, [newer.as_str()]);
    let trash = ada.get("/api/conversations?deleted=true").await.expect(200);
    let shown = &trash["data"][0];
    assert_eq!((&shown["id"], &shown["title"]), (&json!(id), &json!("first line")));
    assert_eq!(shown["deleted_at"], "2026-01-01T00:00:01Z");
    assert_eq!(shown["purge_at"], "2026-01-31T00:00:01Z");

    let restored = ada.post(&format!("{path}/restore"), json!({})).await;
    let tag = restored.header("etag").unwrap().to_owned();
    let restored = restored.expect(200);
    assert_eq!(tag, format!("\"{}\"", restored["version"]));
    assert_eq!(restored["deleted_at"], Value::Null);
    assert_eq!(restored["updated_at"], before["updated_at"], "it takes its old place");
    assert_eq!(listed(&ada, "").await, [newer.as_str(), id.as_str()]);
    assert_eq!(listed(&ada, "?deleted=true").await, Vec::<String>::new());
    assert_eq!(ada.list_messages(&id).await, messages);
    ada.response(turn["response"]["id"].as_str().unwrap()).await;
    ada.send_and_wait(&id, "it goes on").await;
    // Once more changes nothing.
    let version = ada.conversation(&id).await["version"].clone();
    let again = ada.post(&format!("{path}/restore"), json!({})).await.expect(200);
    assert_eq!(again["version"], version);
}

#[testkit::test]
async fn what_is_in_the_trash_is_nowhere_else(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = ada.create_conversation().await;
    let turn = ada.send_and_wait(&id, "hello").await;
    ada.delete_conversation(&id).await;
    let path = format!("/api/conversations/{id}");
    let message = format!("/api/messages/{}", turn["message"]["id"].as_str().unwrap());
    let response = format!("/api/responses/{}", turn["response"]["id"].as_str().unwrap());
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::GET, format!("{path}/messages")),
        (Method::POST, format!("{path}/messages")),
        (Method::GET, message),
        (Method::GET, response.clone()),
        (Method::GET, format!("{response}/events")),
        (Method::POST, format!("{response}/cancel")),
    ] {
        let request = ada.request(method.clone(), &path);
        let request = match method {
            Method::PATCH => request.json(&json!({"title": "x"})),
            Method::POST => request.json(&json!({"content": "x"})),
            _ => request,
        };
        ada.send(request).await.expect_error(404, "not_found");
    }
    // In the list its id is no cursor, in the trash it is one.
    ada.get(&format!("/api/conversations?after={id}")).await.expect_error(400, "invalid_value");
    assert_eq!(listed(&ada, &format!("?deleted=true&after={id}")).await, Vec::<String>::new());
    // Somebody else's trash is nobody's business.
    let bob = app.user("bob").await;
    bob.post(&format!("{path}/restore"), json!({})).await.expect_error(404, "not_found");
    bob.delete(&format!("{path}?permanent=true")).await.expect_error(404, "not_found");
    assert_eq!(listed(&bob, "?deleted=true").await, Vec::<String>::new());
    // Its owner removes it from there.
    let removed = ada.delete(&format!("{path}?permanent=true")).await.expect(200);
    assert_eq!(removed["purge_at"], Value::Null);
    assert_eq!(listed(&ada, "?deleted=true").await, Vec::<String>::new());
    ada.post(&format!("{path}/restore"), json!({})).await.expect_error(404, "not_found");
    gone(&world, &id).await;
}

#[testkit::test]
async fn deleting_stops_the_answer_and_keeps_its_text(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let body = json!({"model": "mock:ticks=9,fault=stall@3"});
    let id =
        ada.post("/api/conversations", body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let mut stream = ada.send_stream(&id, "wait").await;
    stream.read_text(3).await;
    ada.delete_conversation(&id).await;
    let failed = stream.until("response.failed").await;
    assert_eq!(failed["response"]["error"]["code"], "conversation_deleted", "{failed}");
    app.upstream()
        .wait_for("the upstream call to be closed", |calls| {
            calls.iter().any(|call| call.outcome == mock::CallOutcome::ClientClosed).then_some(())
        })
        .await;
    let restored =
        ada.post(&format!("/api/conversations/{id}/restore"), json!({})).await.expect(200);
    assert_eq!(restored["active_response_id"], Value::Null);
    let messages = ada.list_messages(&id).await;
    assert_eq!(messages[1]["status"], "incomplete");
    assert_eq!(messages[1]["content"], "tick 0 \ntick 1 \ntick 2 \n");
}

#[testkit::test]
async fn the_trash_is_emptied_when_its_time_is_over(world: World) {
    let clock = ManualClock::new();
    let mut app = TestApp::builder(&world)
        .clock(&clock)
        .set("CHATAPP_LIMITS__TRASH_RETENTION", "2d")
        .start()
        .await;
    let ada = app.user("ada").await;
    let [old, young, kept] = [(), (), ()].map(|()| ada.create_conversation());
    let (old, young, kept) = (old.await, young.await, kept.await);
    ada.send_and_wait(&old, "old").await;
    ada.delete_conversation(&old).await;
    // Tokens do not live as long as the trash does.
    let again = async |app: &TestApp| app.anonymous().login("ada@example.org").await;
    clock.advance(DAY);
    let ada = again(&app).await;
    ada.delete_conversation(&young).await;
    clock.advance(DAY.checked_sub(Duration::from_micros(1)).unwrap());
    app.restart().await;
    let ada = again(&app).await;
    assert_eq!(listed(&ada, "?deleted=true").await, [young.as_str(), old.as_str()]);
    clock.advance(Duration::from_micros(1));
    // Anything that is deleted wakes whoever empties the trash.
    let third = ada.create_conversation().await;
    ada.delete_conversation(&third).await;
    gone(&world, &old).await;
    assert_eq!(listed(&ada, "?deleted=true").await, [third.as_str(), young.as_str()]);
    assert_eq!(listed(&ada, "").await, [kept.as_str()]);
    // So does a start.
    clock.advance(DAY);
    app.restart().await;
    gone(&world, &young).await;
    let ada = again(&app).await;
    assert_eq!(listed(&ada, "?deleted=true").await, [third.as_str()]);
}

#[testkit::test]
async fn without_a_trash_deleting_removes_at_once(world: World) {
    let app = TestApp::builder(&world).set("CHATAPP_LIMITS__TRASH_RETENTION", "0s").start().await;
    let ada = app.user("ada").await;
    let id = ada.create_conversation().await;
    let deleted = ada.delete(&format!("/api/conversations/{id}")).await.expect(200);
    assert_eq!(deleted["purge_at"], Value::Null);
    let restore = format!("/api/conversations/{id}/restore");
    ada.post(&restore, json!({})).await.expect_error(404, "not_found");
    gone(&world, &id).await;
}

#[testkit::test]
async fn a_removal_goes_on_after_a_restart(world: World) {
    let mut app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = ada.create_conversation().await;
    ada.send_and_wait(&id, "hello").await;
    // As after a crash at the beginning of its removal.
    let begun = "UPDATE conversations SET deleted_at = updated_at, removed_at = updated_at";
    world.sql().await.execute(begun).await;
    assert_eq!(listed(&ada, "?deleted=true").await, Vec::<String>::new());
    let restore = format!("/api/conversations/{id}/restore");
    ada.post(&restore, json!({})).await.expect_error(404, "not_found");
    app.restart().await;
    gone(&world, &id).await;
}

#[testkit::test]
async fn many_are_deleted_at_once(world: World) {
    let app = TestApp::start(&world).await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let foreign = bob.create_conversation().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(ada.create_conversation().await);
    }
    let unknown = unknown_id("conv");
    let body = json!({"ids": [ids[1], foreign, ids[3], unknown, ids[1]]});
    let deleted = ada.post("/api/conversations/delete", body.clone()).await.expect(200);
    assert_eq!(deleted["deleted"], 2);
    let mut not_found = [foreign.as_str(), unknown.as_str()];
    not_found.sort_unstable();
    assert_eq!(deleted["not_found"], json!(not_found));
    assert_eq!(listed(&bob, "").await, [foreign.as_str()]);
    // They are in the trash, and deleting them there once more finds nothing.
    ada.post(&format!("/api/conversations/{}/restore", ids[1]), json!({})).await.expect(200);
    let again = ada.post("/api/conversations/delete", json!({"ids": [ids[3]]})).await.expect(200);
    assert_eq!(again, json!({"deleted": 0, "not_found": [ids[3]]}));
    let removed = json!({"ids": [ids[3], ids[4]], "permanent": true});
    let removed = ada.post("/api/conversations/delete", removed).await.expect(200);
    assert_eq!(removed, json!({"deleted": 2, "not_found": []}));
    gone(&world, &ids[3]).await;
    gone(&world, &ids[4]).await;

    // All of them: archived ones and a running answer too.
    ada.patch(&format!("/api/conversations/{}", ids[0]), json!({"archived": true}))
        .await
        .expect(200);
    let path = format!("/api/conversations/{}/messages", ids[1]);
    let body = json!({"content": "x", "model": "mock:ticks=9,fault=stall@3", "stream": true});
    let mut stream = ada.stream(ada.request(Method::POST, &path).json(&body)).await;
    stream.read_text(3).await;
    let all = ada.post("/api/conversations/delete", json!({"all": true})).await.expect(200);
    assert_eq!(all, json!({"deleted": 3, "not_found": []}));
    stream.until("response.failed").await;
    assert_eq!(listed(&ada, "").await.len() + listed(&ada, "?archived=true").await.len(), 0);
    assert_eq!(listed(&ada, "?deleted=true").await.len(), 3);
    assert_eq!(listed(&bob, "").await, [foreign.as_str()]);
}

#[testkit::test]
async fn the_trash_is_emptied_on_request(world: World) {
    let app = TestApp::start(&world).await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let theirs = bob.create_conversation().await;
    bob.delete_conversation(&theirs).await;
    // More than one step takes.
    let mut first = String::new();
    for n in 0..3 {
        let id = ada.create_conversation().await;
        if n == 0 {
            first = id;
        }
    }
    let copies = "INSERT INTO conversations (id, user_id, kind, title, title_source, pinned, \
                  next_seq, version, created_at, updated_at) SELECT ";
    let mut sql = world.sql().await;
    for n in 0..450 {
        let copy = format!(
            "{copies} X'{n:032x}', user_id, kind, title, title_source, pinned, next_seq, version, \
             created_at, updated_at FROM conversations WHERE id = {}",
            sql_id(&first)
        );
        sql.execute(&copy).await;
    }
    let kept = ada.create_conversation().await;
    let all = ada.post("/api/conversations/delete", json!({"all": true})).await.expect(200);
    assert_eq!(all, json!({"deleted": 454, "not_found": []}));
    ada.post(&format!("/api/conversations/{kept}/restore"), json!({})).await.expect(200);
    let body = json!({"trash": true});
    let emptied = ada.post("/api/conversations/delete", body).await.expect(200);
    assert_eq!(emptied, json!({"deleted": 453, "not_found": []}));
    assert_eq!(listed(&ada, "?deleted=true").await, Vec::<String>::new());
    eventually("every row gone", async || {
        sql.value("SELECT COUNT(*) FROM conversations").await == "2"
    })
    .await;
    assert_eq!(listed(&ada, "").await, [kept]);
    assert_eq!(listed(&bob, "?deleted=true").await, [theirs]);
}

#[testkit::test]
async fn many_are_archived_at_once(world: World) {
    let app = TestApp::start(&world).await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let foreign = bob.create_conversation().await;
    let [a, b, c] = [(), (), ()].map(|()| ada.create_conversation());
    let (a, b, c) = (a.await, b.await, c.await);
    let body = json!({"ids": [a, foreign]});
    let archived = ada.post("/api/conversations/archive", body.clone()).await.expect(200);
    assert_eq!(archived, json!({"changed": 1, "not_found": [foreign]}));
    assert_eq!(listed(&ada, "").await, [c.as_str(), b.as_str()]);
    let version = ada.conversation(&a).await["version"].clone();
    ada.post("/api/conversations/archive", body).await.expect(200);
    assert_eq!(ada.conversation(&a).await["version"], version, "it was archived already");
    let all = ada.post("/api/conversations/archive", json!({"all": true})).await.expect(200);
    assert_eq!(all, json!({"changed": 2, "not_found": []}));
    assert_eq!(listed(&ada, "?archived=true").await.len(), 3);
    let back = json!({"ids": [b], "archived": false});
    ada.post("/api/conversations/archive", back).await.expect(200);
    assert_eq!(listed(&ada, "").await, [b.as_str()]);
    let back = json!({"all": true, "archived": false});
    let all = ada.post("/api/conversations/archive", back).await.expect(200);
    assert_eq!(all, json!({"changed": 2, "not_found": []}));
    assert_eq!(listed(&bob, "").await, [foreign.as_str()]);
}

#[testkit::test]
async fn what_a_bulk_request_means_has_to_be_clear(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = ada.create_conversation().await;
    let many: Vec<String> = (0..101).map(|n| format!("conv_{n:032x}")).collect();
    for (route, body, param) in [
        ("delete", json!({}), "ids"),
        ("delete", json!({"all": false}), "ids"),
        ("delete", json!({"ids": []}), "ids"),
        ("delete", json!({"ids": many}), "ids"),
        ("delete", json!({"ids": [id], "all": true}), "ids"),
        ("delete", json!({"all": true, "trash": true}), "ids"),
        ("delete", json!({"ids": "all"}), "ids"),
        ("delete", json!({"ids": [id, "nonsense"]}), "ids.1"),
        ("delete", json!({"permanent": true}), "ids"),
        ("archive", json!({}), "ids"),
        ("archive", json!({"archived": true}), "ids"),
        ("archive", json!({"ids": [id], "all": true}), "ids"),
        ("archive", json!({"all": true, "archived": null}), "archived"),
    ] {
        let reply = ada.post(&format!("/api/conversations/{route}"), body.clone()).await;
        let json = reply.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], param, "{body}: {json}");
    }
    let trash = json!({"trash": true});
    let json =
        ada.post("/api/conversations/archive", trash).await.expect_error(400, "unknown_parameter");
    assert_eq!(json["error"]["param"], "trash");
    assert_eq!(listed(&ada, "").await, [id]);
}

#[testkit::test]
async fn deleting_removes_every_row(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let kept = ada.create_conversation().await;
    ada.send_and_wait(&kept, "kept").await;
    let id = ada.create_conversation().await;
    let mut turns = Vec::new();
    for n in 0..3 {
        turns.push(ada.send_and_wait(&id, &format!("message {n}")).await);
    }
    let path = format!("/api/conversations/{id}");
    let deleted = ada.delete(&format!("{path}?permanent=true")).await.expect(200);
    assert_eq!(deleted, json!({"id": id, "object": "conversation", "deleted": true}));
    ada.post(&format!("{path}/restore"), json!({})).await.expect_error(404, "not_found");

    ada.delete(&path).await.expect_error(404, "not_found");
    ada.get(&path).await.expect_error(404, "not_found");
    ada.patch(&path, json!({"title": "x"})).await.expect_error(404, "not_found");
    let messages = format!("{path}/messages");
    ada.get(&messages).await.expect_error(404, "not_found");
    ada.post(&messages, json!({"content": "x"})).await.expect_error(404, "not_found");
    for turn in &turns {
        let message = turn["message"]["id"].as_str().unwrap();
        ada.get(&format!("/api/messages/{message}")).await.expect_error(404, "not_found");
        let response = turn["response"]["id"].as_str().unwrap();
        ada.get(&format!("/api/responses/{response}")).await.expect_error(404, "not_found");
        let events = ada.follow_request(response, None);
        ada.send(events).await.expect_error(404, "not_found");
    }
    assert_eq!(ada.list_conversations().await.len(), 1);

    let mut sql = world.sql().await;
    eventually("its rows are gone", async || {
        let mut left = 0;
        for table in ["messages", "responses"] {
            let count =
                format!("SELECT COUNT(*) FROM {table} WHERE conversation_id = {}", sql_id(&id));
            left += sql.value(&count).await.parse::<u32>().unwrap();
        }
        let count = format!("SELECT COUNT(*) FROM conversations WHERE id = {}", sql_id(&id));
        left += sql.value(&count).await.parse::<u32>().unwrap();
        left == 0
    })
    .await;
    let orphans =
        "SELECT COUNT(*) FROM response_events WHERE response_id NOT IN (SELECT id FROM responses)";
    assert_eq!(sql.value(orphans).await, "0");
    assert_ne!(
        sql.value("SELECT COUNT(*) FROM response_events").await,
        "0",
        "the other one keeps its log"
    );
    assert_eq!(ada.list_messages(&kept).await.len(), 2);
}

#[testkit::test]
async fn a_conversation_is_deleted_while_it_is_answered(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let path = "/api/conversations";
    let body = json!({"model": "mock:ticks=9,fault=stall@3"});
    let id = ada.post(path, body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let mut stream = ada.send_stream(&id, "wait").await;
    stream.read_text(3).await;
    ada.remove_conversation(&id).await;
    let failed = stream.until("response.failed").await;
    assert_eq!(failed["response"]["error"]["code"], "conversation_deleted", "{failed}");
    app.upstream()
        .wait_for("the upstream call to be closed", |calls| {
            calls.iter().any(|call| call.outcome == mock::CallOutcome::ClientClosed).then_some(())
        })
        .await;
    let mut sql = world.sql().await;
    for table in ["messages", "responses", "response_events", "conversations"] {
        eventually(&format!("{table} is empty"), async || {
            sql.value(&format!("SELECT COUNT(*) FROM {table}")).await == "0"
        })
        .await;
    }
}
