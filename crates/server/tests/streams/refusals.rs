//! A provider that takes less than its window says: the answer is tried again with less.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use testkit::client::User;
use testkit::{TestApp, World};

use super::upstream::{self, MODEL, Reply, refuses, says};

/// What a provider was sent, each time: how many messages.
type Sent = Arc<Mutex<Vec<usize>>>;

/// A provider that counts two characters a token in a window of 4,096 tokens.
async fn dense(world: &World) -> (TestApp, Sent) {
    let sent = Sent::default();
    let seen = sent.clone();
    let app = upstream::app(world, move |request| {
        let messages = upstream::messages(request);
        seen.lock().unwrap().push(messages.len());
        let tokens = messages.iter().map(|(_, text)| text.len() / 2).sum::<usize>();
        if tokens > 4096 {
            let message = format!(
                "This model's maximum context length is 4096 tokens. However, your messages \
                 resulted in {tokens} tokens."
            );
            return refuses(400, "context_length_exceeded", &message);
        }
        says(&["fine"])
    })
    .await;
    (app, sent)
}

async fn send(user: &User, conversation: &str, content: &str) -> Value {
    super::turn(user, conversation, content, MODEL).await["response"].clone()
}

async fn context(user: &User, response: &Value) -> Value {
    let id = response["id"].as_str().unwrap();
    user.get(&format!("/api/responses/{id}/context")).await.expect(200)
}

/// Lower-case letters without any sense, which every tokenizer has a hard time with.
fn noise(count: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n * n % 26).unwrap());
    (0..count).map(letter).collect()
}

#[testkit::test]
async fn f1_a_refused_context_is_tried_again_with_less(world: World) {
    let (app, sent) = dense(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    for _ in 0..4 {
        let response = send(&user, &conversation, &noise(2_500)).await;
        assert_eq!(response["status"], "completed", "{response}");
    }
    let response = send(&user, &conversation, "and now five words more").await;
    assert_eq!(response["status"], "completed", "{response}");
    assert_eq!(response["error"], Value::Null);

    // It is told: how often, and what was taken in the end.
    let context = context(&user, &response).await;
    let sent = sent.lock().unwrap().clone();
    let refusals = context["refusals"].as_u64().unwrap();
    let learnt = context["learnt"].as_bool().unwrap();
    assert!(learnt, "{context} {sent:?}");
    assert!(refusals <= 1, "{context} {sent:?}");
    assert_eq!(context["messages_sent"], sent.last().copied().unwrap());
    assert!(context["omitted"]["messages"].as_u64().unwrap() > 0);
    assert!(
        context["tokens"]["total"].as_u64().unwrap()
            <= context["window"]["budget_tokens"].as_u64().unwrap()
    );
}

#[testkit::test]
async fn f1_what_was_learnt_counts_for_the_next_answer(world: World) {
    let (app, sent) = dense(&world).await;
    let user = app.user("ada").await;
    let one = user.create_conversation().await;
    for _ in 0..5 {
        assert_eq!(send(&user, &one, &noise(2_500)).await["status"], "completed");
    }
    let before = sent.lock().unwrap().len();
    assert!(before > 5, "something was refused");
    // The next answer of this model, also elsewhere, is not refused any more.
    for _ in 0..3 {
        let response = send(&user, &one, "hello").await;
        assert_eq!(response["status"], "completed");
        let context = context(&user, &response).await;
        assert_eq!((&context["refusals"], &context["learnt"]), (&json!(0), &json!(true)));
    }
    assert_eq!(sent.lock().unwrap().len(), before + 3);
}

#[testkit::test]
async fn f1_a_message_that_is_too_long_alone_is_refused_once_and_hurts_no_other(world: World) {
    let (app, sent) = dense(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    assert_eq!(send(&user, &conversation, "one").await["status"], "completed");
    let before = sent.lock().unwrap().len();
    let response = send(&user, &conversation, &noise(20_000)).await;
    assert_eq!(response["error"]["code"], "context_length_exceeded");
    let tried = sent.lock().unwrap()[before..].to_vec();
    assert!(tried.len() <= 8, "{tried:?}");
    assert_eq!(tried.last(), Some(&1), "the message alone was tried: {tried:?}");
    // It is part of the history now, and the conversation goes on all the same.
    let response = send(&user, &conversation, "two").await;
    assert_eq!(response["status"], "completed", "{response}");
    // A short conversation is not cut by what was learnt from that.
    let other = user.create_conversation().await;
    for n in 1..4 {
        let response = send(&user, &other, "hello").await;
        assert_eq!(response["context"]["messages_sent"], 2 * n - 1);
    }
}

#[testkit::test]
async fn f1_nothing_is_tried_again_after_a_word(world: World) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let app = upstream::app(&world, move |_| -> Reply {
        if counted.fetch_add(1, Ordering::Relaxed) == 0 {
            return says(&["fine"]);
        }
        let (status, body) = upstream::streams(&[json!({"content": "a word"})], None);
        let error = json!({"code": "context_length_exceeded", "message": "too long"});
        (status, format!("{body}data: {}\n\n", json!({"error": error})))
    })
    .await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    send(&user, &conversation, "one").await;
    let response = send(&user, &conversation, "two").await;
    assert_eq!(response["status"], "failed");
    assert_eq!(response["error"]["code"], "context_length_exceeded");
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let messages = user.list_messages(&conversation).await;
    assert_eq!(messages[3]["content"], "a word");
}
