//! Why an answer knew what it knew: `GET /api/responses/{id}/context`.

use serde_json::{Value, json};
use testkit::client::User;
use testkit::{TestApp, World, eventually};

use super::context::fill;

async fn explain(user: &User, turn: &Value) -> Value {
    let id = turn["response"]["id"].as_str().unwrap();
    user.get(&format!("/api/responses/{id}/context")).await.expect(200)
}

fn numbers(values: &Value) -> Vec<u64> {
    values.as_array().unwrap().iter().map(|message| message["tokens"].as_u64().unwrap()).collect()
}

/// A model whose tokenizer is known, in a window of 1,000 tokens, half of it for the answer.
async fn small_window(world: &World) -> TestApp {
    TestApp::builder(world)
        .set("CHATAPP_PROVIDER__CONTEXT_TOKENS", "1000")
        .set("CHATAPP_PROVIDER__OUTPUT_RESERVE_TOKENS", "500")
        .set("OPENAI_MODEL", "gpt-4o")
        .start()
        .await
}

#[testkit::test]
async fn what_was_sent_is_explained_to_the_token(world: World) {
    let app = small_window(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}");
    user.patch(&path, json!({"instructions": "tiktoken is great!"})).await.expect(200);
    fill(&mut world.sql().await, world.engine(), &conversation, 300).await;
    let turn = super::turn(&user, &conversation, "hello world", "gpt-4o").await;
    let sent = app.upstream().calls().pop().unwrap().messages;
    let context = explain(&user, &turn).await;

    assert_eq!(context["model"], "gpt-4o");
    assert_eq!(
        context["window"],
        json!({"context_tokens": 1000, "output_reserve_tokens": 500, "budget_tokens": 500})
    );
    assert_eq!(context["tokens"]["tokenizer"], "o200k_base");
    assert_eq!(context["tokens"]["estimated"], false);
    // Six tokens, and four for the marks around a message.
    assert_eq!(context["tokens"]["instructions"], 10);
    let listed = numbers(&context["messages"]);
    // All of `message 234` are three tokens; the last one is two.
    assert_eq!((listed[0], listed[listed.len() - 1]), (7, 6));
    assert_eq!(listed.iter().sum::<u64>(), context["tokens"]["messages"].as_u64().unwrap());
    let total = context["tokens"]["total"].as_u64().unwrap();
    assert_eq!(total, 10 + 3 + listed.iter().sum::<u64>());
    // It is full: one more would not have fitted.
    assert!(total <= 500 && total + 7 > 500, "{total}");
    assert_eq!(context["omitted"]["newest"]["tokens"], 7);
    assert_eq!(context["omitted"]["reason"], "window");

    // What is said to have been sent was sent.
    assert_eq!(context["messages_sent"], sent.len() - 1, "the instructions are no message");
    assert_eq!(listed.len(), sent.len() - 1);
    assert_eq!(context["omitted"]["messages"], 301 - listed.len());
    let first = format!("message {}", context["messages"][0]["seq"]);
    assert_eq!(sent[1].1, first);
    assert_eq!(context["messages"][0]["role"], json!(sent[1].0));
    assert_eq!((&context["messages_deleted"], &context["has_more"]), (&json!(0), &json!(false)));
    let reported = &turn["response"]["usage"]["input_tokens"];
    assert_eq!(context["reported_input_tokens"], *reported);
}

/// A window of 500 tokens. What has fewer bytes fits, whatever its tokens are.
#[testkit::test]
async fn nothing_is_counted_far_from_the_window(world: World) {
    let app = small_window(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    for (content, tokenizer, tokens) in
        [("hello world", "estimate", 3), (&"a ".repeat(250), "o200k_base", 251)]
    {
        let turn = super::turn(&user, &conversation, content, "gpt-4o").await;
        let context = explain(&user, &turn).await;
        assert_eq!(context["tokens"]["tokenizer"], tokenizer);
        assert_eq!(context["tokens"]["estimated"], tokenizer == "estimate");
        assert_eq!(numbers(&context["messages"]).pop(), Some(tokens + 4), "{context}");
    }
}

#[testkit::test]
async fn an_explanation_outlives_configurations_and_messages(world: World) {
    let app = small_window(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    fill(&mut world.sql().await, world.engine(), &conversation, 300).await;
    let turn = super::turn(&user, &conversation, "hello world", "gpt-4o").await;
    let before = explain(&user, &turn).await;
    app.finish().await;

    // Another window, another way to count, another default.
    let app = TestApp::builder(&world)
        .set("CHATAPP_PROVIDER__CONTEXT_TOKENS", "4000")
        .set("CHATAPP_PROVIDER__OUTPUT_RESERVE_TOKENS", "16")
        .set("CHATAPP_PROVIDERS__OPENAI__TOKENIZER", "estimate")
        .start()
        .await;
    let user = app.anonymous().login("ada@example.org").await;
    super::turn(&user, &conversation, "another one", "mock:ticks=1").await;
    assert_eq!(explain(&user, &turn).await, before);

    // The oldest ten of what was sent are deleted by hand.
    let first = before["messages"][0]["seq"].as_i64().unwrap();
    let id = format!("X'{}'", conversation.strip_prefix("conv_").unwrap());
    let mut sql = world.sql().await;
    sql.execute(&format!(
        "DELETE FROM messages WHERE conversation_id = {id} AND seq < {}",
        first + 10
    ))
    .await;
    let after = explain(&user, &turn).await;
    assert_eq!(after["messages_sent"], before["messages_sent"]);
    assert_eq!(after["tokens"], before["tokens"]);
    assert_eq!(after["messages_deleted"], 10);
    assert_eq!(after["omitted"]["messages"], before["omitted"]["messages"]);
    assert_eq!(after["omitted"]["newest"], Value::Null, "it is gone, too");
    assert_eq!(after["messages"][0]["seq"], first + 10);
}

#[testkit::test]
async fn a_context_is_explained_while_the_model_thinks(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let body = json!({"model": "mock:fault=silent"});
    let conversation = user.post("/api/conversations", body).await.expect(201);
    let response = user.send_async(conversation["id"].as_str().unwrap(), "hello world").await;
    app.upstream().wait_for("the call", |calls| calls.first().map(|_| ())).await;
    // The model is asked while its context is being noted: the call may be there first.
    let noted = async || explain(&user, &json!({"response": {"id": response}})).await;
    eventually("its context is noted", async || noted().await["messages_sent"] == 1).await;
    let context = noted().await;
    assert_eq!(context["tokens"]["tokenizer"], "estimate");
    assert_eq!(context["tokens"]["total"], 3 + 3 + 4);
    assert_eq!(context["window"]["context_tokens"], 32_768);
    assert_eq!(context["reported_input_tokens"], Value::Null);
    // What was sent counts for an answer that was stopped without any report.
    let stopped = user.cancel(&response).await;
    assert_eq!(stopped["usage"]["input_tokens"], 10);
    assert_eq!(stopped["usage"]["estimated"], true);
    let after = explain(&user, &json!({"response": {"id": response}})).await;
    assert_eq!(after, context, "the end changes nothing, and an estimate is no report");
}

#[testkit::test]
async fn another_tokenizer_makes_another_window(world: World) {
    let text = "hello world, ".repeat(155);
    for (tokenizer, tokens) in [("o200k_base", 466), ("estimate", 504)] {
        let app = TestApp::builder(&world)
            .set("CHATAPP_PROVIDERS__OPENAI__TOKENIZER", tokenizer)
            .set("CHATAPP_PROVIDER__CONTEXT_TOKENS", "1000")
            .set("CHATAPP_PROVIDER__OUTPUT_RESERVE_TOKENS", "500")
            .start()
            .await;
        let user = app.user(tokenizer.split('_').next().unwrap()).await;
        let conversation = user.create_conversation().await;
        let path = format!("/api/conversations/{conversation}/messages");
        let reply = user.post(&path, json!({"content": text})).await;
        if tokens + 4 + 3 <= 500 {
            let turn = reply.expect(201);
            assert_eq!(explain(&user, &turn).await["tokens"]["messages"], tokens + 4);
        } else {
            let error = reply.expect_error(400, "context_length_exceeded");
            assert!(error["error"]["message"].to_string().contains("511"), "{error}");
        }
        app.finish().await;
    }
}
