//! `/v1/responses`: making, following, stopping; errors and repetitions.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::sse::Frame;
use testkit::validator::{assert_valid, assert_valid_from_middle};
use testkit::{TestApp, World, eventually};

use super::{compliance::assert_resource, create, follow, id, stream, text, with_key};
use crate::unknown_id;

#[testkit::test]
async fn what_was_asked_for_is_shown(world: World) {
    let app = TestApp::start(&world).await;
    let key = with_key(&app.user("ada").await).await;
    let schema = json!({"type": "object", "properties": {"x": {"type": "number"}}});
    let body = json!({
        "model": "mock:ticks=1", "input": "Hello", "temperature": 0.5, "top_p": 0.9,
        "max_output_tokens": 100, "max_tool_calls": 2, "parallel_tool_calls": false,
        "presence_penalty": 1, "frequency_penalty": -1, "metadata": {"a": "b"},
        "safety_identifier": "u1", "prompt_cache_key": "k1", "truncation": "disabled",
        "reasoning": {"effort": "low"}, "tools": [{"type": "function", "name": "f"}],
        "tool_choice": {"type": "allowed_tools", "mode": "auto",
            "tools": [{"type": "function", "name": "f"}]},
        "text": {"verbosity": "low",
            "format": {"type": "json_schema", "name": "point", "schema": schema, "strict": true}},
        // Of today's clients, and of tomorrow's.
        "user": "u", "prompt": {"id": "p"}, "include": ["reasoning.encrypted_content"],
        "stream_options": {"include_obfuscation": false}, "service_tier": "auto", "tomorrow": [{}],
    });
    let response = create(&key, body.clone()).await;
    assert_resource(&response);
    for field in [
        "temperature",
        "top_p",
        "max_output_tokens",
        "max_tool_calls",
        "parallel_tool_calls",
        "metadata",
        "safety_identifier",
        "prompt_cache_key",
        "truncation",
        "tool_choice",
    ] {
        assert_eq!(response[field], body[field], "{field}");
    }
    assert_eq!(response["reasoning"], json!({"effort": "low", "summary": null}));
    assert_eq!(response["text"]["verbosity"], "low");
    let format = json!({"type": "json_schema", "name": "point", "description": null,
        "schema": schema, "strict": true});
    assert_eq!(response["text"]["format"], format);
    let shown = key.get(&format!("/v1/responses/{}?include[]=x&include[]=y", id(&response))).await;
    let mut shown = shown.expect(200);
    shown.as_object_mut().unwrap().remove("last_seq");
    let mut whole = response.clone();
    whole.as_object_mut().unwrap().remove("last_seq");
    assert_eq!(shown, whole);
}

#[testkit::test]
async fn what_is_wrong_is_named_as_openai_does(world: World) {
    let app = TestApp::start(&world).await;
    let key = with_key(&app.user("ada").await).await;
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    let table = [
        (json!({}), "missing_required_parameter", "input"),
        (json!({"input": []}), "invalid_value", "input"),
        (json!({"input": 1}), "invalid_value", "input"),
        (json!({"input": "x", "temperature": 3}), "invalid_value", "temperature"),
        (json!({"input": "x", "max_output_tokens": 1}), "invalid_value", "max_output_tokens"),
        (
            json!({"input": user(json!([{"type": "input_text", "text": "x"}, {"type": "input_image"}]))}),
            "missing_required_parameter",
            "input[0].content[1].image_url",
        ),
        (
            json!({"input": user(json!([{"type": "input_video", "video_url": "x"}]))}),
            "unsupported_parameter",
            "input[0].content[0]",
        ),
        (json!({"input": [{"type": "web_search_call"}]}), "unsupported_parameter", "input[0]"),
        (
            json!({"input": "x", "tools": [{"type": "web_search"}]}),
            "unsupported_parameter",
            "tools[0].type",
        ),
        (
            json!({"input": "x", "tools": [{"type": "function", "name": "a b"}]}),
            "invalid_value",
            "tools[0].name",
        ),
        (json!({"input": "x", "tool_choice": "required"}), "invalid_value", "tool_choice"),
        (
            json!({"input": "x", "text": {"format": {"type": "json_schema", "name": "n"}}}),
            "missing_required_parameter",
            "text.format.schema",
        ),
    ];
    for (body, code, param) in table {
        let error = key.post("/v1/responses", body.clone()).await.expect_error(400, code);
        assert_eq!(error["error"]["param"], param, "{body}: {error}");
        assert_eq!(error["error"]["type"], "invalid_request_error", "{error}");
    }
    let id = unknown_id("resp");
    for (method, path) in [
        (Method::GET, format!("/v1/responses/{id}")),
        (Method::GET, format!("/v1/responses/{id}?stream=true")),
        (Method::GET, format!("/v1/responses/{id}/input_items")),
        (Method::DELETE, format!("/v1/responses/{id}")),
        (Method::POST, format!("/v1/responses/{id}/cancel")),
        (Method::GET, "/v1/responses/nonsense".to_owned()),
    ] {
        let reply = key.send(key.request(method, &path)).await;
        reply.expect_error(404, "not_found");
    }
    let reply = key.get(&format!("/v1/responses/{id}?stream=true&starting_after=x")).await;
    assert_eq!(reply.expect_error(400, "invalid_value")["error"]["param"], "starting_after");
}

#[testkit::test]
async fn a_stream_is_resumed_behind_every_event(world: World) {
    let app = TestApp::start(&world).await;
    let key = with_key(&app.user("ada").await).await;
    let body = json!({"model": "mock:reasoning=2,calls=1,ticks=3", "input": "Go"});
    let all = stream(&key, body).await.finish().await;
    assert_valid(&all);
    assert_eq!(all[0].event, "response.created");
    assert_eq!(all[1].event, "response.in_progress");
    let response = all[0].json()["response"].clone();
    let number = |frame: &Frame| frame.json()["sequence_number"].as_u64();
    for (at, frame) in all[..all.len() - 1].iter().enumerate() {
        let rest = follow(&key, id(&response), number(frame)).await.finish().await;
        let begin = (at + 1).min(all.len() - 2);
        assert_eq!(rest, all[begin..], "behind {}", frame.data);
        assert_valid_from_middle(&rest);
    }
    assert_eq!(follow(&key, id(&response), None).await.finish().await, all);
}

#[testkit::test]
async fn a_response_in_the_background_is_shown_at_once_and_stopped(world: World) {
    let app = TestApp::start(&world).await;
    let key = with_key(&app.user("ada").await).await;
    let body = json!({"model": "mock:ticks=9,fault=stall@3", "input": "Go", "background": true});
    let response = create(&key, body.clone()).await;
    assert_resource(&response);
    assert_eq!((&response["status"], &response["background"]), (&json!("queued"), &json!(true)));
    assert_eq!(response["output"], json!([]));
    let mut events = follow(&key, id(&response), None).await;
    events.read_text(3).await;
    let path = format!("/v1/responses/{}", id(&response));
    assert_eq!(key.get(&path).await.expect(200)["status"], "in_progress");
    let stopped = key.post(&format!("{path}/cancel"), json!({})).await.expect(200);
    assert_eq!(stopped["status"], "cancelled");
    let frames = events.finish().await;
    assert_valid(&frames);
    assert_eq!(frames[0].json()["response"]["status"], "queued");
    let end = frames[frames.len() - 2].json();
    assert_eq!(end["type"], "response.incomplete");
    assert_eq!(end["response"]["incomplete_details"]["reason"], "cancelled");
    let again = key.post(&format!("{path}/cancel"), json!({})).await.expect(200);
    assert_eq!(again, stopped);
    // With a stream too: it can be dropped and followed again.
    let mut dropped = stream(&key, body).await;
    dropped.read_text(1).await;
    let response = dropped.response_id().await;
    drop(dropped);
    let mut again = follow(&key, &response, None).await;
    again.read_text(3).await;
    key.post(&format!("/v1/responses/{response}/cancel"), json!({})).await.expect(200);
}

#[testkit::test]
async fn a_response_is_made_whether_or_not_its_client_stays(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let key = with_key(&ada).await;
    let conversation = ada.create_conversation().await;
    let body =
        json!({"model": "mock:ticks=40,delay=5ms", "input": "Go", "conversation": conversation});
    let mut events = stream(&key, body).await;
    let response = events.response_id().await;
    drop(events);
    let path = format!("/v1/responses/{response}");
    eventually("the answer is whole", async || {
        key.get(&path).await.expect(200)["status"] == "completed"
    })
    .await;
    let whole = key.get(&path).await.expect(200);
    assert_eq!(text(&whole).lines().count(), 40, "{whole}");
}

#[testkit::test]
async fn a_failure_is_told_in_both_shapes_and_kept(world: World) {
    let app = TestApp::start(&world).await;
    let key = with_key(&app.user("ada").await).await;
    let body = json!({"model": "mock:ticks=9,fault=error@3", "input": "Go"});
    let frames = stream(&key, body.clone()).await.finish().await;
    assert_valid(&frames);
    let kinds: Vec<&str> = frames.iter().map(|frame| frame.event.as_str()).collect();
    assert_eq!(kinds[kinds.len() - 3..kinds.len() - 1], ["error", "response.failed"]);
    let error = frames[frames.len() - 3].json();
    for field in ["code", "message", "param"] {
        assert_eq!(error[field], error["error"][field], "{error}");
    }
    assert_eq!(error["error"]["type"], "server_error");
    let response = create(&key, body).await;
    assert_resource(&response);
    assert_eq!(response["status"], "failed");
    assert_eq!(response["error"]["code"], error["code"]);
    assert_eq!(response["output"][0]["status"], "incomplete");
}

#[testkit::test]
async fn a_repeated_request_leads_to_the_same_response(world: World) {
    let app = TestApp::start(&world).await;
    let key = with_key(&app.user("ada").await).await;
    let send = async |body: &Value| {
        let request = key.request(Method::POST, "/v1/responses").header("idempotency-key", "k1");
        key.send(request.json(body)).await
    };
    let mut body = json!({"model": "mock:ticks=2", "input": "Go", "metadata": {"a": "b"}});
    let first = send(&body).await.expect(200);
    let again = send(&body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(200), first);
    assert_eq!(app.upstream().calls().len(), 1);
    body["temperature"] = json!(0.1);
    send(&body).await.expect_error(422, "idempotency_key_reused");
}

#[testkit::test]
async fn an_input_is_counted_without_being_kept(world: World) {
    let app = TestApp::start(&world).await;
    let key = with_key(&app.user("ada").await).await;
    let count = async |body: Value| {
        let counted = key.post("/v1/responses/input_tokens", body).await.expect(200);
        assert_eq!(counted["object"], "response.input_tokens");
        counted["input_tokens"].as_u64().unwrap()
    };
    let short = count(json!({"input": "Hello"})).await;
    assert!(short > 0);
    let long = count(json!({"input": "Hello", "instructions": "word ".repeat(100)})).await;
    assert!(long > short + 50, "{long} {short}");
    let said = json!({"model": "mock:echo", "input": "word ".repeat(200)});
    let first = create(&key, said).await;
    let behind = count(json!({"input": "Hello", "previous_response_id": first["id"]})).await;
    assert!(behind > short + 200, "{behind} {short}");
    assert_eq!(app.upstream().calls().len(), 1);
    let error = key.post("/v1/responses/input_tokens", json!({"model": "m"})).await;
    error.expect_error(400, "missing_required_parameter");
}
