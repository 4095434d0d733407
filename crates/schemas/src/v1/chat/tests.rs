use serde_json::json;

use super::*;
use crate::v1::{InputPart, Spoken};

fn checked(body: Value) -> Result<ChatRequest, Invalid> {
    serde_json::from_value::<ChatCompletionCreate>(body).unwrap().checked()
}

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "x"}]});
    body[field] = value;
    body
}

#[test]
fn a_history_with_calls_and_results_becomes_items_in_its_order() {
    let request = checked(json!({
        "model": "m",
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "name": "ada", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}},
                {"type": "file", "file": {"file_data": "data:text/plain;base64,AA", "filename": "a.txt"}},
            ]},
            {"role": "assistant", "content": null, "reasoning_content": "Hm.", "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "call_2", "function": {"name": "g", "arguments": ""}},
            ]},
            {"role": "tool", "tool_call_id": "call_1", "content": "one"},
            {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": ""}]},
            {"role": "assistant", "refusal": "No."},
        ],
        "a field of tomorrow": {"x": 1},
    }))
    .unwrap();
    let text = |text: &str| InputPart::Text(text.to_owned());
    let message = |spoken, content| InputItem::Message { id: None, spoken, content };
    let call = |call_id: &str, name: &str, arguments: &str| InputItem::FunctionCall {
        id: None,
        call_id: call_id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    };
    let result = |call_id: &str, output: &str| InputItem::FunctionCallOutput {
        id: None,
        call_id: call_id.to_owned(),
        output: vec![text(output)],
    };
    let image = InputPart::Image {
        url: "data:image/png;base64,AA".to_owned(),
        detail: Some("low".to_owned()),
    };
    let file = InputPart::File {
        filename: Some("a.txt".to_owned()),
        data: Some("data:text/plain;base64,AA".to_owned()),
        url: None,
    };
    let expected = vec![
        message(Spoken::Developer, vec![text("Be brief.")]),
        message(Spoken::User, vec![text("What is this?"), image, file]),
        InputItem::Reasoning { id: None, summary: "Hm.".to_owned() },
        call("call_1", "f", "{}"),
        call("call_2", "g", ""),
        result("call_1", "one"),
        result("call_2", ""),
        message(Spoken::Assistant, vec![InputPart::Refusal("No.".to_owned())]),
    ];
    assert_eq!(request.items, expected);
    assert_eq!(request.choices, 1);
    assert_eq!(request.parameters.truncate, Some(false), "what does not fit is refused");
}

#[test]
fn what_is_asked_for_beside_the_messages_is_read() {
    let function = json!({"name": "f", "parameters": {"type": "object"}, "strict": true});
    let request = checked(json!({
        "model": "m", "messages": [{"role": "user", "content": "x"}],
        "n": 2, "stream": true, "stream_options": {"include_usage": true},
        "stop": "END", "seed": 7, "max_tokens": 5, "max_completion_tokens": 9,
        "temperature": 0.5, "top_p": 0.25, "presence_penalty": -1, "frequency_penalty": 1,
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": false,
        "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {}, "strict": true}},
        "reasoning_effort": "low", "verbosity": "high", "metadata": {"a": "b"}, "user": "u",
        "modalities": ["text"], "logprobs": false, "functions": null,
    }))
    .unwrap();
    assert_eq!((request.choices, request.stream, request.include_usage), (2, true, true));
    let parameters = request.parameters;
    assert_eq!(parameters.tools.len(), 1);
    assert_eq!(parameters.tool_choice, models::parameters::ToolChoice::Function("f".to_owned()));
    let TextFormat::JsonSchema(schema) = &parameters.format else {
        panic!("{:?}", parameters.format)
    };
    assert_eq!((schema.name.as_str(), schema.strict), ("s", Some(true)));
    let expected = Parameters {
        tools: parameters.tools.clone(),
        tool_choice: parameters.tool_choice.clone(),
        format: parameters.format.clone(),
        parallel_tool_calls: Some(false),
        max_output_tokens: Some(9),
        temperature: Some(0.5),
        top_p: Some(0.25),
        presence_penalty: Some(-1.0),
        frequency_penalty: Some(1.0),
        stop: vec!["END".to_owned()],
        seed: Some(7),
        verbosity: Some("high".to_owned()),
        reasoning_effort: Some("low".to_owned()),
        truncate: Some(false),
        metadata: [("a".to_owned(), "b".to_owned())].into(),
        safety_identifier: Some("u".to_owned()),
        ..Parameters::default()
    };
    assert_eq!(parameters, expected);
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let mut allowed = with("tools", tools);
    allowed["tool_choice"] = json!({"type": "allowed_tools", "allowed_tools": {
        "mode": "required", "tools": [{"type": "function", "function": {"name": "f"}}],
    }});
    let choice = checked(allowed.clone()).unwrap().parameters.tool_choice;
    let names = vec!["f".to_owned()];
    assert_eq!(choice, models::parameters::ToolChoice::Allowed { names, required: true });
    allowed["tool_choice"]["allowed_tools"]["mode"] = json!("none");
    let choice = checked(allowed).unwrap().parameters.tool_choice;
    assert_eq!(choice, models::parameters::ToolChoice::None);
}

#[test]
fn what_is_wrong_or_not_here_is_named() {
    let message = |message: Value| with("messages", json!([message]));
    let part = |part: Value| message(json!({"role": "user", "content": [part]}));
    let tool = |tool: Value| with("tools", json!([tool]));
    for (body, field, rule) in [
        (json!({"model": "m"}), "messages", Rule::Required),
        (with("messages", json!([])), "messages", Rule::Value),
        (message(json!({"content": "x"})), "messages.0.role", Rule::Required),
        (message(json!({"role": "robot", "content": "x"})), "messages.0.role", Rule::Value),
        (message(json!({"role": "function"})), "messages.0.role", Rule::Unsupported),
        (message(json!({"role": "user"})), "messages.0.content", Rule::Required),
        (message(json!({"role": "assistant"})), "messages.0.content", Rule::Required),
        (
            message(json!({"role": "tool", "content": "x"})),
            "messages.0.tool_call_id",
            Rule::Required,
        ),
        (
            message(json!({"role": "assistant", "tool_calls": [{"id": "a", "type": "custom"}]})),
            "messages.0.tool_calls.0.type",
            Rule::Unsupported,
        ),
        (
            part(json!({"type": "input_audio", "input_audio": {}})),
            "messages.0.content.0.type",
            Rule::Unsupported,
        ),
        (
            part(json!({"type": "image_url", "image_url": {"url": "file:///etc/passwd"}})),
            "messages.0.content.0.image_url.url",
            Rule::Value,
        ),
        (
            part(json!({"type": "file", "file": {"file_id": "file-1"}})),
            "messages.0.content.0.file.file_id",
            Rule::Unsupported,
        ),
        (with("n", json!(9)), "n", Rule::Value),
        (with("n", json!(0)), "n", Rule::Value),
        (with("temperature", json!(3)), "temperature", Rule::Value),
        (with("max_tokens", json!(0)), "max_tokens", Rule::Value),
        (with("stop", json!([""])), "stop", Rule::Value),
        (with("verbosity", json!("loud")), "verbosity", Rule::Value),
        (with("logprobs", json!(true)), "logprobs", Rule::Unsupported),
        (with("modalities", json!(["text", "audio"])), "modalities", Rule::Unsupported),
        (with("audio", json!({"voice": "x"})), "audio", Rule::Unsupported),
        (with("functions", json!([])), "functions", Rule::Unsupported),
        (with("function_call", json!("auto")), "function_call", Rule::Unsupported),
        (with("web_search_options", json!({})), "web_search_options", Rule::Unsupported),
        (
            with("metadata", json!({"conversation_id": "conv_1"})),
            "metadata.conversation_id",
            Rule::Unsupported,
        ),
        (with("tool_choice", json!("required")), "tool_choice", Rule::Value),
        (tool(json!({"type": "custom", "custom": {}})), "tools.0.type", Rule::Unsupported),
        (tool(json!({"type": "function"})), "tools.0.function.name", Rule::Value),
        (
            with("response_format", json!({"type": "json_schema"})),
            "response_format.json_schema",
            Rule::Required,
        ),
        (with("response_format", json!({"type": "xml"})), "response_format.type", Rule::Value),
    ] {
        let invalid = checked(body.clone()).unwrap_err();
        assert_eq!((invalid.field.as_str(), invalid.rule), (field, rule), "{body}: {invalid}");
    }
}

#[test]
fn an_end_has_the_word_that_clients_know() {
    let ending = |fields: Value| -> crate::event::Ending {
        let mut whole = json!({"status": "incomplete", "at": "2026-11-22T20:00:05Z"});
        for (name, value) in fields.as_object().unwrap() {
            whole[name] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    };
    let error = json!({"code": "upstream_failed", "message": "x"});
    for (fields, calls, expected) in [
        (json!({}), 0, Some(FinishReason::Stop)),
        (json!({}), 2, Some(FinishReason::ToolCalls)),
        (json!({"reason": "max_output_tokens"}), 1, Some(FinishReason::Length)),
        (json!({"reason": "content_filter"}), 0, Some(FinishReason::ContentFilter)),
        (json!({"reason": "cancelled"}), 0, Some(FinishReason::Stop)),
        (json!({"reason": "interrupted"}), 0, None),
        (json!({"reason": "a word of tomorrow"}), 0, None),
        (json!({"error": error}), 0, None),
    ] {
        assert_eq!(FinishReason::of(&ending(fields.clone()), calls), expected, "{fields}");
    }
}
