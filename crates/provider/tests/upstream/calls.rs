//! Calls that go well: what is sent, what comes back, connections, cancellation, models.

use std::time::Duration;

use futures_util::StreamExt;
use mock::script::Ending;
use mock::{CallOutcome, Script, Step};
use provider::{
    CalledTool, ChatMessage, ChatRequest, Delta, Finish, Listing, ModelOptions, OpenAiConfig, Part,
    Provider, ProviderError, ReasoningTags, SystemRole, TokenLimit, TokenUsage, Tool,
    UNKNOWN_CONTEXT_TOKENS,
};
use serde_json::json;

use crate::support::{call, collect, config, provider, provider_with, request, server};

#[tokio::test]
async fn a_whole_answer() {
    let server = server().await;
    let provider = provider_with(&server, |config| config.api_key = Some("test-key".into()));
    let outcome = call(&provider, "mock:ticks=3,reasoning=2").await;
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.text, "tick 0 \ntick 1 \ntick 2 \n");
    assert_eq!(outcome.reasoning, "The user");
    let [.., Delta::FinishReason(_), Delta::Usage(usage), Delta::Finish(Finish::Stop)] =
        &outcome.deltas[..]
    else {
        panic!("{:?}", outcome.deltas)
    };
    assert_eq!((usage.output, usage.reasoning), (5, 2));
    let seen = server.wait_for("the call", |calls| calls.first().cloned()).await;
    assert_eq!(seen.authorization.as_deref(), Some("Bearer test-key"));
    // What `request` says.
    let sent = ["Be brief.", "Hällo 😀\n\ndata: x"].map(str::to_owned);
    assert_eq!(seen.messages[0], ("system".to_owned(), sent[0].clone()));
    assert_eq!(seen.messages[1], ("user".to_owned(), sent[1].clone()));
    let outcome = call(&provider, "mock:echo").await;
    assert_eq!(outcome.text, sent[1]);
    server.stop().await;
}

#[tokio::test]
async fn every_ending_and_a_document_instead_of_a_stream() {
    let server = server().await;
    let provider = provider(&server);
    for (model, expected) in [
        ("mock:ticks=2,finish=length", Finish::Length),
        ("mock:ticks=2,finish=content_filter", Finish::ContentFilter),
        ("mock:ticks=2,fault=json", Finish::Stop),
        ("mock:ticks=2,fault=json,finish=length", Finish::Length),
        ("mock:ticks=2,chunk_bytes=1", Finish::Stop),
        ("mock:ticks=2,usage=none", Finish::Stop),
    ] {
        let outcome = call(&provider, model).await;
        assert_eq!(outcome.deltas.last(), Some(&Delta::Finish(expected)), "{model}");
        assert_eq!(outcome.text, "tick 0 \ntick 1 \n", "{model}");
        let counted = outcome.deltas.iter().any(|delta| matches!(delta, Delta::Usage(_)));
        assert_eq!(counted, !model.contains("usage=none"), "{model}");
    }
    let silent_on_usage = provider_with(&server, |config| config.include_usage = false);
    let outcome = call(&silent_on_usage, "mock:ticks=1").await;
    assert_eq!(outcome.deltas.len(), 3, "{:?}", outcome.deltas);
}

#[tokio::test]
async fn the_last_usage_counts() {
    let server = server().await;
    let counts = |output| TokenUsage { input: 1, output, cached: 0, reasoning: 0 };
    server.push(Script::steps([
        Step::Usage(Some(counts(1))),
        Step::Text("a".to_owned()),
        Step::Usage(Some(counts(2))),
        Step::Finish(provider::script::Ending::Stop),
        Step::Usage(Some(counts(3))),
    ]));
    let outcome = call(&provider(&server), "m").await;
    let expected = [
        Delta::Text("a".to_owned()),
        Delta::FinishReason("stop".to_owned()),
        Delta::Usage(counts(3)),
        Delta::Finish(Finish::Stop),
    ];
    assert_eq!(outcome.deltas, expected);
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = server().await;
    let provider = provider(&server);
    for _ in 0..5 {
        assert_eq!(call(&provider, "mock:ticks=20").await.error, None);
    }
    assert_eq!(call(&provider, "mock:status=401").await.error, Some(ProviderError::Auth));
    assert_eq!(call(&provider, "mock:fault=json").await.error, None);
    let connections: Vec<_> = server.calls().iter().map(|call| call.connection).collect();
    assert_eq!(connections, [0; 7]);
}

#[tokio::test]
async fn nothing_is_sent_before_the_first_poll() {
    let server = server().await;
    let stream = provider(&server).stream(request("mock:ticks=1"));
    assert_eq!(call(&provider(&server), "mock:ticks=2").await.error, None);
    assert_eq!(server.calls().len(), 1);
    assert_eq!(collect(stream).await.text, "tick 0 \n");
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    let server = server().await;
    let provider = provider(&server);
    for model in
        ["mock:ticks=5,fault=stall@3", "mock:ticks=1000,rate=50", "mock:ticks=9,fault=huge@3"]
    {
        let mut stream = provider.stream(request(model));
        assert_eq!(stream.next().await, Some(Ok(Delta::Text("tick 0 \n".to_owned()))));
        drop(stream);
        let outcome = server
            .wait_for(model, |calls| {
                let call = calls.iter().find(|call| call.model == model)?;
                (call.outcome != CallOutcome::Running).then_some(call.outcome)
            })
            .await;
        assert_eq!(outcome, CallOutcome::ClientClosed, "{model}");
    }
    let mut unanswered = provider.stream(request("mock:fault=silent"));
    let polled = async {
        tokio::select! {
            item = unanswered.next() => panic!("{item:?}"),
            () = server.wait_for("the silent call", |calls| {
                calls.iter().any(|call| call.model == "mock:fault=silent").then_some(())
            }) => {}
        }
    };
    polled.await;
    drop(unanswered);
    server
        .wait_for("its end", |calls| {
            let call = calls.iter().find(|call| call.model == "mock:fault=silent")?;
            (call.outcome == CallOutcome::ClientClosed).then_some(())
        })
        .await;
}

fn ids(listing: &Listing) -> Vec<&str> {
    listing.models.iter().map(|model| model.id.as_str()).collect()
}

#[tokio::test]
async fn the_list_of_models() {
    let server = server().await;
    let provider = provider_with(&server, |config| config.default_model = Some("mine".to_owned()));
    let (one, two) = tokio::join!(provider.list(), provider.list());
    assert_eq!(ids(&one)[..2], ["mine", "mock"]);
    assert_eq!((&one, &one.problem), (&two, &None));
    assert_eq!(server.listings().len(), 1, "asked once for both");
    server.stop().await;
    assert_eq!(provider.list().await, one, "from memory");
}

#[tokio::test]
async fn without_a_list_there_is_the_default_model() {
    let server = server().await;
    let mut elsewhere = config(&server);
    elsewhere.base_url = format!("http://{}/nothing/here", server.addr());
    let provider = Provider::open_ai(elsewhere).unwrap();
    let listing = provider.list().await;
    assert_eq!((ids(&listing), &listing.problem), (vec!["mock"], &None));
    let outcome = call(&provider, "mock:ticks=1").await;
    assert_eq!(outcome.text, "tick 0 \n", "chat may work all the same");
}

#[tokio::test]
async fn a_provider_that_is_down_says_so_in_its_list() {
    let server = server().await;
    let provider = provider(&server);
    server.stop().await;
    let listing = provider.list().await;
    assert_eq!(ids(&listing), ["mock"]);
    assert_eq!(listing.problem, Some(ProviderError::Unreachable));
}

#[tokio::test]
async fn p10_the_window_is_configured_or_listed_or_generally_known() {
    let server = server().await;
    server.set_models(&[("big", Some(100_000)), ("gpt-4o", Some(1_000)), ("small", None)]);
    let provider = provider_with(&server, |config| {
        let options = ModelOptions { context_tokens: Some(9_000), ..ModelOptions::default() };
        config.model_options.insert("mine".to_owned(), options);
    });
    assert_eq!(provider.facts("mine").await.context_tokens, 9_000);
    assert!(server.listings().is_empty(), "nobody had to be asked so far");
    assert_eq!(provider.facts("gpt-4o").await.context_tokens, 1_000, "the provider knows better");
    assert_eq!(provider.facts("gpt-4.1").await.context_tokens, 1_047_576, "it is not listed");
    assert_eq!(provider.facts("big").await.context_tokens, 100_000);
    assert_eq!(provider.facts("small").await.context_tokens, UNKNOWN_CONTEXT_TOKENS);
    assert_eq!(server.listings().len(), 1);
}

/// What a request says is what the model's settings ask for.
#[tokio::test]
async fn a_request_is_written_as_the_model_wants_it() {
    let server = server().await;
    let provider = provider_with(&server, |config| {
        config.api_key = Some("sk-secret".into());
        config.key_header = Some("X-Api-Key".to_owned());
        config.headers = vec![("X-Title".to_owned(), "chat".into())];
        let options = ModelOptions {
            system_role: Some(SystemRole::User),
            token_limit: Some(TokenLimit::MaxCompletionTokens),
            temperature: Some(0.25),
            stream: Some(false),
            ..ModelOptions::default()
        };
        config.model_options.insert("mock:ticks=2".to_owned(), options);
        config.options.system_role = Some(SystemRole::Developer);
    });
    let limited = |model| ChatRequest { max_output_tokens: Some(99), ..request(model) };
    let outcome = collect(provider.stream(limited("mock:ticks=2"))).await;
    assert_eq!(outcome.text, "tick 0 \ntick 1 \n");
    assert_eq!(collect(provider.stream(limited("mock:ticks=1"))).await.error, None);
    let [special, plain] = &server.calls()[..] else { panic!("two calls") };
    assert_eq!(special.messages.len(), 1);
    let (role, content) = &special.messages[0];
    assert_eq!((role.as_str(), content.starts_with("Be brief.\n\nHällo")), ("user", true));
    let body = &special.parameters;
    assert_eq!((&body["max_completion_tokens"], &body["temperature"]), (&json!(99), &json!(0.25)));
    assert_eq!((&body["stream"], body.get("stream_options")), (&json!(false), None));
    assert_eq!(plain.messages[0].0, "developer");
    assert_eq!(
        (&plain.parameters["max_tokens"], plain.parameters.get("temperature")),
        (&json!(99), None)
    );
    for call in [special, plain] {
        assert_eq!(call.field("x-api-key"), Some("sk-secret"));
        assert_eq!((call.field("x-title"), call.authorization.as_deref()), (Some("chat"), None));
    }
}

/// Reasoning between tags is told apart however the answer is cut, and kept when it breaks off.
#[tokio::test]
async fn tags_of_reasoning_are_taken_out() {
    let server = server().await;
    let provider = provider_with(&server, |config| {
        let options = |tags| ModelOptions { reasoning_tags: Some(tags), ..ModelOptions::default() };
        config.model_options.insert("off".to_owned(), options(ReasoningTags::Off));
        config.model_options.insert("implied".to_owned(), options(ReasoningTags::Implied));
    });
    let pieces = |texts: &[&str], end: &[Step]| {
        let texts = texts.iter().map(|text| Step::Text((*text).to_owned()));
        Script::steps(texts.chain(end.iter().cloned()))
    };
    let well = [Step::Finish(Ending::Stop), Step::Done];
    for (model, texts, reasoning, text) in [
        ("m", &["\n<th", "ink>\nHm", "m.\n</thi", "nk>\n", "\nYes."][..], "Hmm.", "Yes."),
        ("off", &["<think>Hm</think>Yes."], "", "<think>Hm</think>Yes."),
        ("implied", &["Hm", "</think>", "Yes."], "Hm", "Yes."),
        ("m", &["<thin", " air"], "", "<thin air"),
        ("m", &["<thi"], "", "<thi"),
    ] {
        server.push(pieces(texts, &well));
        let outcome = call(&provider, model).await;
        assert_eq!((outcome.reasoning.as_str(), outcome.text.as_str()), (reasoning, text));
        assert_eq!(outcome.error, None);
    }
    server.push(pieces(&["<think>half a </tho"], &[Step::Close]));
    let outcome = call(&provider, "m").await;
    assert_eq!(outcome.reasoning, "half a </tho");
    assert_eq!(outcome.error, Some(ProviderError::Truncated));
}

#[tokio::test]
async fn misconfiguration_is_seen_at_once() {
    for base in ["", "localhost:1/v1", "http://user:secret@localhost/v1"] {
        let config = OpenAiConfig::new(base, "m");
        assert!(!format!("{config:?}").contains("secret"));
        let error = Provider::open_ai(config).unwrap_err();
        assert!(matches!(error, ProviderError::Misconfigured(_)), "{base}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    let provider = Provider::open_ai(OpenAiConfig::new("http://127.0.0.1:1/v1", "m")).unwrap();
    assert_eq!((provider.name(), provider.default_model()), ("openai", Some("m")));
    assert!(!provider.is_demo());
}

/// Without `TCP_NODELAY` on both ends a kept-alive connection waits some 40 ms for an
/// acknowledgement.
#[tokio::test]
async fn no_delay_on_kept_alive_connections() {
    let server = server().await;
    let provider = provider(&server);
    let mut fastest = Duration::MAX;
    for _ in 0..10 {
        let began = tokio::time::Instant::now();
        let mut stream = provider.stream(request("mock:ticks=2"));
        assert!(stream.next().await.unwrap().is_ok());
        fastest = fastest.min(began.elapsed());
        while stream.next().await.is_some() {}
    }
    assert!(fastest < Duration::from_millis(30), "{fastest:?}");
}

/// A whole tool loop: offered, called, answered; what a provider says of its call goes back to it, and
/// to no other.
#[tokio::test]
async fn a_tool_loop() {
    let server = server().await;
    let provider = provider(&server);
    let tool = Tool {
        name: "get_weather".to_owned(),
        description: None,
        parameters: json!({"type": "object", "properties": {"location": {"type": "string"}},
            "required": ["location"]})
        .as_object()
        .cloned(),
        strict: None,
    };
    let mut asked = request("mock");
    asked.options.tools = vec![tool];
    let outcome = collect(provider.stream(asked.clone())).await;
    let calls = |deltas: &[Delta]| {
        let call = |delta: &Delta| match delta {
            Delta::Call { id, name, extra } => {
                Some((id.clone().unwrap(), name.clone(), extra.clone()))
            }
            _ => None,
        };
        deltas.iter().filter_map(call).collect::<Vec<_>>()
    };
    let [(id, name, None)] = &calls(&outcome.deltas)[..] else { panic!("{:?}", outcome.deltas) };
    assert_eq!((name.as_str(), outcome.error), ("get_weather", None));
    assert_eq!(outcome.deltas.last(), Some(&Delta::Finish(Finish::Stop)));

    let call = |id: &str, extra| CalledTool {
        id: id.to_owned(),
        name: "get_weather".to_owned(),
        arguments: "{\"location\":\"Lisbon\"}".to_owned(),
        extra,
    };
    let told = |call: CalledTool| {
        let mut asked = asked.clone();
        let (text, reasoning, call_id) = (String::new(), String::new(), call.id.clone());
        asked.messages.push(ChatMessage::Called { text, reasoning, calls: vec![call] });
        let output = vec![Part::Text("18 degrees".to_owned())];
        asked.messages.push(ChatMessage::Returned { call_id, output });
        asked
    };
    let outcome = collect(provider.stream(told(call(id, None)))).await;
    assert!(outcome.text.contains("> 18 degrees"), "{}", outcome.text);
    let sent = server.calls().pop().unwrap();
    assert_eq!(sent.parameters["tools"][0]["function"]["name"], "get_weather");
    let [.., called, returned] = &sent.whole_messages[..] else { panic!("{sent:?}") };
    assert_eq!(
        *called,
        json!({"role": "assistant", "content": null, "tool_calls": [{"id": id, "type": "function",
            "function": {"name": "get_weather", "arguments": "{\"location\":\"Lisbon\"}"}}]})
    );
    assert_eq!(*returned, json!({"role": "tool", "content": "18 degrees", "tool_call_id": id}));

    // Gemini's fields, in the first piece; a piece that comes too late adds nothing.
    let piece = |call: serde_json::Value| {
        let chunk = json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]});
        Step::Raw(format!("data: {chunk}\n\n").into())
    };
    let signature = json!({"google": {"thought_signature": "sig"}});
    server.push(Script::steps([
        piece(json!({"id": "g1", "type": "function", "extra_content": signature,
            "function": {"name": "get_weather", "arguments": "{\"location\":"}})),
        piece(json!({"late": 1, "function": {"arguments": "\"Lisbon\"}"}})),
        Step::Finish(Ending::ToolCalls),
        Step::Done,
    ]));
    let outcome = collect(provider.stream(asked.clone())).await;
    let [(id, _, Some(extra))] = &calls(&outcome.deltas)[..] else {
        panic!("{:?}", outcome.deltas)
    };
    assert_eq!((extra.get("extra_content"), extra.get("late")), (Some(&signature), None));
    collect(provider.stream(told(call(id, Some(extra.clone()))))).await;
    let sent = server.calls().pop().unwrap().whole_messages;
    let sent = &sent[sent.len() - 2]["tool_calls"][0];
    assert_eq!(sent["extra_content"], signature);
    assert_eq!(sent.as_object().unwrap().len(), 4, "{sent}");
    let elsewhere = provider_with(&server, |config| {
        config.base_url = config.base_url.replace("127.0.0.1", "localhost");
    });
    collect(elsewhere.stream(told(call(id, Some(extra.clone()))))).await;
    let sent = server.calls().pop().unwrap().whole_messages;
    assert_eq!(sent[sent.len() - 2]["tool_calls"][0].get("extra_content"), None);
}
