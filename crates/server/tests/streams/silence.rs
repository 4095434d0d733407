//! Messages and answers that say nothing.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use testkit::client::User;
use testkit::{Harness, World};

use super::upstream::{self, MODEL, says, streams};

pub(crate) fn stories(harness: Harness) -> Harness {
    harness
        .story("f3_what_says_nothing_is_not_sent", nothing)
        .story("f25_u0000_from_a_provider_is_one_text_live_stored_and_exported", nul)
}

async fn send(user: &User, conversation: &str, content: &str) -> Value {
    super::turn(user, conversation, content, MODEL).await
}

async fn nothing(world: World) {
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

async fn nul(world: World) {
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
}
