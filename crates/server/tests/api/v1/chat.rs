//! `/v1/chat/completions`: a client that keeps its conversation itself.

use mock::CallOutcome;
use provider::script::{Ending, Script, Step};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{EventStream, Reply, User};
use testkit::sse::Frame;
use testkit::{TestApp, World, eventually};

const PATH: &str = "/v1/chat/completions";

/// A request of one message.
fn asks(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Go"}]})
}

/// The same with other fields.
fn asks_with(model: &str, fields: &Value) -> Value {
    let mut body = asks(model);
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn create(user: &User, body: &Value) -> Reply {
    user.post(PATH, body.clone()).await
}

async fn stream(user: &User, body: &Value) -> EventStream {
    let mut body = body.clone();
    body["stream"] = json!(true);
    user.stream(user.request(Method::POST, PATH).json(&body)).await
}

/// The chunks of a stream, which ends with `[DONE]`.
fn chunks(mut frames: Vec<Frame>) -> Vec<Value> {
    assert_eq!(frames.pop().unwrap().data, "[DONE]");
    frames.iter().map(Frame::json).collect()
}

/// The text of the answer number `index` in chunks.
fn text(chunks: &[Value], index: usize) -> String {
    let choices = chunks.iter().flat_map(|chunk| chunk["choices"].as_array().unwrap());
    let of_one = choices.filter(|choice| choice["index"] == index);
    of_one.filter_map(|choice| choice["delta"]["content"].as_str()).collect()
}

#[testkit::test]
async fn an_answer_is_whole_counted_and_stored_nowhere(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let body = create(&ada, &asks("mock:reasoning=2,ticks=3")).await.expect(200);
    assert!(body["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["model"], "mock:reasoning=2,ticks=3");
    let choice = &body["choices"][0];
    assert_eq!(choice["message"]["role"], "assistant");
    assert_eq!(choice["message"]["content"], "tick 0 \ntick 1 \ntick 2 \n");
    assert!(choice["message"]["reasoning_content"].as_str().is_some_and(|text| !text.is_empty()));
    assert_eq!(choice["finish_reason"], "stop");
    let usage = &body["usage"];
    let sum =
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], sum);
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 2);
    assert_eq!(ada.list_conversations().await, Vec::<Value>::new());
    // Where the provider counts nothing, this server does.
    let body = create(&ada, &asks("mock:ticks=3,usage=none")).await.expect(200);
    assert!(body["usage"]["completion_tokens"].as_u64().unwrap() > 0);
    for (finish, reason) in [("length", "length"), ("content_filter", "content_filter")] {
        let body = create(&ada, &asks(&format!("mock:ticks=2,finish={finish}"))).await.expect(200);
        assert_eq!(body["choices"][0]["finish_reason"], reason);
    }
}

#[testkit::test]
async fn chunks_come_in_the_order_that_clients_expect(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let with_usage = json!({"stream_options": {"include_usage": true}});
    let model = "mock:reasoning=1,calls=1,ticks=2";
    let frames = stream(&ada, &asks_with(model, &with_usage)).await.finish().await;
    assert!(frames.iter().all(|frame| frame.event == "message" && frame.id.is_none()));
    let chunks = chunks(frames);
    for chunk in &chunks {
        assert_eq!((&chunk["id"], &chunk["created"]), (&chunks[0]["id"], &chunks[0]["created"]));
        assert_eq!(chunk["object"], "chat.completion.chunk");
    }
    let (usage, others) = chunks.split_last().unwrap();
    assert_eq!(usage["choices"], json!([]));
    assert!(usage["usage"]["total_tokens"].as_u64().unwrap() > 0);
    assert!(others.iter().all(|chunk| chunk.get("usage") == Some(&Value::Null)));
    let delta = |chunk: &Value| chunk["choices"][0]["delta"].clone();
    assert_eq!(delta(&others[0]), json!({"role": "assistant", "content": ""}));
    let called: Vec<Value> =
        others.iter().map(delta).filter(|delta| delta.get("tool_calls").is_some()).collect();
    let first = &called[0]["tool_calls"][0];
    assert_eq!((&first["index"], &first["type"]), (&json!(0), &json!("function")));
    assert_eq!(first["function"]["arguments"], "");
    assert!(first["id"].is_string() && first["function"]["name"].is_string());
    let arguments: String = called[1..]
        .iter()
        .map(|delta| {
            let call = &delta["tool_calls"][0];
            assert!(call.get("id").is_none() && call["index"] == 0, "{call}");
            call["function"]["arguments"].as_str().unwrap()
        })
        .collect();
    serde_json::from_str::<Value>(&arguments).unwrap();
    let last = &others[others.len() - 1]["choices"][0];
    assert_eq!((&last["delta"], &last["finish_reason"]), (&json!({}), &json!("tool_calls")));
    let unfinished = &others[..others.len() - 1];
    assert!(unfinished.iter().all(|chunk| chunk["choices"][0]["finish_reason"].is_null()));
    // Nobody asked for the numbers.
    let frames = stream(&ada, &asks("mock:ticks=2")).await.finish().await;
    let chunks = self::chunks(frames);
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()), "{chunks:?}");
    assert_eq!(text(&chunks, 0), "tick 0 \ntick 1 \n");
}

#[testkit::test]
async fn several_answers_run_side_by_side_and_all_are_paid_for(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let one = create(&ada, &asks("mock:ticks=3")).await.expect(200);
    let body = create(&ada, &asks_with("mock:ticks=3", &json!({"n": 3}))).await.expect(200);
    let indices: Vec<_> =
        body["choices"].as_array().unwrap().iter().map(|choice| &choice["index"]).collect();
    assert_eq!(indices, [0, 1, 2]);
    let total = |body: &Value| body["usage"]["total_tokens"].as_u64().unwrap();
    assert_eq!(total(&body), 3 * total(&one));
    let fields = json!({"n": 2, "stream_options": {"include_usage": true}});
    let frames = stream(&ada, &asks_with("mock:ticks=4", &fields)).await.finish().await;
    let chunks = chunks(frames);
    let whole = "tick 0 \ntick 1 \ntick 2 \ntick 3 \n";
    assert_eq!((text(&chunks, 0).as_str(), text(&chunks, 1).as_str()), (whole, whole));
    let usages: Vec<_> = chunks.iter().filter(|chunk| chunk["usage"].is_object()).collect();
    assert_eq!(usages.len(), 1);
    assert_eq!(app.upstream().calls().len(), 6);
}

#[testkit::test]
async fn a_failure_before_the_first_chunk_is_a_failed_request(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    for (model, status, code) in [
        ("mock:status=401", 502, "upstream_auth"),
        ("mock:ticks=3,fault=truncate", 502, "upstream_truncated"),
        ("mock:ticks=3,fault=garbage", 502, "upstream_protocol"),
    ] {
        let error = create(&ada, &asks(model)).await.expect_error(status, code);
        assert_eq!(error["error"]["type"], "upstream_error");
        let streamed = asks_with(model, &json!({"stream": true}));
        create(&ada, &streamed).await.expect_error(status, code);
        let several = asks_with(model, &json!({"stream": true, "n": 2}));
        create(&ada, &several).await.expect_error(status, code);
    }
    let many = "word ".repeat(100_000);
    let long = json!({"model": "mock:ticks=1", "messages": [
        {"role": "user", "content": many}, {"role": "assistant", "content": many},
        {"role": "user", "content": "Go"},
    ]});
    let calls = app.upstream().calls().len();
    let error = create(&ada, &long).await.expect_error(400, "context_length_exceeded");
    assert_eq!(error["error"]["param"], "messages");
    assert_eq!(app.upstream().calls().len(), calls, "nobody was asked");
    let unsupported = create(&ada, &asks_with("mock", &json!({"logprobs": true}))).await;
    let error = unsupported.expect_error(400, "unsupported_parameter");
    assert_eq!(error["error"]["param"], "logprobs");
    // Nothing is kept, so nobody is left to believe that it is.
    let request = ada.request(Method::POST, PATH).header("x-conversation-id", "conv_1");
    let kept = ada.send(request.json(&asks("mock"))).await;
    kept.expect_error(400, "unsupported_parameter");
    let missing = create(&ada, &json!({"model": "mock"})).await;
    missing.expect_error(400, "missing_required_parameter");
}

#[testkit::test]
async fn a_failure_in_the_stream_is_one_object_and_the_end(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    for n in [1, 2] {
        let body = asks_with("mock:ticks=9,fault=truncate@3", &json!({"n": n}));
        let frames = stream(&ada, &body).await.finish().await;
        let (last, chunks) = frames.split_last().unwrap();
        let error = &last.json()["error"];
        assert_eq!(error["code"], "upstream_truncated");
        assert_eq!(error["type"], "upstream_error");
        assert!(error["message"].is_string() && error.get("param").is_some());
        let chunks: Vec<Value> = chunks.iter().map(Frame::json).collect();
        assert!(chunks.iter().all(|chunk| chunk.get("error").is_none()));
        assert!((0..n).any(|index| text(&chunks, index).starts_with("tick 0")));
    }
    // What is not streamed is told as a failed request, whatever came of it.
    let body = asks("mock:ticks=9,fault=truncate@3");
    create(&ada, &body).await.expect_error(502, "upstream_truncated");
}

#[testkit::test]
async fn an_answer_ends_with_its_client_and_frees_its_place(world: World) {
    let app =
        TestApp::builder(&world).set("CHATAPP_LIMITS__GENERATIONS_PER_USER", "1").start().await;
    let ada = app.user("ada").await;
    let mut reader = stream(&ada, &asks("mock:ticks=5000,rate=20")).await;
    reader.next().await.unwrap();
    // Its place is taken as long as it runs, and not by more than the limit.
    create(&ada, &asks("mock:ticks=1")).await.expect_error(429, "rate_limit_exceeded");
    let two = asks_with("mock:ticks=1", &json!({"n": 2}));
    create(&ada, &two).await.expect_error(429, "rate_limit_exceeded");
    drop(reader);
    let closed = |at: usize| {
        let upstream = app.upstream();
        async move {
            upstream
                .wait_for("the closed connection", |calls| {
                    (calls.get(at)?.outcome == CallOutcome::ClientClosed).then_some(())
                })
                .await;
        }
    };
    closed(0).await;
    eventually("a free place", async || create(&ada, &asks("mock:ticks=1")).await.status == 200)
        .await;
    // So it is with one that is not streamed.
    let made = app.upstream().calls().len();
    let request = ada.request(Method::POST, PATH).json(&asks("mock:ticks=5000,rate=20"));
    let called = app.upstream().wait_for("the call", |calls| (calls.len() > made).then_some(()));
    // The request is dropped as soon as the provider was asked.
    tokio::select! {
        reply = request.send() => panic!("{reply:?}"),
        () = called => {}
    }
    closed(made).await;
    eventually("a free place", async || create(&ada, &asks("mock:ticks=1")).await.status == 200)
        .await;
}

#[testkit::test]
async fn a_history_with_calls_and_their_results_goes_to_the_provider(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let function = json!({"name": "clock", "parameters": {"type": "object"}});
    let tools = json!([{"type": "function", "function": function}]);
    app.upstream().push(Script::steps([
        Step::Call { id: "call_a".to_owned(), name: "clock".to_owned() },
        Step::Arguments("{\"zone\":\"UTC\"}".to_owned()),
        Step::Finish(Ending::Stop),
        Step::Done,
    ]));
    let asked = asks_with("mock", &json!({"tools": tools, "temperature": 0.5}));
    let body = create(&ada, &asked).await.expect(200);
    let choice = &body["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], Value::Null);
    let calls = json!([{"id": "call_a", "type": "function",
        "function": {"name": "clock", "arguments": "{\"zone\":\"UTC\"}"}}]);
    assert_eq!(choice["message"]["tool_calls"], calls);
    let again = json!({"model": "mock:ticks=1", "tools": tools, "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Go"},
        choice["message"],
        {"role": "tool", "tool_call_id": "call_a", "content": "noon"},
    ]});
    let body = create(&ada, &again).await.expect(200);
    assert_eq!(body["choices"][0]["message"]["content"], "tick 0 \n");
    let sent = app.upstream().calls();
    assert_eq!(sent[0].parameters["temperature"], 0.5);
    assert_eq!(sent[0].parameters["tools"][0]["function"]["name"], "clock");
    let roles: Vec<&str> = sent[1].messages.iter().map(|(role, _)| role.as_str()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool"]);
    assert_eq!(sent[1].messages[3].1, "noon");
}

#[testkit::test]
async fn a_key_needs_the_scope_and_there_is_no_list_of_completions(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let reader = ada.with_key(&["read"]).await;
    let refused = reader.post(PATH, asks("mock:ticks=1")).await;
    refused.expect_error(403, "insufficient_scope");
    let writer = ada.with_key(&["write"]).await;
    writer.post(PATH, asks("mock:ticks=1")).await.expect(200);
    app.anonymous().post(PATH, asks("mock:ticks=1")).await.expect_error(401, "missing_token");
    writer.get("/v1/chat/completions/chatcmpl-1").await.expect_error(404, "unknown_url");
    writer.get(PATH).await.expect_error(404, "unknown_url");
}

#[testkit::test]
async fn a_stop_of_the_server_ends_it_as_a_failure_that_may_be_repeated(world: World) {
    let app = TestApp::builder(&world).set("CHATAPP_SERVER__SHUTDOWN_GRACE", "0s").start().await;
    let ada = app.user("ada").await;
    let mut reader = stream(&ada, &asks("mock:ticks=5000,rate=20")).await;
    reader.next().await.unwrap();
    let (frames, ()) = tokio::join!(reader.finish(), app.finish());
    assert_eq!(frames.last().unwrap().json()["error"]["code"], "shutting_down");
}
