//! Many at once: nothing is lost, nothing is doubled.

use futures_util::future::join_all;
use serde_json::json;
use testkit::{TestApp, World, eventually};

#[testkit::test]
async fn two_hundred_sends_to_two_hundred_conversations_are_all_answered(world: World) {
    let app = TestApp::start(&world).await;
    let names: Vec<String> = (0..50).map(|n| format!("user{n}")).collect();
    let users = join_all(names.iter().map(|name| app.user(name))).await;
    let sends = users.iter().flat_map(|user| {
        (0..4).map(move |n| async move {
            let conversation = user.create_conversation().await;
            let content = format!("{} says {n}", user.email);
            let turn = super::turn(user, &conversation, &content, "mock:ticks=5").await;
            assert_eq!(turn["message"]["content"], super::ticks(5));
            assert_eq!(turn["user_message"]["content"], content);
        })
    });
    join_all(sends).await;
    let mut sql = world.sql().await;
    assert_eq!(sql.value("SELECT COUNT(*) FROM messages").await, "400");
    let completed = "SELECT COUNT(*) FROM responses WHERE status = 'completed'";
    assert_eq!(sql.value(completed).await, "200");
    let distinct = "SELECT COUNT(DISTINCT content) FROM messages WHERE is_user";
    assert_eq!(sql.value(distinct).await, "200");
    let locked = "SELECT COUNT(*) FROM conversations WHERE active_response_id IS NOT NULL";
    assert_eq!(sql.value(locked).await, "0");
    assert_eq!(app.upstream().calls().len(), 200);
}

#[testkit::test]
async fn of_two_hundred_sends_to_one_conversation_one_is_accepted(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let send = |n: usize| {
        let body = json!({"content": format!("try {n}"), "model": "mock:fault=silent"});
        user.send(
            user.request(reqwest::Method::POST, &path)
                .header("prefer", "respond-async")
                .json(&body),
        )
    };
    let replies = join_all((0..200).map(send)).await;
    let accepted: Vec<_> = replies.iter().filter(|reply| reply.status == 202).collect();
    assert_eq!(accepted.len(), 1);
    let response = accepted[0].json["response"]["id"].as_str().unwrap().to_owned();
    for reply in replies.into_iter().filter(|reply| reply.status != 202) {
        let body = reply.expect_error(409, "conversation_locked");
        assert_eq!(body["error"]["response_id"], response);
    }
    let seqs = "SELECT seq FROM messages ORDER BY seq";
    assert_eq!(world.sql().await.rows(seqs).await, [["0"], ["1"]]);
    user.cancel(&response).await;
    super::turn(&user, &conversation, "free again", "mock:ticks=1").await;
    assert_eq!(world.sql().await.rows(seqs).await, [["0"], ["1"], ["2"], ["3"]]);
    assert_eq!(app.upstream().calls().len(), 2);
}

#[testkit::test]
async fn a_user_has_a_limit_of_running_answers(world: World) {
    let app =
        TestApp::builder(&world).set("CHATAPP_LIMITS__GENERATIONS_PER_USER", "2").start().await;
    let user = app.user("ada").await;
    let mut running = Vec::new();
    for _ in 0..2 {
        let conversation = user.create_conversation().await;
        running.push(super::stream(&user, &conversation, "Go", "mock:fault=silent").await);
    }
    let third = user.create_conversation().await;
    let path = format!("/api/conversations/{third}/messages");
    let refused = user.post(&path, json!({"content": "Go"})).await;
    assert!(refused.header("retry-after").is_some());
    refused.expect_error(429, "rate_limit_exceeded");
    // Others are not affected, and a place is free once an answer has ended.
    let other = app.user("bob").await;
    let conversation = other.create_conversation().await;
    super::turn(&other, &conversation, "Go", "mock:ticks=1").await;
    let response = running[0].response_id().await;
    user.cancel(&response).await;
    eventually("a free place", || async {
        user.post(&path, json!({"content": "Go", "model": "mock:ticks=1"})).await.status == 201
    })
    .await;
}

#[testkit::test]
async fn a_user_has_a_limit_of_open_streams(world: World) {
    let app = TestApp::builder(&world).set("CHATAPP_LIMITS__STREAMS_PER_USER", "2").start().await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut first = super::stream(&user, &conversation, "Go", "mock:fault=silent").await;
    let response = first.response_id().await;
    let second = user.follow(&response, None).await;
    let refused = user.send(user.follow_request(&response, None)).await;
    assert!(refused.header("retry-after").is_some());
    let error = refused.expect_error(429, "rate_limit_exceeded");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("limit of 2 event streams of one user"), "{message}");

    // What is refused has done nothing: the message was not stored.
    let other = user.create_conversation().await;
    let path = format!("/api/conversations/{other}/messages");
    let body = json!({"content": "Go", "model": "mock:ticks=1", "stream": true});
    user.post(&path, body.clone()).await.expect_error(429, "rate_limit_exceeded");
    assert!(user.list_messages(&other).await.is_empty());
    // Without a stream there is nothing to count, and others are not affected.
    super::turn(&user, &other, "Go", "mock:ticks=1").await;
    let bob = app.user("bob").await;
    let bobs = bob.create_conversation().await;
    super::stream(&bob, &bobs, "Go", "mock:ticks=1").await.finish().await;

    // The place of a client that is gone is free, and so is that of an answer that has ended.
    drop(second);
    let follow = || async {
        let reply = user.follow_request(&response, None).send().await.unwrap();
        (reply.status() == 200).then_some(reply)
    };
    let mut second = None;
    eventually("the place of who is gone", async || {
        second = follow().await;
        second.is_some()
    })
    .await;
    user.cancel(&response).await;
    first.finish().await;
    second.unwrap().bytes().await.unwrap();
    eventually("both places", async || {
        let both = (follow().await, follow().await);
        both.0.is_some() && both.1.is_some()
    })
    .await;
}

#[testkit::test]
async fn an_address_has_a_limit_of_open_streams(world: World) {
    let app =
        TestApp::builder(&world).set("CHATAPP_LIMITS__STREAMS_PER_ADDRESS", "1").start().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let conversation = ada.create_conversation().await;
    let mut stream = super::stream(&ada, &conversation, "Go", "mock:fault=silent").await;
    let response = stream.response_id().await;
    let conversation = bob.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let send = |from: &'static str| {
        let body = json!({"content": "Go", "model": "mock:ticks=1", "stream": true});
        let request = bob.request(reqwest::Method::POST, &path).json(&body);
        bob.send(if from.is_empty() { request } else { request.header("x-forwarded-for", from) })
    };
    let error = send("").await.expect_error(429, "rate_limit_exceeded");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("limit of 1 event streams from one address"), "{message}");
    // A proxy on this machine is trusted: whom it names is somewhere else.
    assert_eq!(send("192.0.2.7").await.status, 200);
    ada.cancel(&response).await;
    stream.finish().await;
    eventually("a free place", async || send("").await.status == 200).await;
}
