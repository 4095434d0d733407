//! One request makes a conversation with its first message (`POST /api/messages`), or nothing.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Reply, User};
use testkit::{TestApp, World};

const PATH: &str = "/api/messages";

async fn post(user: &User, key: &str, body: &Value) -> Reply {
    user.send(user.request(Method::POST, PATH).header("idempotency-key", key).json(body)).await
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

#[testkit::test]
async fn w1_one_request_makes_a_conversation_with_its_first_message(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = json!({
        "instructions": "Be brief.", "model": "mock:ticks=2", "metadata": {"color": "blue"},
    });
    let body = json!({
        "content": "Why is it blue?\nTell me.", "model": "mock:echo", "conversation": conversation,
    });
    let reply = ada.post(PATH, body).await;
    let location = reply.header("location").unwrap().to_owned();
    let turn = reply.expect(201);
    assert_eq!(location, format!("/api/messages/{}", id(&turn["message"])));
    assert_eq!(turn["message"]["content"], "Why is it blue?\nTell me.");
    assert_eq!(turn["response"]["status"], "completed");
    assert_eq!(turn["response"]["instructions"], "Be brief.");

    let opened = turn["user_message"]["conversation_id"].as_str().unwrap();
    assert_eq!(turn["response"]["conversation"]["id"], opened);
    assert_eq!(ada.list_conversations().await.len(), 1);
    let stored = ada.conversation(opened).await;
    assert_eq!(
        (&stored["title"], &stored["title_source"]),
        (&json!("Why is it blue?"), &json!("first_line"))
    );
    assert_eq!(
        (&stored["model"], &stored["metadata"]),
        (&json!("mock:ticks=2"), &json!({"color": "blue"}))
    );
    assert_eq!(
        (&stored["head_id"], &stored["active_response_id"]),
        (&turn["message"]["id"], &Value::Null)
    );
    let messages = ada.list_messages(opened).await;
    assert_eq!(messages, [turn["user_message"].clone(), turn["message"].clone()]);
    assert_eq!((&messages[0]["seq"], &messages[1]["seq"]), (&json!(0), &json!(1)));
    let call = app.upstream().calls().pop().unwrap();
    assert_eq!(call.messages[0], ("system".to_owned(), "Be brief.".to_owned()));

    // Its own title stays, and both are found; the next message goes on with its model.
    let body = json!({"content": "porcupine", "conversation": {"title": "Aardvark", "model": "mock:ticks=3"}});
    let turn = ada.post(PATH, body).await.expect(201);
    assert_eq!(turn["message"]["content"], "tick 0 \ntick 1 \ntick 2 \n");
    let opened = turn["user_message"]["conversation_id"].as_str().unwrap();
    let stored = ada.conversation(opened).await;
    assert_eq!((&stored["title"], &stored["title_source"]), (&json!("Aardvark"), &json!("user")));
    for word in ["porcupine", "aardvark"] {
        let hits = ada.get(&format!("/api/search?q={word}")).await.expect(200);
        assert_eq!(hits["data"].as_array().unwrap().len(), 1, "{word}: {hits}");
    }
}

#[testkit::test]
async fn w1_a_first_message_is_followed_or_left_to_itself(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let body = json!({"content": "Go", "model": "mock:ticks=4", "stream": true});
    let stream = ada.stream(ada.request(Method::POST, PATH).json(&body)).await;
    let frames = stream.finish().await;
    testkit::validator::assert_valid(&frames);
    let opened = frames[0].json()["response"]["conversation"]["id"].as_str().unwrap().to_owned();
    assert_eq!(ada.list_messages(&opened).await[1]["content"], testkit::sse::text_of(&frames));

    let body = json!({"content": "Go", "model": "mock:ticks=9,fault=stall@3"});
    let request = ada.request(Method::POST, PATH).header("prefer", "respond-async").json(&body);
    let reply = ada.send(request).await;
    let location = reply.header("location").unwrap().to_owned();
    let turn = reply.expect(202);
    assert_eq!(location, format!("/api/responses/{}", id(&turn["response"])));
    let opened = turn["user_message"]["conversation_id"].as_str().unwrap();
    assert_eq!(ada.conversation(opened).await["active_response_id"], turn["response"]["id"]);
    ada.cancel(&id(&turn["response"])).await;
}

#[testkit::test]
async fn w1_a_first_message_that_is_refused_leaves_nothing(world: World) {
    let app = TestApp::builder(&world)
        .set("CHATAPP_LIMITS__GENERATIONS_PER_USER", "1")
        .set("CHATAPP_SERVER__MAX_BODY_BYTES", "700000")
        .start()
        .await;
    let ada = app.user("ada").await;
    let with = |conversation: Value| json!({"content": "x", "conversation": conversation});
    for (body, code, param) in [
        (json!({"content": " \n"}), "invalid_value", "content"),
        (json!({"content": "a".repeat(524_289)}), "invalid_value", "content"),
        (json!({"content": "a".repeat(520_000)}), "context_length_exceeded", "content"),
        (json!({}), "missing_required_parameter", "content"),
        (json!({"content": "x", "parent_id": null}), "unknown_parameter", "parent_id"),
        (with(json!({"title": "t".repeat(256)})), "invalid_value", "conversation.title"),
        (
            with(json!({"metadata": {"k": "v".repeat(513)}})),
            "invalid_value",
            "conversation.metadata",
        ),
        (with(json!({"pinned": true})), "unknown_parameter", "conversation.pinned"),
        (with(json!({"title": 5})), "invalid_value", "conversation.title"),
    ] {
        let json = ada.post(PATH, body).await.expect_error(400, code);
        assert_eq!(json["error"]["param"], param, "{json}");
    }
    let body = json!({"content": "a".repeat(800_000)});
    ada.post(PATH, body).await.expect_error(413, "request_too_large");
    let key = ada.with_key(&["read"]).await;
    key.post(PATH, json!({"content": "x"})).await.expect_error(403, "insufficient_scope");
    let mut sql = world.sql().await;
    assert_eq!(sql.value("SELECT COUNT(*) FROM conversations").await, "0");

    let other = ada.create_conversation().await;
    let slow = json!({"content": "Go", "model": "mock:ticks=9,fault=stall@3"});
    let request = ada.request(Method::POST, &format!("/api/conversations/{other}/messages"));
    let running = ada.send(request.header("prefer", "respond-async").json(&slow)).await.expect(202);
    ada.post(PATH, json!({"content": "x"})).await.expect_error(429, "rate_limit_exceeded");
    ada.cancel(&id(&running["response"])).await;
    assert_eq!(sql.value("SELECT COUNT(*) FROM conversations").await, "1");
    assert_eq!(sql.value("SELECT COUNT(*) FROM messages").await, "2");
    assert!(app.upstream().calls().len() <= 1, "nobody else was asked");
}

#[testkit::test]
async fn w1_a_first_message_sent_many_times_is_one_conversation(world: World) {
    let app =
        TestApp::builder(&world).set("CHATAPP_LIMITS__GENERATIONS_PER_USER", "20").start().await;
    let ada = app.user("ada").await;
    let body =
        json!({"content": "Go", "model": "mock:ticks=9,rate=50", "conversation": {"title": "One"}});
    let replies = join_all((0..8).map(|_| post(&ada, "k1", &body))).await;
    let replayed = replies.iter().filter(|reply| reply.header("idempotency-replayed").is_some());
    assert_eq!(replayed.count(), 7);
    let turns: Vec<Value> = replies.into_iter().map(|reply| reply.expect(201)).collect();
    assert!(turns.iter().all(|turn| turn == &turns[0]), "{turns:#?}");
    assert_eq!(app.upstream().calls().len(), 1);
    assert_eq!(ada.list_conversations().await.len(), 1);

    // The same key means the same request: nothing else, here or elsewhere.
    for other in [
        json!({"content": "Stop", "model": "mock:ticks=9,rate=50", "conversation": {"title": "One"}}),
        json!({"content": "Go", "model": "mock:ticks=9,rate=50", "conversation": {"title": "Two"}}),
        json!({"content": "Go", "model": "mock:ticks=9,rate=50"}),
    ] {
        post(&ada, "k1", &other).await.expect_error(422, "idempotency_key_reused");
    }
    let opened = turns[0]["user_message"]["conversation_id"].as_str().unwrap();
    let path = format!("/api/conversations/{opened}/messages");
    let request = ada.request(Method::POST, &path).header("idempotency-key", "k1");
    let body = json!({"content": "Go", "model": "mock:ticks=9,rate=50"});
    ada.send(request.json(&body)).await.expect_error(422, "idempotency_key_reused");
    assert_eq!(ada.list_conversations().await.len(), 1);

    // Somebody else's key is another one, and what was deleted is not made again.
    let bob = app.user("bob").await;
    let body = json!({"content": "Hi", "model": "mock:echo"});
    let theirs = post(&bob, "k1", &body).await.expect(201);
    let theirs = theirs["user_message"]["conversation_id"].as_str().unwrap();
    bob.remove_conversation(theirs).await;
    post(&bob, "k1", &body).await.expect_error(404, "not_found");
    assert!(bob.list_conversations().await.is_empty());
}

#[testkit::test]
async fn w1_a_repetition_after_a_crash_finds_the_first(world: World) {
    let mut app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let body = json!({"content": "Go", "model": "mock:ticks=3"});
    let first = post(&ada, "k1", &body).await.expect(201);
    app.crash().await;
    let ada = app.anonymous().login(&ada.email).await;
    assert_eq!(post(&ada, "k1", &body).await.expect(201), first);
    assert_eq!(ada.list_conversations().await.len(), 1);
    assert_eq!(app.upstream().calls().len(), 1);
}
