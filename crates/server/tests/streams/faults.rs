//! Providers that fail: the text so far is kept, the reason is told, nothing leaks.

use bytes::Bytes;
use mock::CallOutcome;
use provider::script::{Script, Step};
use serde_json::Value;
use testkit::validator::assert_valid;
use testkit::{TestApp, World};

/// Follows an answer to its end: its terminal snapshot and its text, validated.
async fn run(app: &TestApp, model: &str) -> (Value, String) {
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let frames = super::stream(&user, &conversation, "Go", model).await.finish().await;
    assert_valid(&frames);
    let text = testkit::sse::text_of(&frames);
    let stored = user.list_messages(&conversation).await;
    assert_eq!(stored[1]["content"], text.as_str(), "{model}");
    let last = frames[frames.len() - 2].json()["response"].clone();
    let response = user.response(last["id"].as_str().unwrap()).await;
    assert_eq!(response["status"], last["status"], "{model}");
    assert_eq!(response["error"], last["error"], "{model}");
    (last, text)
}

async fn app_with(world: &World, extra: &[(&str, &str)]) -> TestApp {
    let mut builder = TestApp::builder(world)
        .set("CHATAPP_PROVIDER__FIRST_TOKEN_TIMEOUT", "300ms")
        .set("CHATAPP_PROVIDER__IDLE_TIMEOUT", "300ms");
    for (name, value) in extra {
        builder = builder.set(name, *value);
    }
    builder.start().await
}

#[testkit::test]
async fn a_provider_that_fails_halfway_leaves_the_text_and_a_reason(world: World) {
    let app = app_with(&world, &[]).await;
    let user = app.user("someone").await;
    for (fault, code) in [
        ("stall", "upstream_timeout"),
        ("truncate", "upstream_truncated"),
        ("reset", "upstream_truncated"),
        ("nodone", "upstream_truncated"),
        ("error", "upstream_failed"),
        ("garbage", "upstream_protocol"),
        ("huge", "upstream_too_large"),
    ] {
        let conversation = user.create_conversation().await;
        let model = format!("mock:ticks=9,fault={fault}@3");
        let frames = super::stream(&user, &conversation, "Go", &model).await.finish().await;
        assert_valid(&frames);
        assert_eq!(testkit::sse::text_of(&frames), super::ticks(3), "{fault}");
        let last = frames[frames.len() - 2].json();
        assert_eq!(last["type"], "response.failed", "{fault}");
        assert_eq!(last["response"]["error"]["code"], code, "{fault}");
        let stored = user.list_messages(&conversation).await;
        assert_eq!(stored[1]["content"], super::ticks(3), "{fault}");
        assert_eq!(stored[1]["status"], "incomplete", "{fault}");
    }
}

#[testkit::test]
async fn a_provider_that_never_answers_is_given_up(world: World) {
    let app = app_with(&world, &[]).await;
    let (last, text) = run(&app, "mock:fault=silent").await;
    assert_eq!(last["status"], "failed");
    assert_eq!(last["error"]["code"], "upstream_timeout");
    assert_eq!(text, "");
    app.upstream()
        .wait_for("the closed connection", |calls| {
            (calls[0].outcome == CallOutcome::ClientClosed).then_some(())
        })
        .await;
}

#[testkit::test]
async fn refusals_are_repeated_or_not_as_they_should_be(world: World) {
    let app = app_with(&world, &[("CHATAPP_PROVIDER__MAX_RETRIES", "2")]).await;
    let user = app.user("someone").await;
    for (model, code, calls) in [
        ("mock:ticks=2,status=503,times=2,retry-after=0", None, 3),
        ("mock:ticks=2,status=401", Some("upstream_auth"), 1),
        ("mock:ticks=2,status=400", Some("upstream_rejected"), 1),
        ("mock:ticks=2,status=429,retry-after=3600", Some("upstream_rate_limited"), 1),
    ] {
        let before = app.upstream().calls().len();
        let conversation = user.create_conversation().await;
        let turn = super::turn(&user, &conversation, "Go", model).await;
        match code {
            None => assert_eq!(turn["message"]["content"], super::ticks(2), "{turn:#}"),
            Some(code) => assert_eq!(turn["response"]["error"]["code"], code, "{model}"),
        }
        assert_eq!(app.upstream().calls().len() - before, calls, "{model}");
    }
}

#[testkit::test]
async fn an_answer_cut_by_its_length_is_incomplete(world: World) {
    let app = TestApp::start(&world).await;
    let (last, text) = run(&app, "mock:ticks=3,finish=length").await;
    assert_eq!(last["status"], "incomplete");
    assert_eq!(last["incomplete_details"]["reason"], "max_output_tokens");
    assert_eq!(text, super::ticks(3));
}

#[testkit::test]
async fn tokens_are_counted_or_estimated_and_marked(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let counted = super::turn(&user, &conversation, "Go", "mock:ticks=3").await;
    assert_eq!(counted["response"]["usage"]["estimated"], false);
    assert!(counted["response"]["usage"]["output_tokens"].as_u64().unwrap() > 0);
    let guessed = super::turn(&user, &conversation, "Go", "mock:ticks=3,usage=none").await;
    let usage = &guessed["response"]["usage"];
    assert_eq!(usage["estimated"], true);
    assert_eq!(usage["output_tokens"], super::ticks(3).len().div_ceil(4));
    let id = guessed["response"]["id"].as_str().unwrap();
    assert_eq!(user.response(id).await["usage"], *usage);
}

#[testkit::test]
async fn what_a_provider_sneaks_in_stays_out_of_the_stream(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let hostile = [
        "event: message_delete\ndata: {\"evil\":true}\n\n",
        "event: response.completed\ndata: {\"type\":\"response.completed\"}\n\n",
        "id: 999\nretry: 1\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\\n\\ndata: [DONE]\\n\\n\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"<script>alert(1)</script>\"},\"x\":\"secret-field\"}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    ];
    app.upstream().push(Script::steps(
        hostile.into_iter().map(|text| Step::Raw(Bytes::from_static(text.as_bytes()))),
    ));
    let conversation = user.create_conversation().await;
    let frames = super::stream(&user, &conversation, "Go", "mock").await.finish().await;
    assert_valid(&frames);
    assert_eq!(testkit::sse::text_of(&frames), "a\n\ndata: [DONE]\n\n<script>alert(1)</script>");
    for frame in &frames {
        assert!(!frame.data.contains("evil") && !frame.data.contains("secret-field"));
        assert_ne!(frame.id.as_deref(), Some("999"));
    }
}

#[testkit::test]
async fn a_failed_answer_does_not_block_the_conversation(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    super::turn(&user, &conversation, "Go", "mock:ticks=2,fault=error@1").await;
    let next = super::turn(&user, &conversation, "Again", "mock:echo").await;
    assert_eq!(next["message"]["content"], "Again");
    let sent = app.upstream().calls().pop().unwrap().messages;
    assert_eq!(sent.len(), 3, "what the failed answer said is part of the conversation");
}
