//! Search: the same answers on every engine, for the same user only, and never about what is gone.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::User;
use testkit::sql::Sql;
use testkit::{Engine, TestApp, World, eventually};

use crate::sql_id;

/// The path of a search, with every byte of its parameters escaped.
fn path(query: &[(&str, &str)]) -> String {
    let pairs = query.iter().map(|(name, value)| {
        let escaped: Vec<String> = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
        format!("{name}={}", escaped.concat())
    });
    format!("/api/search?{}", pairs.collect::<Vec<_>>().join("&"))
}

async fn page(user: &User, query: &[(&str, &str)]) -> Value {
    user.get(&path(query)).await.expect(200)
}

/// The snippets that a query finds, on one page.
async fn found(user: &User, q: &str) -> Vec<String> {
    let page = page(user, &[("q", q), ("limit", "100")]).await;
    assert_eq!(page["has_more"], false, "{q}: {page}");
    let data = page["data"].as_array().unwrap();
    data.iter().map(|result| result["snippet"].as_str().unwrap().to_owned()).collect()
}

/// A conversation whose answers do not repeat the question.
async fn titled(user: &User, title: Option<&str>) -> String {
    let body = json!({"title": title, "model": "mock:ticks=1"});
    let conversation = user.post("/api/conversations", body).await.expect(201);
    conversation["id"].as_str().unwrap().to_owned()
}

/// The same with a title that says nothing.
async fn conversation(user: &User) -> String {
    titled(user, Some("+")).await
}

/// Texts, and what finds which of them in which order.
const CORPUS: [&str; 16] = [
    "The sky is blue because blue light is scattered.",
    "A blue sky over the sea",
    "今日は日本語を学ぶ。",
    "搜索引擎支持中文吗",
    "나는 한국어를 배운다",
    "Die Straße zum Café",
    "let user = x.getUserName(); // foo_bar",
    "use std::vec::Vec; in C++ or C#",
    "He said \"so what\", didn't he?",
    "100% of _ and % and *",
    "Go or go home, said the AI",
    "The other theatre is in the city",
    "a b c d e f g h i j k l",
    "to be or not to be, that is it",
    "I like 🦀 and 👍🏽",
    "Привет, мир! Ёжик",
];

const QUERIES: &[(&str, &[usize])] = &[
    ("blue sky", &[1, 0]),
    ("sky blue", &[1, 0]),
    ("BLU", &[1, 0]),
    ("the", &[11, 10, 1, 0]),
    // Two characters, and one.
    ("日本", &[2]),
    ("本語", &[2]),
    ("語", &[2]),
    ("日語", &[]),
    ("中文", &[3]),
    ("搜索 中文", &[3]),
    ("한국", &[4]),
    ("국어", &[4]),
    ("go", &[10]),
    ("ai", &[10]),
    ("or", &[13, 10, 7]),
    // Short and frequent words, which the FULLTEXT of some engines forgets.
    ("to be or not to be", &[13]),
    ("is it", &[13]),
    ("a", &[12, 1]),
    ("c", &[12, 7]),
    // Accents, case, other scripts.
    ("strasse", &[5]),
    ("CAFE", &[5]),
    ("café", &[5]),
    ("мир", &[15]),
    ("ежик", &[15]),
    // Code.
    ("username", &[6]),
    ("getusername", &[6]),
    ("foo_bar", &[6]),
    ("bar", &[6]),
    ("std::vec", &[7]),
    ("c++", &[7]),
    ("c#", &[7]),
    ("getUserName()", &[6]),
    // Signs mean themselves, whatever SQL and search engines make of them.
    ("%", &[9]),
    ("100%", &[9]),
    ("_", &[9, 6]),
    ("*", &[9]),
    ("\"so what\"", &[8]),
    ("didn’t", &[8]),
    ("\"", &[8]),
    ("sky OR sea", &[]),
    ("sky NOT blue", &[]),
    ("bl*", &[]),
    ("' OR 1=1 --", &[]),
    ("🦀", &[14]),
    ("👍", &[14]),
    ("nowhere", &[]),
];

#[testkit::test]
async fn a_shared_corpus_gives_the_same_answers(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = conversation(&ada).await;
    for text in CORPUS {
        ada.send_and_wait(&id, text).await;
    }
    for (query, expected) in QUERIES {
        let expected: Vec<&str> = expected.iter().map(|n| CORPUS[*n]).collect();
        assert_eq!(found(&ada, query).await, expected, "{query}");
    }
}

#[testkit::test]
async fn a_result_says_where_and_what(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = ada.create_conversation().await;
    let text = format!("{}\n\n🦀 **a  needle** here {}", "before ".repeat(50), "after ".repeat(99));
    let turn = ada.send_and_wait(&id, &text).await;
    ada.patch(&format!("/api/conversations/{id}"), json!({"title": "My needles"}))
        .await
        .expect(200);

    let page = page(&ada, &[("q", "needle")]).await;
    assert_eq!((&page["object"], &page["has_more"]), (&json!("list"), &json!(false)), "{page}");
    assert_eq!((&page["indexing"], page.get("next_cursor")), (&json!(false), None), "{page}");
    let [title, message] = &page["data"].as_array().unwrap()[..] else { panic!("{page}") };
    let conversation = ada.conversation(&id).await;
    assert_eq!(
        title,
        &json!({
            "type": "title", "conversation_id": id, "conversation_title": "My needles",
            "message_id": null, "role": null, "snippet": "My needles",
            "highlights": [{"start": 3, "end": 10}], "created_at": conversation["created_at"],
        })
    );
    assert_eq!((&message["type"], &message["role"]), (&json!("message"), &json!("user")));
    assert_eq!(message["conversation_title"], "My needles");
    assert_eq!(message["conversation_id"], id.as_str());
    assert_eq!(message["message_id"], turn["user_message"]["id"]);
    assert_eq!(message["created_at"], turn["user_message"]["created_at"]);
    let snippet = message["snippet"].as_str().unwrap();
    assert!(snippet.starts_with('…') && snippet.ends_with('…'), "{snippet}");
    assert!(snippet.contains("before 🦀 **a needle** here after"), "{snippet}");
    let utf16: Vec<u16> = snippet.encode_utf16().collect();
    let [highlight] = &message["highlights"].as_array().unwrap()[..] else { panic!("{message}") };
    let at = |name: &str| usize::try_from(highlight[name].as_u64().unwrap()).unwrap();
    assert_eq!(String::from_utf16(&utf16[at("start")..at("end")]).unwrap(), "needle");
}

#[testkit::test]
async fn titles_follow_their_conversation(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = titled(&ada, Some("Winter plans")).await;
    let path = format!("/api/conversations/{id}");
    assert_eq!(found(&ada, "winter").await, ["Winter plans"]);
    ada.patch(&path, json!({"title": "Summer plans"})).await.expect(200);
    assert_eq!(found(&ada, "winter").await, Vec::<String>::new());
    assert_eq!(found(&ada, "summer").await, ["Summer plans"]);
    ada.patch(&path, json!({"title": null})).await.expect(200);
    assert_eq!(found(&ada, "summer").await, Vec::<String>::new());
    // The first message gives one.
    ada.send_and_wait(&id, "autumn\nleaves").await;
    assert_eq!(found(&ada, "autumn").await, ["autumn", "autumn leaves"]);
    ada.delete(&path).await.expect(200);
    assert_eq!(found(&ada, "autumn").await, Vec::<String>::new());
    ada.post(&format!("{path}/restore"), json!({})).await.expect(200);
    assert_eq!(found(&ada, "autumn").await, ["autumn", "autumn leaves"]);
}

#[testkit::test]
async fn an_answer_is_found_when_it_has_ended(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = conversation(&ada).await;
    let body = json!({"content": "echo this: Fernweh", "model": "mock:echo"});
    ada.post(&format!("/api/conversations/{id}/messages"), body).await.expect(201);
    assert_eq!(found(&ada, "fernweh").await.len(), 2, "the question and the answer");
    // What a stop cuts off keeps its text.
    let body = json!({"content": "go on", "model": "mock:ticks=5000,rate=200", "stream": true});
    let path = format!("/api/conversations/{id}/messages");
    let mut stream = ada.stream(ada.request(Method::POST, &path).json(&body)).await;
    let response = stream.response_id().await;
    eventually("it has said something", async || {
        let mut sql = world.sql().await;
        let count = sql.value("SELECT COUNT(*) FROM response_events WHERE payload LIKE '%tick 3%'");
        count.await != "0"
    })
    .await;
    assert_eq!(found(&ada, "\"tick 3\"").await, Vec::<String>::new());
    assert_eq!(found(&ada, "tick 3").await, Vec::<String>::new(), "it is still being said");
    ada.cancel(&response).await;
    assert_eq!(found(&ada, "tick 3").await.len(), 1);
}

#[testkit::test]
async fn every_branch_is_found_and_nothing_deleted(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = conversation(&ada).await;
    let path = format!("/api/conversations/{id}/messages");
    let first = ada.send_and_wait(&id, "zebra one").await;
    ada.send_and_wait(&id, "zebra below").await;
    ada.post(&path, json!({"content": "zebra two", "parent_id": null})).await.expect(201);
    assert_eq!(found(&ada, "zebra").await, ["zebra two", "zebra below", "zebra one"]);
    let message = first["user_message"]["id"].as_str().unwrap();
    ada.delete(&format!("/api/messages/{message}")).await.expect(200);
    assert_eq!(found(&ada, "zebra").await, ["zebra two"]);
    ada.remove_conversation(&id).await;
    assert_eq!(found(&ada, "zebra").await, Vec::<String>::new());
    let mut sql = world.sql().await;
    eventually("nothing of it is left", async || {
        sql.value("SELECT COUNT(*) FROM search_docs").await == "0"
    })
    .await;
    if world.engine() == Engine::Sqlite {
        let terms = "SELECT COUNT(*) FROM search_index WHERE search_index MATCH 'm* OR t*'";
        assert_eq!(sql.value(terms).await, "0", "the index has forgotten it, too");
    }
}

#[testkit::test]
async fn nobody_finds_what_is_somebody_elses(world: World) {
    let app = TestApp::start(&world).await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    for user in [&ada, &bob] {
        let id = titled(user, None).await;
        for n in 0..3 {
            user.send_and_wait(&id, &format!("password {n} of {}", user.email)).await;
        }
    }
    for (user, other) in [(&ada, &bob), (&bob, &ada)] {
        let mine = found(user, "password").await;
        assert_eq!(mine.len(), 4, "a title and three messages: {mine:?}");
        assert!(mine.iter().all(|text| text.contains(&user.email)), "{mine:?}");
        assert_eq!(found(user, &other.email).await, Vec::<String>::new());
        // A page of the other one leads nowhere else.
        let theirs = page(other, &[("q", "password"), ("limit", "2")]).await;
        let cursor = theirs["next_cursor"].as_str().unwrap();
        let page = page(user, &[("q", "password"), ("cursor", cursor)]).await;
        assert!(!page.to_string().contains(&other.email), "{page}");
    }
}

/// Puts `count` messages into a conversation, by SQL, as a release without search left them.
async fn fill(sql: &mut Sql, conversation: &str, count: u32, text: impl Fn(u32) -> String) {
    let conversation = sql_id(conversation);
    for step in (0..count).collect::<Vec<_>>().chunks(100) {
        let rows: Vec<String> = step
            .iter()
            .map(|n| {
                format!(
                    "({conversation}, {}, X'{:032x}', 0, 'message', 'user', 1, 'completed', '{}', \
                     '2026-01-02 03:{:02}:{:02}.000000', '2026-01-02 03:04:05.000000')",
                    n + 1000,
                    u128::from(*n) + 0xabcd_0000,
                    text(*n),
                    n / 60,
                    n % 60
                )
            })
            .collect();
        sql.execute(&format!(
            "INSERT INTO messages (conversation_id, seq, id, depth, type, role, is_user, status, \
             content, created_at, updated_at) VALUES {}",
            rows.join(", ")
        ))
        .await;
    }
    sql.execute("DELETE FROM meta WHERE name = 'search_backlog'").await;
}

/// Waits until everything can be found.
async fn indexed(user: &User) {
    eventually("everything can be found", async || {
        page(user, &[("q", "x")]).await["indexing"] == false
    })
    .await;
}

#[testkit::test]
async fn pages_neither_repeat_nor_forget(world: World) {
    const COUNT: u32 = 450;
    let mut app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = conversation(&ada).await;
    let text = |n| match n % 2 {
        0 => format!("needle thread {n}"),
        _ => format!("thread and needle {n}"),
    };
    fill(&mut world.sql().await, &id, COUNT, text).await;
    app.restart().await;
    let ada = app.anonymous().login(&ada.email).await;
    indexed(&ada).await;

    let mut seen: Vec<String> = Vec::new();
    let mut cursor: Option<String> = None;
    let mut pages = 0;
    loop {
        let mut query = vec![("q", "needle thread"), ("limit", "70")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = page(&ada, &query).await;
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 70, "{}", data.len());
        seen.extend(data.iter().map(|hit| hit["snippet"].as_str().unwrap().to_owned()));
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        assert_eq!(page["has_more"], cursor.is_some(), "{page}");
        if pages == 0 {
            // What comes now is not in the way, and what goes is not missed.
            ada.send_and_wait(&id, "needle thread, too late").await;
            world
                .sql()
                .await
                .execute("DELETE FROM messages WHERE content = 'needle thread 0'")
                .await;
        }
        pages += 1;
        if cursor.is_none() {
            break;
        }
    }
    assert!(pages >= 7, "{pages}");
    // The newest 200 are put in order first: the phrase, and the newer before the older.
    let order = |range: std::ops::Range<u32>| {
        let even = range.clone().rev().filter(|n| n % 2 == 0);
        even.chain(range.rev().filter(|n| n % 2 == 1)).map(text)
    };
    let expected: Vec<String> = order(250..450).chain(order(50..250)).chain(order(1..50)).collect();
    assert_eq!(seen, expected);
}

#[testkit::test]
async fn older_messages_become_found_after_an_update(world: World) {
    let mut app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = titled(&ada, None).await;
    ada.send_and_wait(&id, "tangerine dream").await;
    let before = page(&ada, &[("q", "tangerine")]).await;
    assert_eq!(before["data"].as_array().unwrap().len(), 2, "{before}");
    // As a release without search left it, with more messages than one step takes.
    let mut sql = world.sql().await;
    sql.execute("DELETE FROM search_docs").await;
    assert_eq!(found(&ada, "tangerine").await, Vec::<String>::new());
    fill(&mut sql, &id, 130, |n| format!("clementine {n}")).await;
    app.crash().await;
    let ada = app.anonymous().login(&ada.email).await;
    indexed(&ada).await;
    assert_eq!(page(&ada, &[("q", "tangerine")]).await, before);
    let count = "SELECT COUNT(*) FROM search_docs";
    let docs = sql.value(count).await;
    assert_eq!(docs, "133", "a title, a turn, and the others");
    // Done once, it is not begun again.
    app.restart().await;
    let ada = app.anonymous().login(&ada.email).await;
    indexed(&ada).await;
    assert_eq!(sql.value(count).await, docs);
    assert_eq!(page(&ada, &[("q", "tangerine")]).await, before);
}

#[testkit::test(servers)]
async fn what_lies_far_back_is_on_a_later_page(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = conversation(&ada).await;
    ada.send_and_wait(&id, "an old needle").await;
    let mut sql = world.sql().await;
    let row = format!("({}, {}, NULL, 0, ' hay ')", sql_id(&ada.id), sql_id(&id));
    let rows = vec![row; 3000].join(", ");
    for _ in 0..18 {
        let insert = "INSERT INTO search_docs (user_id, conversation_id, seq, is_title, terms)";
        sql.execute(&format!("{insert} VALUES {rows}")).await;
    }
    let mut cursor: Option<String> = None;
    for _ in 0..10 {
        let mut query = vec![("q", "needle")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = page(&ada, &query).await;
        if let [hit] = &page["data"].as_array().unwrap()[..] {
            assert_eq!(hit["snippet"], "an old needle");
            return;
        }
        cursor = Some(page["next_cursor"].as_str().unwrap().to_owned());
    }
    panic!("it was not found");
}

#[testkit::test]
async fn what_cannot_be_looked_for_is_explained(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let long = "x".repeat(257);
    let many = "x ".repeat(17);
    for (query, param) in [
        (vec![("q", "")], "q"),
        (vec![("q", " \t\u{200b} ")], "q"),
        (vec![("q", long.as_str())], "q"),
        (vec![("q", many.as_str())], "q"),
        (vec![("q", "x"), ("cursor", "page_1")], "cursor"),
        (vec![("q", "x"), ("limit", "0")], "limit"),
        (vec![("q", "x"), ("limit", "101")], "limit"),
    ] {
        let reply = ada.get(&path(&query)).await;
        let json = reply.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], param, "{json}");
    }
    let none = ada.get("/api/search").await;
    none.expect_error(400, "missing_required_parameter");
    let other = ada.get("/api/search?q=x&after=1").await;
    other.expect_error(400, "unknown_parameter");
}
