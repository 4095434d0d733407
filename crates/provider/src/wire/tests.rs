use proptest::prelude::*;
use serde_json::{Value, json};

use super::chunk::Chunk;
use super::failure::{Failure, Report};
use super::fast;
use super::reading::{Reading, read_event, read_value};
use super::reason::Reason;
use super::request::{Body, Dialect};
use crate::options::{SystemRole, TokenLimit};
use crate::sse::Event;
use crate::{ChatMessage, ChatRequest, ChatRole, Finish, ProviderError, TokenUsage};

fn event(data: &Value) -> Event {
    Event { name: String::new(), data: data.to_string() }
}

fn chunk(data: &Value) -> Chunk {
    match read_event(&event(data)) {
        Reading::Chunk(chunk) => chunk,
        other => panic!("{data}: {other:?}"),
    }
}

fn delta(delta: &Value) -> Chunk {
    chunk(&json!({"choices": [{"delta": delta}]}))
}

#[test]
fn a_request_holds_only_what_was_asked_for() {
    let mut request = ChatRequest {
        model: "m".to_owned(),
        messages: vec![ChatMessage::text(ChatRole::User, "hi")],
        ..ChatRequest::default()
    };
    let body = |request: &ChatRequest, include_usage, is_new| {
        let token_limit =
            if is_new { TokenLimit::MaxCompletionTokens } else { TokenLimit::MaxTokens };
        let token_limit = Some(token_limit);
        let system_role = SystemRole::System;
        let dialect =
            Dialect { stream: true, include_usage, token_limit, system_role, ..Dialect::default() };
        serde_json::to_value(Body::new(request, dialect)).unwrap()
    };
    let messages = json!([{"role": "user", "content": "hi"}]);
    assert_eq!(
        body(&request, false, true),
        json!({"model": "m", "messages": messages, "stream": true})
    );
    request.max_output_tokens = Some(7);
    assert_eq!(
        body(&request, true, false),
        json!({"model": "m", "messages": messages, "stream": true,
               "stream_options": {"include_usage": true}, "max_tokens": 7})
    );
    assert_eq!(body(&request, false, true)["max_completion_tokens"], 7);
    assert_eq!(body(&request, false, true).get("max_tokens"), None);
}

#[test]
fn instructions_go_where_the_model_wants_them() {
    use ChatRole::{Assistant, System, User};
    let said = |texts: &[(ChatRole, &str)], system_role| {
        let message = |&(role, text): &(ChatRole, &str)| ChatMessage::text(role, text);
        let messages = texts.iter().map(message).collect();
        let request = ChatRequest { model: "m".to_owned(), messages, ..ChatRequest::default() };
        let dialect = Dialect {
            stream: true,
            token_limit: Some(TokenLimit::MaxTokens),
            system_role,
            ..Dialect::default()
        };
        let body = serde_json::to_value(Body::new(&request, dialect)).unwrap();
        let pair = |m: &Value| format!("{}: {}", m["role"], m["content"]).replace('"', "");
        body["messages"].as_array().unwrap().iter().map(pair).collect::<Vec<_>>()
    };
    let texts = [(System, "s"), (User, "a"), (Assistant, "b"), (User, "c")];
    assert_eq!(said(&texts, SystemRole::System)[0], "system: s");
    assert_eq!(said(&texts, SystemRole::Developer)[0], "developer: s");
    let merged = ["user: s\\n\\na", "assistant: b", "user: c"];
    assert_eq!(said(&texts, SystemRole::User), merged);
    assert_eq!(said(&[(System, "s")], SystemRole::User), ["user: s"]);
    assert_eq!(said(&texts[1..], SystemRole::User), ["user: a", "assistant: b", "user: c"]);
}

/// Roles with texts, some of which say nothing.
fn conversation() -> impl Strategy<Value = Vec<ChatMessage>> {
    use ChatRole::{Assistant, System, User};
    let text = prop_oneof![
        Just(String::new()),
        Just(" \n\t ".to_owned()),
        Just("\u{200b}".to_owned()),
        "[a-z]{1,5}( [a-z]{1,5}){0,2}\n?",
    ];
    let role = prop_oneof![Just(System), Just(User), Just(Assistant)];
    let message = (role, text).prop_map(|(role, text)| ChatMessage::text(role, text));
    proptest::collection::vec(message, 0..9)
}

proptest! {
    #[test]
    fn p7_whatever_is_said_roles_alternate_and_no_word_is_lost(
        messages in conversation(),
        system_role in prop_oneof![
            Just(SystemRole::System), Just(SystemRole::Developer), Just(SystemRole::User)
        ],
    ) {
        let request =
            ChatRequest { model: "m".to_owned(), messages: messages.clone(), ..ChatRequest::default() };
        let dialect = Dialect {
            stream: true,
            token_limit: Some(TokenLimit::MaxTokens),
            system_role,
            ..Dialect::default()
        };
        let body = serde_json::to_value(Body::new(&request, dialect)).unwrap();
        let written: Vec<(&str, &str)> = body["messages"].as_array().unwrap().iter()
            .map(|m| (m["role"].as_str().unwrap(), m["content"].as_str().unwrap()))
            .collect();
        let turns = match written.first() {
            Some(("system" | "developer", _)) => &written[1..],
            _ => &written[..],
        };
        for (at, (role, content)) in turns.iter().enumerate() {
            prop_assert_eq!(*role, if at % 2 == 0 { "user" } else { "assistant" });
            prop_assert!(content.chars().any(|c| c.is_ascii_alphanumeric()));
        }
        // The words of each role stand in their order.
        for role in [ChatRole::System, ChatRole::User, ChatRole::Assistant] {
            let said: Vec<_> =
                messages.iter().filter(|m| m.role() == role).map(ChatMessage::plain).collect();
            let said: Vec<&str> = said.iter().flat_map(|text| text.split_whitespace())
                .filter(|word| *word != "\u{200b}").collect();
            let places: &[&str] = match (role, system_role) {
                (ChatRole::System, SystemRole::System | SystemRole::Developer) => {
                    &["system", "developer"]
                }
                (ChatRole::System | ChatRole::User, _) => &["user"],
                (ChatRole::Assistant, _) => &["assistant"],
            };
            let mut kept = written.iter().filter(|(role, _)| places.contains(role))
                .flat_map(|(_, content)| content.split_whitespace());
            for word in said {
                prop_assert!(kept.any(|kept| kept == word), "{} of {:?}", word, written);
            }
        }
        // What goes on is the last thing said.
        if let Some(last) = messages.iter().rfind(|m| !m.plain().trim().is_empty()
            && m.plain() != "\u{200b}" && m.role() != ChatRole::System) {
            let written = written.last().unwrap();
            prop_assert_eq!(written.0, last.role().as_str());
            prop_assert!(written.1.ends_with(&*last.plain()));
        }
    }
}

#[test]
fn content_in_every_shape() {
    assert_eq!(delta(&json!({"role": "assistant", "content": "a"})).text, "a");
    assert_eq!(delta(&json!({"content": null})), Chunk::default());
    assert_eq!(delta(&Value::Null), Chunk::default());
    assert_eq!(delta(&json!({"content": true})), Chunk::default());
    assert_eq!(delta(&json!({"content": 5})).text, "5", "a relay took the word for a number");
    for piece in
        [json!("a"), json!([{"content": "a"}]), json!({"text": "a"}), json!({"content": ["a"]})]
    {
        assert_eq!(delta(&piece).text, "a", "{piece}");
    }
    for choices in [
        json!([{"index": "0", "delta": {"content": "a"}}]),
        json!([{"index": null, "delta": {"content": "a"}}]),
        json!([{"message": "a"}]),
        json!([{"content": "a"}]),
        json!({"delta": {"content": "a"}}),
        json!([null, {"index": 1, "delta": {"content": "b"}}, {"delta": {"content": "a"}}]),
        json!([{"delta": {"content": "a"}}, {"delta": {"tool_calls": []}}]),
    ] {
        assert_eq!(chunk(&json!({"choices": choices})).text, "a", "{choices}");
    }
    let parts = delta(&json!({"content": [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "a"}, "b", {"type": "image"}]}));
    assert_eq!((parts.reasoning.as_str(), parts.text.as_str()), ("hm", "ab"));
    assert_eq!(delta(&json!({"refusal": "no"})).text, "no");
    for empty in [
        json!({"choices": null}),
        json!({"choices": []}),
        json!({"choices": [{"content_filter_results": {}}]}),
        json!({"choices": [null]}),
        json!({"choices": {}}),
        json!({"error": null, "choices": []}),
    ] {
        assert_eq!(chunk(&empty), Chunk::default(), "{empty}");
    }
    for foreign in [json!({}), json!([]), json!("x"), json!({"type": "ping"})] {
        assert_eq!(read_event(&event(&foreign)), Reading::Foreign, "{foreign}");
    }
    let second = chunk(&json!({"choices": [{"index": 1, "delta": {"content": "other"}}]}));
    assert_eq!((second.text.as_str(), second.choice), ("other", 1));
}

#[test]
fn reasoning_in_every_shape() {
    for shape in [
        json!({"reasoning_content": "r"}),
        json!({"reasoning": "r"}),
        json!({"reasoning": "r", "reasoning_details": [{"type": "reasoning.text", "text": "r"}]}),
        json!({"reasoning_content": "r", "reasoning": "r"}),
        json!({"reasoning_content": "", "reasoning": "r"}),
        json!({"reasoning_details": [{"summary": "r"}, {"data": "encrypted"}]}),
        json!({"thinking": "r"}),
        json!({"thought": "r"}),
        json!({"reasoning_text": "r"}),
        json!({"thinking_blocks": [{"type": "thinking", "thinking": "r", "signature": "s"}]}),
        json!({"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "r"}]}]}),
    ] {
        assert_eq!(delta(&shape).reasoning, "r", "{shape}");
    }
}

#[test]
fn calls_in_every_shape() {
    use crate::calls::Fragment;
    let expected = Fragment {
        index: Some(1),
        id: "a".to_owned(),
        name: "f".to_owned(),
        arguments: r#"{"x":1}"#.to_owned(),
        ..Fragment::default()
    };
    let call = |arguments: Value| {
        json!({"tool_calls": [{"index": 1, "id": "a", "type": "function",
            "function": {"name": "f", "arguments": arguments}}]})
    };
    for shape in [call(json!(r#"{"x":1}"#)), call(json!({"x": 1}))] {
        assert_eq!(delta(&shape).calls, std::slice::from_ref(&expected), "{shape}");
        let whole = read_value(&json!({"choices": [{"message": shape}]}));
        assert_eq!(whole.calls, std::slice::from_ref(&expected), "{shape}");
    }
    let custom = json!({"tool_calls": {"index": "1", "id": "a", "type": "custom",
        "custom": {"name": "f", "input": "{\"x\":1}"}}});
    assert_eq!(delta(&custom).calls, std::slice::from_ref(&expected));
    let old = json!({"function_call": {"name": "f", "arguments": r#"{"x":1}"#}});
    let unnumbered = Fragment { index: None, id: String::new(), ..expected };
    assert_eq!(delta(&old).calls, [unnumbered]);
    for none in [json!({"tool_calls": null}), json!({"tool_calls": []}), json!({"tool_calls": 1})] {
        assert_eq!(delta(&none), Chunk::default(), "{none}");
    }
    let empty = delta(&json!({"tool_calls": [{"index": 0, "id": null}]})).calls;
    assert_eq!(empty, [Fragment { index: Some(0), ..Fragment::default() }]);
}

#[test]
fn usage_in_every_place() {
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 4.0,
        "prompt_tokens_details": {"cached_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 2}});
    let expected = Some(TokenUsage { input: 3, output: 4, cached: 1, reasoning: 2 });
    for place in [
        json!({"choices": [], "usage": usage}),
        json!({"usage": usage}),
        json!({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage}),
        json!({"choices": [{"delta": {}}], "x_groq": {"usage": usage}}),
        json!({"choices": [{"delta": {}, "usage": usage}], "usage": null}),
        json!({"choices": [{"delta": {"usage": usage}}]}),
    ] {
        assert_eq!(chunk(&place).usage, expected, "{place}");
    }
    assert_eq!(chunk(&json!({"usage": {"cost": 1}})).usage, None);
    let other_names = json!({"input_tokens": 1, "prompt_cache_hit_tokens": 1});
    assert_eq!(
        chunk(&json!({"usage": other_names})).usage,
        Some(TokenUsage { input: 1, cached: 1, ..TokenUsage::default() })
    );
}

#[test]
fn a_whole_message() {
    let completion = json!({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]});
    let whole = read_value(&completion);
    assert_eq!((whole.text.as_str(), whole.reason, whole.whole), ("a", Reason::read("stop"), true));
    assert!(!delta(&json!({"content": "a"})).whole);
    // Perplexity has both.
    let both = |delta: &str, reason: Value| {
        chunk(&json!({"choices": [{"delta": {"role": "assistant", "content": delta},
            "message": {"role": "assistant", "content": "a b"}, "finish_reason": reason}]}))
    };
    let whole = both("", json!("stop"));
    assert_eq!((whole.text.as_str(), whole.whole), ("a b", true));
    let last = both("b", json!("stop"));
    assert_eq!((last.text.as_str(), last.whole), ("b", false));
    assert_eq!(both("", Value::Null), Chunk::default(), "what it has said so far");
}

#[test]
fn p3_reasons_in_every_shape() {
    let reason = |choice: Value| chunk(&json!({"choices": [choice]})).reason;
    for choice in [
        json!({"finish_reason": "stop"}),
        json!({"finishReason": {"type": "stop"}}),
        json!({"finish_reason": {"reason": "stop"}}),
        json!({"finish_reason": ["stop"]}),
        json!({"delta": {}, "finish_reason": null, "native_finish_reason": "stop"}),
    ] {
        assert_eq!(reason(choice.clone()), Reason::read("stop"), "{choice}");
    }
    for (odd, word) in [(json!(1), "1"), (json!(true), "true")] {
        assert_eq!(reason(json!({"finish_reason": odd})), Reason::read(word), "it is an end");
    }
    for none in [json!(0), json!(false), json!({}), json!([]), json!("")] {
        assert_eq!(reason(json!({"finish_reason": none})), None, "{none}");
    }
}

#[test]
fn failures_in_every_shape() {
    use ProviderError as E;
    let failure = |value: &Value| match read_event(&event(value)) {
        Reading::Failure(report, _) => report.classify(None, None).unwrap_err(),
        other => panic!("{value}: {other:?}"),
    };
    let passing = Failure::passing;
    for (value, expected) in [
        (json!({"error": "words"}), passing(E::Failed)),
        (json!({"error": {"message": "words"}}), passing(E::Failed)),
        (json!({"object": "error", "message": "words", "code": 400}), Failure::last(E::BadRequest)),
        (
            json!([{"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}]),
            passing(E::Overloaded { retry_after: None }),
        ),
        (
            json!({"error": {"code": 429, "message": "m"}, "choices": [{"delta": {"content": ""},
            "finish_reason": "error"}]}),
            passing(E::RateLimited { retry_after: None }),
        ),
        (json!({"error": {"code": "context_length_exceeded"}}), Failure::last(E::ContextTooLong)),
        (json!({"error": {"type": "invalid_request_error"}}), Failure::last(E::BadRequest)),
        (json!({"error": {"code": "insufficient_quota"}}), Failure::last(E::QuotaExhausted)),
        (
            json!({"error": {"type": "overloaded_error"}}),
            passing(E::Overloaded { retry_after: None }),
        ),
        (json!({"error": {"code": "invalid_api_key"}}), Failure::last(E::Auth)),
    ] {
        assert_eq!(failure(&value), expected, "{value}");
    }
    let named = Event { name: "error".to_owned(), data: "plain words".to_owned() };
    assert!(matches!(read_event(&named), Reading::Failure(..)));
    let named =
        Event { name: "error".to_owned(), data: r#"{"choices":[{"delta":{}}]}"#.to_owned() };
    assert!(matches!(read_event(&named), Reading::Failure(..)));
}

#[test]
fn statuses() {
    use ProviderError as E;
    let body = |body: &str, status| {
        Report::from_body(body.as_bytes()).classify(Some(status), None).unwrap_err()
    };
    let error = |body_text: &str, status| body(body_text, status).error;
    assert_eq!(error("", 401), E::Auth);
    assert_eq!(error("", 402), E::QuotaExhausted);
    assert_eq!(error("", 403), E::Auth);
    assert_eq!(error("", 413), E::ContextTooLong);
    assert_eq!(error("", 400), E::BadRequest);
    assert_eq!(error("", 302), E::WrongAddress, "redirects are not followed");
    assert_eq!(error("<html>", 404), E::WrongAddress, "a wrong address is not a missing model");
    assert_eq!(
        error(r#"{"error":"model 'x' not found, try pulling it first"}"#, 404),
        E::ModelNotFound
    );
    assert_eq!(
        error(r#"{"error":{"message":"This model's maximum context length is 8192 tokens"}}"#, 400),
        E::ContextTooLong
    );
    assert_eq!(error(r#"{"error":{"code":"insufficient_quota"}}"#, 429), E::QuotaExhausted);
    for status in [408, 409, 429, 500, 501, 502, 503, 504, 520, 525, 529, 530] {
        assert!(body("oops", status).retry, "{status}");
    }
    for status in [302, 400, 401, 402, 403, 404, 413, 422] {
        assert!(!body("oops", status).retry, "{status}");
    }
    let filtered = Report::from_body(br#"{"error":{"code":"content_filter","message":"m"}}"#);
    assert_eq!(filtered.classify(Some(400), None), Ok(Finish::ContentFilter));
}

#[test]
fn done_garbage_and_unknown_names() {
    let read = |name: &str, data: &str| {
        read_event(&Event { name: name.to_owned(), data: data.to_owned() })
    };
    assert_eq!(read("", " [DONE] "), Reading::Done);
    assert_eq!(read("", "<html>"), Reading::Garbage);
    assert_eq!(read("ping", "x"), Reading::Unknown);
    assert_eq!(read("ping", "{\"type\":\"ping\"}"), Reading::Foreign);
    let hidden = json!({"choices": [{"delta": {"content": "data: [DONE]\n\ndata: [DONE]"}}]});
    assert_eq!(chunk(&hidden).text, "data: [DONE]\n\ndata: [DONE]");
}

/// JSON that a chunk's field may hold, right or wrong.
fn field() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!("text")),
        Just(json!("")),
        Just(json!("error")),
        Just(json!("stop")),
        Just(json!(0)),
        Just(json!(1)),
        Just(json!({})),
        Just(json!([])),
        Just(json!([{"text": "part"}])),
        Just(json!([{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}])),
        Just(json!({"prompt_tokens": 1})),
        Just(json!([{"url": "https://a.example/"}])),
        Just(json!({"citations": ["https://a.example/"]})),
    ]
}

fn object(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    proptest::collection::vec((proptest::sample::select(names), field()), 0..5).prop_map(|fields| {
        Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    })
}

proptest! {
    #[test]
    fn the_quick_reader_agrees_with_the_tolerant_one(
        mut top in object(&["object", "usage", "error", "x_groq", "id", "citations", "search_info"]),
        mut choice in object(&["index", "finish_reason", "finishReason", "usage", "message",
            "stop_reason", "error", "groundingMetadata", "native_finish_reason", "text", "content"]),
        delta in object(&["content", "reasoning_content", "reasoning", "reasoning_details",
            "thinking", "thinking_blocks", "refusal", "role", "tool_calls", "function_call", "annotations", "images",
            "audio", "context", "text", "thought", "reasoning_text", "usage"]),
        count in 0..3_usize,
    ) {
        choice["delta"] = delta;
        top["choices"] = Value::Array(vec![choice; count]);
        if let Some(quick) = fast::read(&top.to_string()) {
            prop_assert_eq!(Report::find(&top), None);
            prop_assert_eq!(quick, read_value(&top));
        }
    }
}
