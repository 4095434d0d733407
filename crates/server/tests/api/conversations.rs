//! Conversations: opened, listed, renamed, removed.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::client::User;
use testkit::log::expect_error;
use testkit::{ManualClock, TestApp, World};

use crate::{sql_id, unknown_id};

/// One page: the ids in it and whether more follow.
async fn page(user: &User, query: &str) -> (Vec<String>, bool) {
    let page = user.get(&format!("/api/conversations{query}")).await.expect(200);
    let ids = ids(&page);
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

#[testkit::test]
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
            "pinned": false, "archived": false, "metadata": {},
            "active_response_id": null, "head_id": null, "version": 1,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "deleted_at": null, "purge_at": null,
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
    assert_eq!(changed["updated_at"], made["updated_at"], "only messages are activity");
    assert_eq!(changed["version"], 2);
    assert_eq!(ada.conversation(id).await, changed);
    ada.send_and_wait(id, "hello").await;
    let active = ada.conversation(id).await;
    assert_eq!(active["updated_at"], "2026-01-01T00:00:01.000001Z");

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

#[testkit::test]
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

#[testkit::test]
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
        ("metadata", json!({"k".repeat(65): "v"}), "64"),
        ("metadata", json!({"k": "v".repeat(513)}), "512"),
        ("metadata", json!({"k": "a\0b"}), "U+0000"),
        ("metadata", pairs(17), "16"),
        ("metadata", json!(["k"]), "a map"),
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
    for (field, value, param) in [
        ("pinned", json!(1), "pinned"),
        ("pinned", Value::Null, "pinned"),
        ("archived", json!("true"), "archived"),
        ("archived", Value::Null, "archived"),
        ("metadata", json!({"k": 1}), "metadata.k"),
        ("metadata", json!({"k": null}), "metadata.k"),
    ] {
        let json = ada.patch(&path, json!({field: value})).await.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], param, "{json}");
    }
    ada.post("/api/conversations", json!({"pinned": true}))
        .await
        .expect_error(400, "unknown_parameter");
    ada.patch(&path, json!({"updated_at": 1})).await.expect_error(400, "unknown_parameter");
    assert_eq!(ada.get(&path).await.expect(200)["title"], "before");
    // The bounds themselves are allowed, on every engine.
    let most = json!({"title": "😀".repeat(255), "instructions": "a".repeat(64 * 1024), "model": "m".repeat(255),
        "metadata": pairs(16)});
    let kept = ada.patch(&path, most.clone()).await.expect(200);
    for field in ["title", "instructions", "model", "metadata"] {
        assert_eq!(kept[field], most[field], "{field}");
    }
}

/// Metadata with this many pairs, each as large as one may be.
fn pairs(count: usize) -> Value {
    let key = |n: usize| format!("{n:02}{}", "😀".repeat(62));
    (0..count).map(|n| (key(n), json!("ü".repeat(512)))).collect::<serde_json::Map<_, _>>().into()
}

#[testkit::test]
async fn metadata_is_the_clients_own(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let body = json!({"metadata": {"topic": "sky", "": "", "colour": "\"blue\" 🟦"}});
    let made = ada.post("/api/conversations", body.clone()).await.expect(201);
    assert_eq!(made["metadata"], body["metadata"]);
    let path = format!("/api/conversations/{}", made["id"].as_str().unwrap());
    let changed = ada.patch(&path, json!({"metadata": {"topic": "sea"}})).await.expect(200);
    assert_eq!(changed["metadata"], json!({"topic": "sea"}), "all pairs are replaced");
    let kept = ada.patch(&path, json!({"title": "x"})).await.expect(200);
    assert_eq!(kept["metadata"], changed["metadata"]);
    assert_eq!(ada.list_conversations().await[0]["metadata"], changed["metadata"]);
    let cleared = ada.patch(&path, json!({"metadata": null})).await.expect(200);
    assert_eq!(cleared["metadata"], json!({}));
}

#[testkit::test]
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

#[testkit::test]
async fn activity_between_two_pages_hides_and_repeats_nothing(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world).clock(&clock).start().await;
    let ada = app.user("ada").await;
    let mut newest_first = Vec::new();
    for _ in 0..12 {
        clock.advance(Duration::from_secs(1));
        newest_first.insert(0, ada.create_conversation().await);
    }
    let first = ada.get("/api/conversations?limit=4").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(ids(&first), newest_first[..4]);

    // Two that were shown (the last of the page among them) and one that was not move to the top,
    // one is made, one is deleted.
    clock.advance(Duration::from_secs(1));
    for index in [1, 3, 6] {
        ada.send_and_wait(&newest_first[index], "moved").await;
    }
    let made = ada.create_conversation().await;
    ada.delete_conversation(&newest_first[9]).await;
    let mut rest = Vec::new();
    let mut next = Some(cursor.clone());
    while let Some(after) = next {
        let page = ada.get(&format!("/api/conversations?limit=4&after={after}")).await.expect(200);
        rest.extend(ids(&page));
        next = page["next_cursor"].as_str().map(str::to_owned);
        assert_eq!(next.is_some(), page["has_more"].as_bool().unwrap(), "{page}");
    }
    let untouched: Vec<_> = [4, 5, 7, 8, 10, 11].map(|n| newest_first[n].clone()).to_vec();
    assert_eq!(rest, untouched);
    let top: BTreeSet<_> = page(&ada, "?limit=4").await.0.into_iter().collect();
    let expected = [&made, &newest_first[1], &newest_first[3], &newest_first[6]];
    assert_eq!(top, expected.into_iter().cloned().collect());

    // A conversation as cursor means where it is now, and may repeat others.
    let moved = &newest_first[3];
    let rest: BTreeSet<_> = pages(&ada, 4, Some(moved.clone())).await.into_iter().collect();
    assert!(untouched.iter().all(|id| rest.contains(id)), "{rest:?}");

    // The cursor says nothing of anybody: to somebody else it is a place in a list of their own.
    let bob = app.user("bob").await;
    assert_eq!(page(&bob, &format!("?after={cursor}")).await, (vec![], false));
}

#[testkit::test]
async fn lists_show_what_is_asked_for(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let mut made = Vec::new();
    for n in 0..8 {
        let id = ada.create_conversation().await;
        let change =
            json!({"pinned": n % 2 == 1, "archived": n / 2 % 2 == 1, "title": n.to_string()});
        let changed = ada.patch(&format!("/api/conversations/{id}"), change).await.expect(200);
        assert_eq!(
            (&changed["pinned"], &changed["archived"]),
            (&json!(n % 2 == 1), &json!(n / 2 % 2 == 1))
        );
        made.push(id);
    }
    ada.delete_conversation(&made[7]).await;
    ada.delete_conversation(&made[4]).await;
    for (query, shown) in [
        ("", &[5, 1, 0][..]),
        ("?archived=false", &[5, 1, 0]),
        ("?archived=true", &[6, 3, 2]),
        ("?pinned=true", &[5, 1]),
        ("?pinned=false", &[0]),
        ("?pinned=true&archived=true", &[3]),
        ("?pinned=false&archived=true", &[6, 2]),
        ("?deleted=true", &[4, 7]),
        ("?deleted=true&archived=true", &[7]),
        ("?deleted=true&pinned=false&archived=false", &[4]),
        ("?deleted=false", &[5, 1, 0]),
    ] {
        let expected: Vec<_> = shown.iter().map(|n| made[*n].clone()).collect();
        assert_eq!(page(&ada, query).await.0, expected, "{query}");
    }
    // Pages keep their filter.
    let first = ada.get("/api/conversations?archived=true&limit=2").await.expect(200);
    let after = first["next_cursor"].as_str().unwrap();
    let (rest, has_more) = page(&ada, &format!("?archived=true&limit=2&after={after}")).await;
    assert_eq!((rest, has_more), (vec![made[2].clone()], false));
    for query in ["?archived=yes", "?pinned=1", "?deleted=", "?archived=True"] {
        let path = format!("/api/conversations{query}");
        ada.get(&path).await.expect_error(400, "invalid_value");
    }
}

/// The ids of a page.
fn ids(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().unwrap();
    data.iter().map(|conversation| conversation["id"].as_str().unwrap().to_owned()).collect()
}

#[testkit::test]
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
    let place = format!("page_{:048x}", 7);
    ada.get(&format!("/api/conversations?after={place}")).await.expect(200);
    let (long, short) = (format!("{place}0"), &place[..52]);
    let (no_time, capital) = (place.replace("_0", "_f"), place.replace("_0", "_A"));
    let wrong =
        ["", "x", cut, &upper, &wrong_kind, &unknown, &deleted, &long, short, &no_time, &capital];
    for cursor in wrong {
        let reply = ada.get(&format!("/api/conversations?after={cursor}")).await;
        let json = reply.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], "after", "{cursor}: {json}");
    }
    ada.get("/api/conversations?before=x").await.expect_error(400, "unknown_parameter");
}

#[testkit::test]
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
