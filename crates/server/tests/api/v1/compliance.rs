//! What the compliance suite of Open Responses (2026-04-24) asks, as far as it needs neither
//! WebSocket nor compaction.

use serde_json::{Value, json};
use testkit::validator::assert_valid;
use testkit::{TestApp, World};

use super::{create, stream, with_key};

/// The fields that a response always has, with `null` where there is nothing.
const FIELDS: [&str; 31] = [
    "id",
    "object",
    "created_at",
    "completed_at",
    "status",
    "incomplete_details",
    "model",
    "previous_response_id",
    "instructions",
    "output",
    "error",
    "tools",
    "tool_choice",
    "truncation",
    "parallel_tool_calls",
    "text",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "top_logprobs",
    "temperature",
    "reasoning",
    "usage",
    "max_output_tokens",
    "max_tool_calls",
    "store",
    "background",
    "service_tier",
    "metadata",
    "safety_identifier",
    "prompt_cache_key",
];

/// Holds a response against the schema of the suite.
#[track_caller]
pub(super) fn assert_resource(response: &Value) {
    for field in FIELDS {
        assert!(response.get(field).is_some(), "{field} is missing in {response}");
    }
    assert_eq!(response["object"], "response");
    assert!(response["created_at"].is_i64(), "{response}");
    assert!(response["text"]["format"]["type"].is_string(), "{response}");
    let tools = response["tools"].as_array().unwrap();
    for tool in tools {
        for field in ["type", "name", "description", "parameters", "strict"] {
            assert!(tool.get(field).is_some(), "{field} of {tool}");
        }
    }
    if let Some(usage) = response["usage"].as_object() {
        for field in ["input_tokens", "output_tokens", "total_tokens"] {
            assert!(usage[field].is_u64(), "{field} of {usage:?}");
        }
        assert!(usage["input_tokens_details"]["cached_tokens"].is_u64());
        assert!(usage["output_tokens_details"]["reasoning_tokens"].is_u64());
    }
    for item in response["output"].as_array().unwrap() {
        let kind = item["type"].as_str().unwrap();
        let fields: &[&str] = match kind {
            "message" => &["id", "status", "role", "content"],
            "function_call" => &["id", "status", "call_id", "name", "arguments"],
            "reasoning" => &["id", "summary"],
            other => panic!("an item of the type {other}"),
        };
        for field in fields {
            assert!(item.get(*field).is_some(), "{field} of {item}");
        }
        for part in item["content"].as_array().into_iter().flatten() {
            assert_eq!(part["type"], "output_text", "{part}");
            assert!(part["annotations"].is_array(), "{part}");
        }
    }
}

#[track_caller]
fn assert_completed(response: &Value) {
    assert_resource(response);
    assert_eq!(response["status"], "completed", "{response}");
    assert!(response["completed_at"].is_i64(), "{response}");
    assert!(!response["output"].as_array().unwrap().is_empty(), "{response}");
}

#[testkit::test]
async fn the_requests_of_the_suite_are_answered(world: World) {
    let app = TestApp::start(&world).await;
    let key = with_key(&app.user("ada").await).await;
    let image = "data:image/png;base64,iVBORw0KGgo=";
    let requests = [
        ("basic-response", json!([{"type": "message", "role": "user", "content": "Say hello."}])),
        (
            "assistant-phase",
            json!([
                {"type": "message", "role": "assistant", "phase": "commentary", "content": "Hm."},
                {"type": "message", "role": "assistant", "phase": "final_answer", "content": "Hi."},
                {"type": "message", "role": "user", "content": "Again, please."},
            ]),
        ),
        (
            "system-prompt",
            json!([
                {"type": "message", "role": "system", "content": "You are a pirate."},
                {"type": "message", "role": "user", "content": "Say hello."},
            ]),
        ),
        (
            "image-input",
            json!([{"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": image},
            ]}]),
        ),
        (
            "multi-turn",
            json!([
                {"role": "user", "content": "My name is Ada."},
                {"role": "assistant", "content": "Hello, Ada!"},
                {"role": "user", "content": "What is my name?"},
            ]),
        ),
    ];
    for (name, input) in requests {
        let body = json!({"model": "mock:ticks=2", "input": input});
        let response = create(&key, body.clone()).await;
        assert_completed(&response);
        assert_eq!(response["store"], true, "{name}");
        let frames = stream(&key, body).await.finish().await;
        assert_valid(&frames);
        let end = &frames[frames.len() - 2];
        assert_eq!(end.event, "response.completed", "{name}");
        assert_completed(&end.json()["response"]);
        assert!(frames[frames.len() - 1].is_done_marker(), "{name}");
        assert!(frames.iter().all(|frame| frame.id.is_none()), "{name}: the standard has no id");
    }
}

#[testkit::test]
async fn a_tool_is_called(world: World) {
    let app = TestApp::start(&world).await;
    let key = with_key(&app.user("ada").await).await;
    let tool = json!({
        "type": "function", "name": "get_weather", "description": "The weather of a place",
        "parameters": {
            "type": "object", "properties": {"location": {"type": "string"}},
            "required": ["location"],
        },
    });
    let body = json!({
        "model": "mock:calls=1,ticks=0",
        "input": [{"type": "message", "role": "user", "content": "The weather in Lisbon?"}],
        "tools": [tool],
    });
    let response = create(&key, body.clone()).await;
    assert_resource(&response);
    let call = &response["output"][0];
    assert_eq!((&call["type"], &call["name"]), (&json!("function_call"), &json!("get_weather")));
    assert_eq!(response["tools"][0]["strict"], Value::Null);
    assert_eq!(response["tool_choice"], "auto");
    let frames = stream(&key, body).await.finish().await;
    assert_valid(&frames);
    for event in [
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
    ] {
        assert!(frames.iter().any(|frame| frame.event == event), "{event}: {frames:?}");
    }
}
