//! What is written for each kind of server, as whole bodies and as rules that hold for any history.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Body, Dialect};
use crate::client::Http;
use crate::options::{CallStyle, ReasoningField, SystemRole};
use crate::{
    CalledTool, ChatMessage, ChatRequest, ChatRole, ModelOptions, OpenAiConfig, Part,
    RequestOptions, ResponseFormat, Tool, ToolChoice,
};

fn said(role: ChatRole, text: &str) -> ChatMessage {
    ChatMessage::text(role, text)
}

fn called(text: &str, calls: &[(&str, &str, &str)]) -> ChatMessage {
    let call = |&(id, name, arguments): &(&str, &str, &str)| CalledTool {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        extra: None,
    };
    let calls = calls.iter().map(call).collect();
    ChatMessage::Called { text: text.to_owned(), reasoning: String::new(), calls }
}

fn returned(call_id: &str, text: &str) -> ChatMessage {
    ChatMessage::Returned { call_id: call_id.to_owned(), output: vec![Part::Text(text.to_owned())] }
}

fn image(url: &str) -> Part {
    Part::Image { url: url.to_owned(), detail: None }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn written(messages: Vec<ChatMessage>, dialect: Dialect<'_>) -> Vec<Value> {
    let request = ChatRequest { model: "m".to_owned(), messages, ..ChatRequest::default() };
    let body = serde_json::to_value(Body::new(&request, dialect)).unwrap();
    body["messages"].as_array().unwrap().clone()
}

/// The body as it is sent to a provider, by its address and the model's name.
fn body(base_url: &str, model: &str, request: ChatRequest) -> Value {
    let http = Http::new(OpenAiConfig::new(base_url, model)).unwrap();
    let request = ChatRequest { model: model.to_owned(), ..request };
    serde_json::to_value(Body::new(&request, http.dialect(model))).unwrap()
}

/// A tool loop: words and two calls, of which one was answered, by text and an image; then the user
/// goes on.
fn tool_loop() -> ChatRequest {
    let mut first =
        called("Let me see.", &[("call_1", "search", "{\"q\":\"tides\"}"), ("c.2", "clock", "")]);
    if let ChatMessage::Called { reasoning, calls, .. } = &mut first {
        "They ask for tides.".clone_into(reasoning);
        calls[0].extra =
            Some(object(&json!({"extra_content": {"google": {"thought_signature": "sig"}},
            "chatapp_origin": "generativelanguage.googleapis.com"})));
    }
    let shown = vec![Part::Text("A map.".to_owned()), image("data:image/png;base64,AA")];
    let messages = vec![
        said(ChatRole::System, "Be brief."),
        said(ChatRole::User, "Tides?"),
        first,
        ChatMessage::Returned { call_id: "call_1".to_owned(), output: shown },
        said(ChatRole::User, "Well?"),
    ];
    let parameters = object(&json!({"type": "object", "properties": {"q": {"type": "string"}}}));
    let tool = |name: &str, parameters| Tool {
        name: name.to_owned(),
        description: Some(format!("Does {name}.")),
        parameters,
        strict: None,
    };
    ChatRequest {
        messages,
        max_output_tokens: Some(99),
        options: RequestOptions {
            tools: vec![tool("search", Some(parameters)), tool("clock", None)],
            tool_choice: ToolChoice::Required,
            parallel_tool_calls: Some(false),
            seed: Some(7),
            stop: vec!["END".to_owned()],
            ..RequestOptions::default()
        },
        ..ChatRequest::default()
    }
}

/// What all of them are sent of `tool_loop`, but messages.
fn common(model: &str, messages: &Value) -> Value {
    json!({"model": model, "stream": true, "stream_options": {"include_usage": true},
        "max_tokens": 99, "seed": 7, "stop": ["END"],
        "tools": [
            {"type": "function", "function": {"name": "search", "description": "Does search.",
                "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}},
            {"type": "function", "function": {"name": "clock", "description": "Does clock.",
                "parameters": {"type": "object", "properties": {}}}},
        ],
        "tool_choice": "required", "parallel_tool_calls": false, "messages": messages})
}

fn call_body(id: &str, name: &str, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

/// The messages of `tool_loop` with these calls.
fn loop_messages(first: &Value, second: &Value) -> Vec<Value> {
    vec![
        json!({"role": "system", "content": "Be brief."}),
        json!({"role": "user", "content": "Tides?"}),
        json!({"role": "assistant", "content": "Let me see.", "tool_calls": [first, second]}),
        json!({"role": "tool", "tool_call_id": first["id"],
            "content": "A map.\n\n(An image follows below.)"}),
        json!({"role": "tool", "tool_call_id": second["id"],
            "content": "(This call was not answered: there is no result.)"}),
        json!({"role": "user", "content": [
            {"type": "text", "text": "(From the tool search:)"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
            {"type": "text", "text": "Well?"}]}),
    ]
}

#[test]
fn a_tool_loop_as_each_kind_of_server_wants_it() {
    let sent = |base_url, model| body(base_url, model, tool_loop());
    // OpenAI: the other field for the limit; nothing of another provider.
    let body = sent("https://api.openai.com/v1", "gpt-4o");
    let made = body["messages"][2]["tool_calls"][1]["id"].as_str().unwrap();
    assert!(made.starts_with("call_") && made.len() == 21, "a point is no part of an id: {made}");
    let first = call_body("call_1", "search", "{\"q\":\"tides\"}");
    let messages = loop_messages(&first, &call_body(made, "clock", "{}"));
    let mut expected = common("gpt-4o", &json!(messages));
    expected.as_object_mut().unwrap().remove("max_tokens");
    expected["max_completion_tokens"] = json!(99);
    assert_eq!(body, expected);

    // llama.cpp and the like.
    assert_eq!(sent("http://localhost:8080/v1", "qwen3"), common("qwen3", &json!(messages)));

    // Gemini: its own signature goes back.
    let google = "https://generativelanguage.googleapis.com/v1beta/openai";
    let mut signed = messages.clone();
    let signature = json!({"google": {"thought_signature": "sig"}});
    signed[2]["tool_calls"][0]["extra_content"] = signature;
    assert_eq!(sent(google, "gemini-2.5-pro"), common("gemini-2.5-pro", &json!(signed)));
    // Gemini 3 insists on one, also for calls of another model.
    let mut foreign = messages.clone();
    foreign[2]["tool_calls"][0]["extra_content"] =
        json!({"google": {"thought_signature": "skip_thought_signature_validator"}});
    assert_eq!(
        sent("https://openrouter.ai/api/v1", "google/gemini-3-pro")["messages"],
        json!(foreign)
    );

    // Mistral: nine letters and digits, its own word for the seed, and the model between results and
    // a user.
    let body = sent("https://api.mistral.ai/v1", "mistral-large-latest");
    let ids: Vec<&str> =
        (0..2).map(|n| body["messages"][2]["tool_calls"][n]["id"].as_str().unwrap()).collect();
    for id in &ids {
        assert!(id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
    }
    let [first, second] =
        [call_body(ids[0], "search", "{\"q\":\"tides\"}"), call_body(ids[1], "clock", "{}")];
    let mut bridged = loop_messages(&first, &second);
    bridged.insert(5, json!({"role": "assistant", "content": "(I have read the results.)"}));
    let mut expected = common("mistral-large-latest", &json!(bridged));
    expected["random_seed"] = expected.as_object_mut().unwrap().remove("seed").unwrap();
    assert_eq!(body, expected);

    // DeepSeek and Kimi: the reasoning that led to a call.
    let mut thinking = messages;
    thinking[2]["reasoning_content"] = json!("They ask for tides.");
    assert_eq!(
        sent("https://api.deepseek.com/v1", "deepseek-reasoner")["messages"],
        json!(thinking)
    );
    thinking[2]["tool_calls"][1]["id"] = json!("c.2");
    thinking[4]["tool_call_id"] = json!("c.2");
    assert_eq!(sent("https://api.moonshot.ai/v1", "kimi-k2.5")["messages"], json!(thinking));
}

#[test]
fn anthropic_is_offered_the_tools_that_were_called() {
    let messages = vec![
        said(ChatRole::User, "Go"),
        called("", &[("a", "search", "{}"), ("b", "clock", "{}"), ("c", "search", "{}")]),
        returned("b", "noon"),
    ];
    let request = ChatRequest { messages, ..ChatRequest::default() };
    let sent = body("https://api.anthropic.com/v1", "claude-sonnet-4-5", request.clone());
    let tool = |name: &str| {
        json!({"type": "function",
            "function": {"name": name, "parameters": {"type": "object", "properties": {}}}})
    };
    assert_eq!(sent["tools"], json!([tool("clock"), tool("search")]));
    assert_eq!(sent["tool_choice"], "none");
    assert_eq!(sent["messages"][1]["content"], Value::Null);
    let sent = body("https://api.openai.com/v1", "gpt-4o", request);
    assert_eq!((sent.get("tools"), sent.get("tool_choice")), (None, None));
}

#[test]
fn options_are_written_where_they_were_asked_for() {
    let tools = ["a", "b", "c"].map(|name| Tool {
        name: name.to_owned(),
        description: None,
        parameters: None,
        strict: Some(true),
    });
    let mut request = ChatRequest {
        model: "m".to_owned(),
        options: RequestOptions {
            tools: tools.to_vec(),
            temperature: Some(0.5),
            top_p: Some(0.25),
            presence_penalty: Some(1.0),
            frequency_penalty: Some(-1.0),
            verbosity: Some("low".to_owned()),
            reasoning_effort: Some("high".to_owned()),
            format: ResponseFormat::JsonSchema {
                name: "s".to_owned(),
                description: Some("d".to_owned()),
                schema: object(&json!({"type": "object"})),
                strict: Some(false),
            },
            ..RequestOptions::default()
        },
        ..ChatRequest::default()
    };
    let configured = Dialect { temperature: Some(1.0), ..Dialect::default() };
    let write =
        |request: &ChatRequest| serde_json::to_value(Body::new(request, configured)).unwrap();
    let body = write(&request);
    let function = json!({"name": "a", "strict": true,
        "parameters": {"type": "object", "properties": {}}});
    assert_eq!(body["tools"][0], json!({"type": "function", "function": function}));
    assert_eq!(body.get("tool_choice"), None, "the model decides by itself");
    let sampling = ["temperature", "top_p", "presence_penalty", "frequency_penalty"];
    assert_eq!(sampling.map(|name| body[name].to_string()), ["0.5", "0.25", "1.0", "-1.0"]);
    assert_eq!((&body["verbosity"], &body["reasoning_effort"]), (&json!("low"), &json!("high")));
    assert_eq!(
        body["response_format"],
        json!({"type": "json_schema", "json_schema":
            {"name": "s", "description": "d", "schema": {"type": "object"}, "strict": false}})
    );

    let mut choose = |choice| {
        request.options.tool_choice = choice;
        let body = write(&request);
        let names: String = body["tools"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|tool| tool["function"]["name"].as_str().unwrap())
            .collect();
        (names, body["tool_choice"].clone())
    };
    let allowed = |names: &[&str], required| ToolChoice::Allowed {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        required,
    };
    let abc = || "abc".to_owned();
    assert_eq!(choose(ToolChoice::None), (abc(), json!("none")));
    assert_eq!(choose(ToolChoice::Required), (abc(), json!("required")));
    let forced = json!({"type": "function", "function": {"name": "b"}});
    assert_eq!(choose(ToolChoice::Function("b".to_owned())), (abc(), forced));
    assert_eq!(choose(allowed(&["c", "a"], false)), ("ac".to_owned(), Value::Null));
    assert_eq!(choose(allowed(&["c"], true)), ("c".to_owned(), json!("required")));
    assert_eq!(choose(allowed(&["z"], true)), (String::new(), Value::Null));
    request.options = RequestOptions {
        format: ResponseFormat::JsonObject,
        parallel_tool_calls: Some(true),
        tool_choice: ToolChoice::Required,
        ..RequestOptions::default()
    };
    let body = write(&request);
    assert_eq!(body["response_format"], json!({"type": "json_object"}));
    assert_eq!(body["temperature"], 1.0, "what is configured counts where nothing is asked for");
    for name in ["tools", "tool_choice", "parallel_tool_calls", "top_p", "stop", "seed"] {
        assert_eq!(body.get(name), None, "{name} means nothing without what it is about");
    }
}

#[test]
fn parts_are_written_where_they_can_be_and_told_where_not() {
    let parts = vec![
        Part::Text("See".to_owned()),
        Part::Text(" ".to_owned()),
        Part::Text("this:".to_owned()),
        Part::Image { url: "https://a.example/x.png".to_owned(), detail: Some("low".to_owned()) },
        Part::File {
            filename: None,
            data: Some("data:application/pdf;base64,AA".to_owned()),
            url: None,
        },
        Part::File {
            filename: Some("b.pdf".to_owned()),
            data: None,
            url: Some("https://a.example/b.pdf".to_owned()),
        },
    ];
    let user = ChatMessage::Said { role: ChatRole::User, parts: parts.clone() };
    let plain = Dialect::default();
    let sent = written(vec![user.clone(), said(ChatRole::User, "Well?")], plain);
    assert_eq!(
        sent,
        [json!({"role": "user", "content": [
            {"type": "text", "text": "See\n\nthis:"},
            {"type": "image_url", "image_url": {"url": "https://a.example/x.png", "detail": "low"}},
            {"type": "file", "file": {"filename": "file.pdf",
                "file_data": "data:application/pdf;base64,AA"}},
            {"type": "text", "text": "(A file “b.pdf” at https://a.example/b.pdf)\n\nWell?"},
        ]})]
    );
    let words = "See\n\nthis:\n\n(An image that you cannot see: https://a.example/x.png)\n\n\
                 (A file that you cannot see.)\n\n(A file “b.pdf” at https://a.example/b.pdf)";
    let text_only = Dialect { no_images: true, no_files: true, ..plain };
    assert_eq!(written(vec![user], text_only), [json!({"role": "user", "content": words})]);
    // Nobody takes them from a model or in instructions.
    for role in [ChatRole::Assistant, ChatRole::System] {
        let message = ChatMessage::Said { role, parts: parts.clone() };
        let sent = written(vec![said(ChatRole::User, "a"), message], plain);
        assert!(sent.iter().any(|message| message["content"] == words), "{sent:?}");
    }
    // Instructions at the head of a message with parts.
    let user = ChatMessage::Said { role: ChatRole::User, parts: vec![image("data:,")] };
    let headed = Dialect { system_role: SystemRole::User, ..plain };
    let sent = written(vec![said(ChatRole::System, "s"), user], headed);
    assert_eq!(
        sent,
        [json!({"role": "user", "content": [
        {"type": "text", "text": "s"}, {"type": "image_url", "image_url": {"url": "data:,"}}]})]
    );
}

/// Roles and words of what is written, calls as their ids.
fn outline(messages: Vec<ChatMessage>) -> Vec<String> {
    let outline = |message: &Value| {
        let calls: Vec<&str> = message["tool_calls"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|call| call["id"].as_str())
            .collect();
        let role = message["role"].as_str().unwrap().chars().next().unwrap();
        let of = message["tool_call_id"].as_str().map(|id| format!("<{id}")).unwrap_or_default();
        let calls = if calls.is_empty() { String::new() } else { format!(">{}", calls.join("+")) };
        format!("{role}{of}:{}{calls}", message["content"].as_str().unwrap_or("-"))
    };
    written(messages, Dialect::default()).iter().map(outline).collect()
}

#[test]
fn calls_and_results_stand_together() {
    use ChatRole::{Assistant, User};
    let call = |text, ids: &[&'static str]| {
        called(text, &ids.iter().map(|id| (*id, "f", "{}")).collect::<Vec<_>>())
    };
    let none = "(This call was not answered: there is no result.)";
    let hi = || said(User, "hi");
    // In another order, and not directly behind.
    assert_eq!(
        outline(vec![hi(), call("", &["a", "b"]), returned("b", "B"), hi(), returned("a", "A")]),
        ["u:hi", "a:->a+b", "t<a:A", "t<b:B", "u:hi"]
    );
    // One step told as several messages, and two steps.
    assert_eq!(
        outline(vec![
            hi(),
            said(Assistant, "x"),
            call("y", &["a"]),
            call("", &["b"]),
            returned("a", "A"),
            returned("b", "B"),
            call("", &["c"]),
            returned("c", "C"),
            call("", &["d"]),
            said(Assistant, "z")
        ]),
        [
            "u:hi",
            "a:x\n\ny>a+b",
            "t<a:A",
            "t<b:B",
            "a:->c",
            "t<c:C",
            "a:->d",
            &format!("t<d:{none}"),
            "a:z"
        ]
    );
    // A result whose call was cut off is told by the user, who then begins.
    assert_eq!(
        outline(vec![returned("a", "A"), call("", &["b"]), returned("b", " ")]),
        [
            "u:(A tool returned this. Its call is no longer shown.)\n\nA",
            "a:->b",
            "t<b:(The tool returned nothing.)"
        ]
    );
    // A result before its call is another call's.
    let alone = outline(vec![hi(), returned("a", "A"), call("", &["a"])]);
    assert_eq!(alone.last().unwrap(), &format!("t<a:{none}"));
    // Told twice, in the same words and in others.
    assert_eq!(
        outline(vec![
            hi(),
            call("", &["a"]),
            returned("a", "A"),
            returned("a", "A"),
            returned("a", "B")
        ]),
        ["u:hi", "a:->a", "t<a:A\n\nB"]
    );
    // Ids that are used again.
    let again = outline(vec![
        hi(),
        call("", &["a", "a"]),
        returned("a", "1"),
        returned("a", "2"),
        hi(),
        call("", &["a"]),
        returned("a", "3"),
    ]);
    let answers: Vec<&str> = again
        .iter()
        .filter(|line| line.starts_with('t'))
        .map(|line| line.rsplit(':').next().unwrap())
        .collect();
    assert_eq!(answers, ["1", "2", "3"], "{again:?}");
    assert_eq!(outline(vec![call("", &["a"])])[0], "u:(The conversation begins here.)");
}

/// A server as strict as any that is known.
fn refuses(messages: &[Value], dialect: Dialect<'_>) -> Option<&'static str> {
    let mut seen = std::collections::HashSet::new();
    let mut turns = messages;
    if turns.first().is_some_and(|m| m["role"] == "system" || m["role"] == "developer") {
        turns = &turns[1..];
    }
    if turns.first().is_some_and(|first| first["role"] != "user") {
        return Some("the user begins");
    }
    let mut before = "";
    let mut open: std::collections::VecDeque<&str> = std::collections::VecDeque::new();
    for message in turns {
        let role = message["role"].as_str()?;
        let calls = message["tool_calls"].as_array();
        match &message["content"] {
            Value::Null if role == "assistant" && calls.is_some() => {}
            Value::String(text) if !super::says_nothing(text) => {}
            Value::Array(parts) if role == "user" && !parts.is_empty() => {
                let blank = |part: &Value| {
                    part["type"] == "text" && super::says_nothing(part["text"].as_str().unwrap())
                };
                if parts.iter().any(blank) {
                    return Some("empty part");
                }
            }
            _ => return Some("empty content"),
        }
        if role == "tool" {
            if open.pop_front() != message["tool_call_id"].as_str() {
                return Some("a result without its call, or in another order");
            }
        } else if !open.is_empty() {
            return Some("a call without its result");
        }
        match (before, role) {
            ("user", "user") | ("assistant", "assistant") => return Some("roles alternate"),
            ("tool", "user") if dialect.call_style == CallStyle::Mistral => {
                return Some("Unexpected role 'user' after role 'tool'");
            }
            _ => before = role,
        }
        for call in calls.into_iter().flatten() {
            let id = call["id"].as_str()?;
            let arguments = call["function"]["arguments"].as_str()?;
            if !seen.insert(id) {
                return Some("two calls with one id");
            }
            if dialect.call_style == CallStyle::Mistral && id.len() != 9 {
                return Some("must have a length of 9");
            }
            if !serde_json::from_str::<Value>(arguments).is_ok_and(|value| value.is_object()) {
                return Some("arguments are no object");
            }
            open.push_back(id);
        }
        let thinks = message["reasoning_content"].as_str().is_some_and(|text| !text.is_empty());
        if calls.is_some() && dialect.reasoning == ReasoningField::ReasoningContent && !thinks {
            return Some("reasoning_content is missing");
        }
    }
    (!open.is_empty()).then_some("a call without its result at the end")
}

/// A text with a word that is found again, or one that says nothing.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just(String::new()), 1 => Just(" \u{200b}\n".to_owned()),
        4 => "w[a-z0-9]{6,9}"]
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = prop_oneof![
        3 => text().prop_map(Part::Text),
        1 => Just(image("data:image/png;base64,AA")),
        1 => Just(image("https://a.example/i.png")),
        1 => Just(Part::File { filename: None, data: Some("data:,x".to_owned()), url: None }),
        1 => Just(Part::File { filename: None, data: None, url: Some("https://a.example/f".to_owned()) }),
    ];
    proptest::collection::vec(part, 0..4)
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ab]", Just("functions.f:0".to_owned()), "[a-z]{50}"]
}

fn history() -> impl Strategy<Value = Vec<ChatMessage>> {
    use ChatRole::{Assistant, System, User};
    let role = prop_oneof![Just(System), Just(User), Just(Assistant)];
    let arguments = prop_oneof![text(), Just("{\"x\":1}".to_owned()), Just("[1]".to_owned())];
    let call = (id(), text(), arguments).prop_map(|(id, name, arguments)| CalledTool {
        id,
        name,
        arguments,
        extra: None,
    });
    let calls = proptest::collection::vec(call, 0..4);
    let message = prop_oneof![
        (role, parts()).prop_map(|(role, parts)| ChatMessage::Said { role, parts }),
        (text(), text(), calls).prop_map(|(text, reasoning, calls)| {
            ChatMessage::Called { text, reasoning, calls }
        }),
        (id(), parts()).prop_map(|(call_id, output)| ChatMessage::Returned { call_id, output }),
    ];
    proptest::collection::vec(message, 0..12)
}

/// Everything in a history that says something, but reasoning.
fn texts(messages: &[ChatMessage]) -> Vec<&str> {
    let mut texts = Vec::new();
    for message in messages {
        let parts = match message {
            ChatMessage::Said { parts, .. } | ChatMessage::Returned { output: parts, .. } => parts,
            ChatMessage::Called { text, calls, .. } => {
                texts.push(text.as_str());
                texts.extend(calls.iter().map(|call| call.name.as_str()));
                let words = calls.iter().map(|call| call.arguments.as_str());
                texts.extend(words.filter(|text| text.starts_with('w')));
                continue;
            }
        };
        texts.extend(parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Image { url, .. } | Part::File { url: Some(url), .. }
                if url.starts_with("http") =>
            {
                Some(url.as_str())
            }
            _ => None,
        }));
    }
    texts.retain(|text| !super::says_nothing(text));
    texts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn whatever_the_history_no_server_refuses_it_and_no_word_is_lost(
        messages in history(),
        call_style in prop_oneof![
            Just(CallStyle::Standard), Just(CallStyle::Mistral), Just(CallStyle::AsIs)
        ],
        system_role in prop_oneof![
            Just(SystemRole::System), Just(SystemRole::Developer), Just(SystemRole::User)
        ],
        reasoning in prop_oneof![
            Just(ReasoningField::Off), Just(ReasoningField::Reasoning),
            Just(ReasoningField::ReasoningContent)
        ],
        no_images in any::<bool>(),
        no_files in any::<bool>(),
        signed_calls in any::<bool>(),
    ) {
        let dialect = Dialect { system_role, call_style, reasoning, no_images, no_files, signed_calls,
            ..Dialect::default() };
        let sent = written(messages.clone(), dialect);
        prop_assert_eq!(refuses(&sent, dialect), None, "{:#?}", sent);
        let all = Value::from(sent.clone()).to_string();
        for text in texts(&messages) {
            prop_assert!(all.contains(text), "{} is lost in {}", text, all);
        }
        // A history that grows is written as before, as far as it was final: caches depend on it.
        let mut longer = messages.clone();
        longer.push(said(ChatRole::User, "more"));
        let longer = written(longer, dialect);
        let same = sent.len().saturating_sub(1);
        prop_assert_eq!(&longer[..same], &sent[..same]);
    }
}

#[test]
fn what_is_configured_comes_before_what_a_name_tells() {
    let mut config = OpenAiConfig::new("http://localhost:1/v1", "kimi-k2");
    config.options = ModelOptions {
        images: Some(false),
        tool_calls: Some(CallStyle::Mistral),
        reasoning_field: Some(ReasoningField::Off),
        ..ModelOptions::default()
    };
    let own = ModelOptions { images: Some(true), ..ModelOptions::default() };
    config.model_options.insert("sees".to_owned(), own);
    let http = Http::new(config).unwrap();
    let kimi = http.dialect("kimi-k2");
    assert_eq!((kimi.call_style, kimi.reasoning), (CallStyle::Mistral, ReasoningField::Off));
    assert!(kimi.no_images && !kimi.no_files && !http.dialect("sees").no_images);
}
