//! Conversations: opened, listed, renamed, removed.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::client::User;
use testkit::log::expect_error;
use testkit::{Harness, ManualClock, TestApp, World, eventually};

use crate::{sql_id, unknown_id};

pub(crate) fn stories(harness: Harness) -> Harness {
    stories!(
        harness,
        a_conversation_is_opened_changed_and_shown,
        a_title_is_the_first_line_until_somebody_sets_one,
        what_cannot_be_a_conversation_is_refused,
        pages_follow_each_other_without_gap_or_repetition,
        activity_between_two_pages_hides_nothing,
        pages_and_cursors_have_bounds,
        a_list_reads_no_message,
        deleting_removes_every_row,
        a_conversation_is_deleted_while_it_is_answered,
    )
}

/// One page: the ids in it and whether more follow.
async fn page(user: &User, query: &str) -> (Vec<String>, bool) {
    let page = user.get(&format!("/api/conversations{query}")).await.expect(200);
    let data = page["data"].as_array().unwrap();
    let ids: Vec<String> = data.iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(page["first_id"].as_str(), ids.first().map(String::as_str), "{page}");
    assert_eq!(page["last_id"].as_str(), ids.last().map(String::as_str), "{page}");
    (ids, page["has_more"].as_bool().unwrap())
}

/// Every page of this size from `after` on.
async fn pages(user: &User, limit: usize, mut after: Option<String>) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let cursor = after.map(|id| format!("&after={id}")).unwrap_or_default();
        let (ids, has_more) = page(user, &format!("?limit={limit}{cursor}")).await;
        assert!(ids.len() == limit || !has_more, "a short page is the last one");
        after = ids.last().cloned();
        all.extend(ids);
        if !has_more {
            return all;
        }
        assert!(all.len() < 1000, "the pages do not end");
    }
}

async fn a_conversation_is_opened_changed_and_shown(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world).clock(&clock).start().await;
    let ada = app.user("ada").await;
    let reply = ada.post("/api/conversations", json!({})).await;
    let location = reply.header("location").unwrap().to_owned();
    let made = reply.expect(201);
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("conv_") && id.len() == 37, "{id}");
    assert_eq!(location, format!("/api/conversations/{id}"));
    assert_eq!(
        made,
        json!({
            "id": id, "title": "", "title_source": "none", "model": null, "instructions": null,
            "active_response_id": null, "head_id": null,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        })
    );
    assert_eq!(ada.conversation(id).await, made);

    clock.advance(Duration::from_micros(1_000_001));
    let change = json!({"title": " Plans 🗺 ", "model": "mock:echo", "instructions": "Be brief.\n"});
    let changed = ada.patch(&location, change).await.expect(200);
    assert_eq!(changed["title"], "Plans 🗺");
    assert_eq!(changed["title_source"], "user");
    assert_eq!(
        (&changed["model"], &changed["instructions"]),
        (&json!("mock:echo"), &json!("Be brief.\n"))
    );
    assert_eq!(changed["created_at"], made["created_at"]);
    assert_eq!(changed["updated_at"], "2026-01-01T00:00:01.000001Z");
    assert_eq!(ada.conversation(id).await, changed);

    // A field that is not sent stays, one that is null is cleared.
    let cleared = ada.patch(&location, json!({"model": null})).await.expect(200);
    assert_eq!(cleared["model"], Value::Null);
    assert_eq!(
        (&cleared["title"], &cleared["instructions"]),
        (&changed["title"], &changed["instructions"])
    );
    let cleared =
        ada.patch(&location, json!({"title": null, "instructions": null})).await.expect(200);
    assert_eq!((&cleared["title"], &cleared["title_source"]), (&json!(""), &json!("none")));
    assert_eq!(cleared["instructions"], Value::Null);

    let titled = ada.post("/api/conversations", json!({"title": "x"})).await.expect(201);
    assert_eq!((&titled["title"], &titled["title_source"]), (&json!("x"), &json!("user")));
}

async fn a_title_is_the_first_line_until_somebody_sets_one(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let long = "ü".repeat(300);
    let cut = format!("{}…", "ü".repeat(254));
    for (content, title) in [
        ("Why is the sky blue?\nI wonder.", "Why is the sky blue?"),
        ("\n \r\n  Hello 🦀 \nsecond", "Hello 🦀"),
        ("a\tb\u{7}c", "a b c"),
        (long.as_str(), cut.as_str()),
    ] {
        let id = ada.create_conversation().await;
        ada.send_and_wait(&id, content).await;
        let conversation = ada.conversation(&id).await;
        assert_eq!(conversation["title"], title);
        assert_eq!(conversation["title_source"], "first_line");
        ada.send_and_wait(&id, "something else").await;
        assert_eq!(ada.conversation(&id).await["title"], title, "only the first message counts");
    }
    let id = ada.create_conversation().await;
    let path = format!("/api/conversations/{id}");
    ada.patch(&path, json!({"title": "Mine"})).await.expect(200);
    ada.send_and_wait(&id, "not a title").await;
    assert_eq!(ada.conversation(&id).await["title"], "Mine");
    // Given back to the server, it is made at the next message.
    ada.patch(&path, json!({"title": null})).await.expect(200);
    ada.send_and_wait(&id, "now a title").await;
    assert_eq!(ada.conversation(&id).await["title"], "now a title");
}

async fn what_cannot_be_a_conversation_is_refused(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = ada.post("/api/conversations", json!({"title": "before"})).await.expect(201);
    let path = format!("/api/conversations/{}", id["id"].as_str().unwrap());
    let long_text = "a".repeat(64 * 1024 + 1);
    for (field, value, bound) in [
        ("title", json!(""), "empty"),
        ("title", json!(" \n\t"), "empty"),
        ("title", json!("ü".repeat(256)), "255"),
        ("title", json!("a\0b"), "U+0000"),
        ("title", json!(7), "a string"),
        ("title", json!(["x"]), "a string"),
        ("model", json!(""), "empty"),
        ("model", json!("two words"), "spaces"),
        ("model", json!("m".repeat(256)), "255"),
        ("instructions", json!(long_text), "65536"),
        ("instructions", json!("a\0b"), "U+0000"),
    ] {
        let body = json!({field: value});
        for reply in [
            ada.post("/api/conversations", body.clone()).await,
            ada.patch(&path, body.clone()).await,
        ] {
            let json = reply.expect_error(400, "invalid_value");
            assert_eq!(json["error"]["param"], field, "{json}");
            let message = json["error"]["message"].as_str().unwrap();
            assert!(message.contains(bound), "{bound} is not in {message}");
        }
    }
    assert_eq!(ada.get(&path).await.expect(200)["title"], "before");
    // The bounds themselves are allowed, on every engine.
    let most = json!({"title": "😀".repeat(255), "instructions": "a".repeat(64 * 1024), "model": "m".repeat(255)});
    let kept = ada.patch(&path, most.clone()).await.expect(200);
    for field in ["title", "instructions", "model"] {
        assert_eq!(kept[field], most[field], "{field}");
    }
}

async fn pages_follow_each_other_without_gap_or_repetition(world: World) {
    // On a clock that stands still, every conversation has the same time.
    let clock = ManualClock::new();
    let app = TestApp::builder(&world).clock(&clock).start().await;
    let ada = app.user("ada").await;
    let bob = app.user("bob").await;
    assert_eq!(page(&ada, "").await, (vec![], false));
    let mut newest_first = Vec::new();
    for n in 0..23 {
        if n % 5 == 0 {
            clock.advance(Duration::from_micros(1));
        }
        newest_first.insert(0, ada.create_conversation().await);
        bob.create_conversation().await;
    }
    for limit in [1, 2, 7, 23, 24, 100] {
        assert_eq!(pages(&ada, limit, None).await, newest_first, "pages of {limit}");
    }
    assert_eq!(page(&ada, "").await, (newest_first[..20].to_vec(), true), "20 by default");
    let last = newest_first.last().unwrap();
    assert_eq!(page(&ada, &format!("?after={last}")).await, (vec![], false));
}

async fn activity_between_two_pages_hides_nothing(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world).clock(&clock).start().await;
    let ada = app.user("ada").await;
    let mut newest_first = Vec::new();
    for _ in 0..12 {
        clock.advance(Duration::from_secs(1));
        newest_first.insert(0, ada.create_conversation().await);
    }
    let (first, has_more) = page(&ada, "?limit=4").await;
    assert_eq!((first.as_slice(), has_more), (&newest_first[..4], true));

    // One that was shown and one that was not move to the top, one is made, one is deleted.
    clock.advance(Duration::from_secs(1));
    for index in [1, 6] {
        let path = format!("/api/conversations/{}", newest_first[index]);
        ada.patch(&path, json!({"title": "moved"})).await.expect(200);
    }
    let made = ada.create_conversation().await;
    ada.delete_conversation(&newest_first[9]).await;
    let rest = pages(&ada, 4, first.last().cloned()).await;
    let untouched: Vec<_> = [4, 5, 7, 8, 10, 11].map(|n| newest_first[n].clone()).to_vec();
    assert_eq!(rest, untouched);
    let (top, _) = page(&ada, "?limit=3").await;
    assert_eq!(top[0], made);
    assert_eq!(
        top[1..].iter().collect::<BTreeSet<_>>(),
        [&newest_first[1], &newest_first[6]].into()
    );

    // A cursor that moves itself may repeat conversations, but hides none.
    let path = format!("/api/conversations/{}", newest_first[3]);
    ada.patch(&path, json!({"title": "moved"})).await.expect(200);
    let rest: BTreeSet<_> =
        pages(&ada, 4, Some(newest_first[3].clone())).await.into_iter().collect();
    assert!(untouched.iter().all(|id| rest.contains(id)), "{rest:?}");
}

async fn pages_and_cursors_have_bounds(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = ada.create_conversation().await;
    ada.send_and_wait(&id, "hello").await;
    let messages = format!("/api/conversations/{id}/messages");
    for path in ["/api/conversations", messages.as_str()] {
        for limit in [
            "0",
            "101",
            "-1",
            "1000000000",
            "1e9",
            "abc",
            "",
            "+5",
            "5.0",
            "%35x",
            "0x5",
            " 5",
            "٥",
            "99999999999999999999999999",
            "-0",
            "null",
        ] {
            let json =
                ada.get(&format!("{path}?limit={limit}")).await.expect_error(400, "invalid_value");
            assert_eq!(json["error"]["param"], "limit", "{limit}: {json}");
            assert!(json["error"]["message"].as_str().unwrap().contains("1 to 100"), "{json}");
        }
        for limit in ["1", "100", "007", "%31"] {
            ada.get(&format!("{path}?limit={limit}")).await.expect(200);
        }
        for (query, code) in [
            ("?limit=5&limit=6", "invalid_value"),
            ("?offset=5", "unknown_parameter"),
            ("?sort=title", "unknown_parameter"),
            ("?Limit=5", "unknown_parameter"),
            ("?limit=%", "invalid_query"),
            ("?limit=%ff", "invalid_query"),
            ("?limit=5%00", "invalid_query"),
        ] {
            ada.get(&format!("{path}{query}")).await.expect_error(400, code);
        }
    }
    let deleted = ada.create_conversation().await;
    ada.delete_conversation(&deleted).await;
    let unknown = unknown_id("conv");
    let upper = id.to_uppercase();
    let wrong_kind = unknown_id("msg");
    let cut = &id[..36];
    for cursor in ["", "x", cut, &upper, &wrong_kind, &unknown, &deleted] {
        let reply = ada.get(&format!("/api/conversations?after={cursor}")).await;
        let json = reply.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], "after", "{cursor}: {json}");
    }
    ada.get("/api/conversations?before=x").await.expect_error(400, "unknown_parameter");
}

async fn a_list_reads_no_message(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let broken = ada.create_conversation().await;
    let turn = ada.send_and_wait(&broken, "first line").await;
    let whole = ada.create_conversation().await;
    ada.send_and_wait(&whole, "another").await;
    let poison = format!(
        "UPDATE messages SET status = 'nonsense' WHERE conversation_id = {}",
        sql_id(&broken)
    );
    assert!(world.sql().await.execute(&poison).await >= 2);

    // These rows cannot be read at all, and the server says so…
    expect_error("request failed");
    let message = turn["message"]["id"].as_str().unwrap();
    let reply = ada.get(&format!("/api/messages/{message}")).await;
    let json = reply.expect_error(500, "internal_error");
    assert!(!json.to_string().contains("nonsense"), "{json}");
    // … which a list of conversations does not even notice.
    let list = ada.list_conversations().await;
    let titles: Vec<_> = list.iter().map(|conversation| &conversation["title"]).collect();
    assert_eq!(titles, ["another", "first line"]);
    ada.conversation(&broken).await;
    assert_eq!(ada.list_messages(&whole).await.len(), 2);
}

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
    let deleted = ada.delete(&path).await.expect(200);
    assert_eq!(deleted, json!({"id": id, "object": "conversation", "deleted": true}));

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

async fn a_conversation_is_deleted_while_it_is_answered(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let path = "/api/conversations";
    let body = json!({"model": "mock:ticks=9,fault=stall@3"});
    let id = ada.post(path, body).await.expect(201)["id"].as_str().unwrap().to_owned();
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
    let mut sql = world.sql().await;
    for table in ["messages", "responses", "response_events", "conversations"] {
        eventually(&format!("{table} is empty"), async || {
            sql.value(&format!("SELECT COUNT(*) FROM {table}")).await == "0"
        })
        .await;
    }
}
