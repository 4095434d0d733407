//! Messages and answers that say nothing, and providers that want user and assistant to alternate.

use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::World;
use testkit::client::User;

use super::upstream::{self, MODEL, Reply, refuses, says, streams};

/// The seven ways to an answer without words, and more.
fn ways() -> Vec<(&'static str, Reply)> {
    let call = json!({"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
        "function": {"name": "look", "arguments": "{}"}}]});
    vec![
        ("error", refuses(500, "server_error", "no")),
        ("broken off before the first word", streams(&[], None)),
        ("reasoning only", streams(&[json!({"reasoning_content": "Hmm."})], Some("stop"))),
        ("call only", streams(&[call], Some("tool_calls"))),
        ("withheld", streams(&[], Some("content_filter"))),
        ("empty with stop", streams(&[json!({"content": ""})], Some("stop"))),
        ("white space", says(&["\n\n"])),
        ("invisible characters", says(&["\u{feff}", "\u{200b}\u{2060} "])),
    ]
}

/// Whether a strict provider takes these messages: instructions, then user and assistant in turns,
/// a user first and last, and each says something.
fn is_strict(messages: &[(String, String)]) -> bool {
    let spoken = messages.iter().skip_while(|(role, _)| role == "system");
    let roles: Vec<&str> = spoken.map(|(role, _)| role.as_str()).collect();
    let alternate = roles.iter().zip(["user", "assistant"].iter().cycle()).all(|(a, b)| a == b);
    let invisible = |c: char| c.is_whitespace() || "\u{feff}\u{200b}\u{2060}".contains(c);
    alternate
        && roles.last() == Some(&"user")
        && messages.iter().all(|(_, text)| !text.chars().all(invisible))
}

async fn send(user: &User, conversation: &str, content: &str) -> Value {
    super::turn(user, conversation, content, MODEL).await
}

#[testkit::test]
async fn f4_an_answer_without_words_leaves_a_conversation_that_goes_on(world: World) {
    let next = Arc::new(Mutex::new(None::<Reply>));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (script, sent) = (next.clone(), seen.clone());
    let app = upstream::app(&world, move |request| {
        let messages = upstream::messages(request);
        sent.lock().unwrap().push(messages.clone());
        if !is_strict(&messages) {
            let message = "Conversation roles must alternate user/assistant/user/assistant/...";
            return refuses(400, "bad_request", message);
        }
        script.lock().unwrap().take().unwrap_or_else(|| says(&["fine"]))
    })
    .await;
    let user = app.user("ada").await;
    for (way, reply) in ways() {
        // At the first turn, and at a later one.
        for turns_before in [0, 1] {
            let conversation = user.create_conversation().await;
            for _ in 0..turns_before {
                let turn = send(&user, &conversation, "before").await;
                assert_eq!(turn["response"]["status"], "completed", "{way}");
            }
            *next.lock().unwrap() = Some(reply.clone());
            send(&user, &conversation, "the question").await;
            assert_eq!(*next.lock().unwrap(), None, "{way}: {:?}", seen.lock().unwrap());
            for n in 0..2 {
                let turn = send(&user, &conversation, "and now").await;
                let sent = seen.lock().unwrap().last().cloned();
                assert_eq!(turn["response"]["status"], "completed", "{way}, {n}: {sent:?}");
                assert_eq!(turn["message"]["content"], "fine");
            }
        }
    }
}

#[testkit::test]
async fn f3_what_says_nothing_is_not_sent(world: World) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sent = seen.clone();
    let app = upstream::app(&world, move |request| {
        let messages = upstream::messages(request);
        let is_first = messages.len() == 1;
        sent.lock().unwrap().push(messages);
        if is_first { says(&["\n\n"]) } else { says(&["fine"]) }
    })
    .await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}");
    user.patch(&path, json!({"instructions": "  "})).await.expect(200);
    for content in ["  \n", "\u{200b}\u{feff}"] {
        let body = json!({"content": content, "model": MODEL});
        user.post(&format!("{path}/messages"), body).await.expect_error(400, "invalid_value");
    }
    send(&user, &conversation, "one").await;
    send(&user, &conversation, "two").await;
    let seen = seen.lock().unwrap().clone();
    for (role, text) in seen.iter().flatten() {
        assert!(role != "system" && !text.trim().is_empty(), "{seen:?}");
    }
    assert_eq!(seen[0].len(), 1);
}

#[testkit::test]
async fn f25_u0000_from_a_provider_is_one_text_live_stored_and_exported(world: World) {
    let app = upstream::app(&world, |_| {
        let call = json!({"tool_calls": [{"index": 0, "id": "c\0", "type": "function",
            "function": {"name": "lo\0ok", "arguments": "{\"a\":1}"}}]});
        let deltas = [
            json!({"reasoning_content": "hm\0m"}),
            json!({"content": "a\0b"}),
            call,
            json!({"content": "\0c"}),
        ];
        streams(&deltas, Some("stop"))
    })
    .await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let stream = super::stream(&user, &conversation, "Go", MODEL).await;
    let frames = stream.finish().await;
    let expected = "a\u{fffd}b\u{fffd}c";
    assert_eq!(testkit::sse::text_of(&frames), expected);
    let path = format!("/api/conversations/{conversation}");
    let before = user.list_messages(&conversation).await;
    assert_eq!(before[1]["content"], expected);
    assert_eq!(before[1]["reasoning"], "hm\u{fffd}m");
    assert_eq!(before[1]["calls"][0]["name"], "lo\u{fffd}ok");
    assert!(!json!(before).to_string().contains("\\u0000"));

    let export = user.get(&format!("{path}/export")).await;
    assert_eq!(export.status, 200, "{}", export.text);
    assert!(!export.text.contains("\\u0000"));

    let bob = app.user("bob").await;
    let request = bob.request(Method::POST, "/api/import");
    let request = request.header("content-type", "application/octet-stream").body(export.text);
    let reply = bob.send(request).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let taken = bob.list_conversations().await.pop().unwrap();
    let after = bob.list_messages(taken["id"].as_str().unwrap()).await;
    let said = |message: &Value| {
        let calls = message["calls"].as_array().into_iter().flatten();
        let names: Vec<_> = calls.map(|call| call["name"].clone()).collect();
        (message["content"].clone(), message["reasoning"].clone(), names)
    };
    assert_eq!(said(&after[1]), said(&before[1]));
}
