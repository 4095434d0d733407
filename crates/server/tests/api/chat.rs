//! Chats, as `useChat` of the AI SDK asks for them.

use provider::script::{Ending, Script, Step};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Anonymous, EventStream, User};
use testkit::ui_stream::{UiStream, valid};
use testkit::{TestApp, World, eventually};

use crate::unknown_id;

/// A name as a client makes them, with what has to be escaped in a path.
const CHAT: &str = "kX9 fPq/2Lm";
const PATH: &str = "/api/chat/kX9%20fPq%2F2Lm";

fn said(id: &str, text: &str) -> Value {
    json!({"id": id, "role": "user", "parts": [{"type": "text", "text": text}]})
}

/// What `DefaultChatTransport` sends with these messages, answered by `model`.
fn submit(messages: &Value, model: &str) -> Value {
    json!({"id": CHAT, "messages": messages, "trigger": "submit-message", "model": model})
}

async fn open(user: &Anonymous, body: &Value) -> EventStream {
    user.stream(user.request(Method::POST, "/api/chat").json(body)).await
}

/// Sends and reads the whole answer.
async fn send(user: &Anonymous, body: &Value) -> UiStream {
    valid(&open(user, body).await.finish().await)
}

/// Reads until this much text has come.
async fn read_deltas(stream: &mut EventStream, count: usize) {
    let mut found = 0;
    while found < count {
        let frame = stream.next().await.expect("the stream goes on");
        found += usize::from(frame.json()["type"] == "text-delta");
    }
}

fn ticks(count: usize) -> String {
    (0..count).fold(String::new(), |text, n| format!("{text}tick {n} \n"))
}

fn texts(chat: &Value) -> Vec<&str> {
    let parts = chat["messages"].as_array().unwrap().iter();
    let parts = parts.flat_map(|message| message["parts"].as_array().unwrap());
    parts.filter(|part| part["type"] == "text").map(|part| part["text"].as_str().unwrap()).collect()
}

async fn chat(user: &Anonymous) -> Value {
    user.get(PATH).await.expect(200)
}

async fn conversation(user: &User) -> Value {
    let mut list = user.list_conversations().await;
    assert_eq!(list.len(), 1, "{list:?}");
    list.pop().unwrap()
}

#[testkit::test]
async fn a_chat_is_a_conversation_under_its_clients_name(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let first = json!([said("a", "Why is the sky blue?")]);
    let stream = open(&ada, &submit(&first, "mock:reasoning=2,ticks=3")).await;
    let header = |name: &str| stream.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("x-vercel-ai-ui-message-stream"), "v1");
    assert!(header("content-type").starts_with("text/event-stream"));
    assert_eq!(header("x-accel-buffering"), "no");
    let answer = valid(&stream.finish().await);
    assert_eq!((answer.text.as_str(), answer.finish_reason.as_str()), (&*ticks(3), "stop"));
    assert!(!answer.reasoning.is_empty());
    assert!(answer.metadata[1]["usage"]["output_tokens"].as_u64() > Some(0));

    let stored = conversation(&ada).await;
    assert_eq!(stored["title"], "Why is the sky blue?");
    assert_eq!(answer.metadata[0]["conversation_id"], stored["id"]);
    let list = ada.list_messages(stored["id"].as_str().unwrap()).await;
    assert_eq!(list[1]["id"], answer.message_id.as_str());
    assert_eq!(list[1]["response_id"], answer.metadata[0]["response_id"]);

    let second = json!([said("a", "Why is the sky blue?"), {"id": "x", "role": "assistant",
        "parts": [{"type": "text", "text": "made up"}]}, said("b", "And the sea?")]);
    send(&ada, &submit(&second, "mock:echo")).await;
    let shown = chat(&ada).await;
    assert_eq!((&shown["id"], &shown["activeStreamId"]), (&json!(CHAT), &Value::Null));
    assert_eq!(shown["conversationId"], stored["id"]);
    assert_eq!(
        texts(&shown),
        ["Why is the sky blue?", &ticks(3), "And the sea?", "And the sea?"],
        "what is stored is the truth"
    );
    let kinds: Vec<&Value> = shown["messages"][1]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| &part["type"])
        .collect();
    assert_eq!(kinds, ["step-start", "reasoning", "text"]);
    assert_eq!(shown["messages"][1]["id"], answer.message_id.as_str());
    // By its other name it is the same chat.
    let path = format!("/api/chat/{}", stored["id"].as_str().unwrap());
    let same = ada.get(&path).await.expect(200);
    assert_eq!((&same["messages"], &same["id"]), (&shown["messages"], &stored["id"]));
    // A customised transport sends the last message only.
    let alone = json!({"id": stored["id"], "message": said("c", "Alone"), "model": "mock:echo"});
    assert_eq!(send(&ada, &alone).await.text, "Alone");
    assert_eq!(texts(&chat(&ada).await).len(), 6);
    assert_eq!(ada.get(&format!("{PATH}/stream")).await.status, 204);
}

#[testkit::test]
async fn a_reload_amid_an_answer_gets_it_from_its_beginning(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let body = submit(&json!([said("a", "Go")]), "mock:ticks=60,rate=50");
    let mut first = open(&ada, &body).await;
    read_deltas(&mut first, 3).await;
    let shown = chat(&ada).await;
    assert_eq!(texts(&shown), ["Go"], "the stream tells the rest, from its beginning");
    let running = shown["activeStreamId"].as_str().unwrap().to_owned();
    drop(first);
    let resumed = ada.request(Method::GET, &format!("{PATH}/stream"));
    // The same message sent again is stored once, and follows the same answer.
    let again = open(&ada, &body).await;
    let resumed = valid(&ada.stream(resumed).await.finish().await);
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    let again = valid(&again.finish().await);
    assert_eq!(resumed.text, ticks(60));
    assert_eq!(again, resumed);
    assert_eq!(resumed.metadata[0]["response_id"], running.as_str());
    // So it does when the answer has ended.
    let ended = send(&ada, &body).await;
    assert_eq!((ended.text, ended.message_id), (resumed.text, resumed.message_id));
    assert_eq!(app.upstream().calls().len(), 1, "the model was asked once");
    assert_eq!(ada.get(&format!("{PATH}/stream")).await.status, 204);
    assert_eq!(texts(&chat(&ada).await), ["Go", &ticks(60)]);
}

#[testkit::test]
async fn a_stop_stops_the_answer_and_says_which(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let body = submit(&json!([said("a", "Go")]), "mock:ticks=5000,rate=50");
    let mut stream = open(&ada, &body).await;
    read_deltas(&mut stream, 3).await;
    let stopped = ada.post(&format!("{PATH}/stop"), json!({})).await.expect(200);
    assert_eq!((&stopped["stopped"], &stopped["status"]), (&json!(true), &json!("cancelled")));
    let read = valid(&stream.finish().await);
    assert!(read.is_aborted);
    assert_eq!(read.finish_reason, "other");
    assert_eq!(stopped["messageId"], read.message_id.as_str());
    assert_eq!(stopped["responseId"], read.metadata[0]["response_id"]);
    assert_eq!(texts(&chat(&ada).await), ["Go", &read.text]);
    let nothing = ada.post(&format!("{PATH}/stop"), json!({})).await.expect(200);
    let expected = json!({"id": CHAT, "stopped": false, "responseId": null, "messageId": null,
        "status": null});
    assert_eq!(nothing, expected, "there is nothing left to be stopped");
}

#[testkit::test]
async fn another_answer_is_a_sibling(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let messages = json!([said("a", "Go")]);
    let first = send(&ada, &submit(&messages, "mock:ticks=1")).await;
    // As `regenerate()` sends it: without the answer that is to go.
    let again = json!({"id": CHAT, "messages": messages, "trigger": "regenerate-message",
        "model": "mock:ticks=2"});
    let second = send(&ada, &again).await;
    assert_eq!(second.text, ticks(2));
    assert_ne!(second.message_id, first.message_id);
    assert_eq!(texts(&chat(&ada).await), ["Go", &ticks(2)]);
    let id = conversation(&ada).await["id"].as_str().unwrap().to_owned();
    let list = ada.list_messages(&id).await;
    assert_eq!((&list[1]["sibling_count"], &list[1]["sibling_index"]), (&json!(2), &json!(1)));
    // By the id that the chat is loaded with, and without a history by that of the answer.
    let loaded = said(list[0]["id"].as_str().unwrap(), "Go");
    let again = json!({"id": CHAT, "messages": [loaded], "trigger": "regenerate-message",
        "messageId": second.message_id, "model": "mock:ticks=3"});
    assert_eq!(send(&ada, &again).await.text, ticks(3));
    let again = json!({"id": CHAT, "messages": [], "trigger": "regenerate-message",
        "messageId": first.message_id, "model": "mock:ticks=4"});
    assert_eq!(send(&ada, &again).await.text, ticks(4));
    let list = ada.list_messages(&id).await;
    assert_eq!((list.len(), &list[1]["sibling_count"]), (2, &json!(4)));
    // What never arrived is sent now.
    let late = json!({"id": CHAT, "messages": [said("b", "Late")], "model": "mock:echo",
        "trigger": "regenerate-message"});
    assert_eq!(send(&ada, &late).await.text, "Late");
    assert_eq!(texts(&chat(&ada).await), ["Go", &ticks(4), "Late", "Late"]);
}

#[testkit::test]
async fn a_message_that_is_changed_begins_a_branch(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    send(&ada, &submit(&json!([said("a", "One")]), "mock:echo")).await;
    send(&ada, &submit(&json!([said("a", "One"), said("b", "Two")]), "mock:echo")).await;
    // As `sendMessage({ text, messageId })` sends it.
    let mut edit = submit(&json!([said("a", "One"), said("b", "Deux")]), "mock:echo");
    edit["messageId"] = json!("b");
    let edited = send(&ada, &edit).await;
    assert_eq!(texts(&chat(&ada).await), ["One", "One", "Deux", "Deux"]);
    assert_eq!(send(&ada, &edit).await.message_id, edited.message_id, "sent twice it is one");
    let id = conversation(&ada).await["id"].as_str().unwrap().to_owned();
    assert_eq!(ada.list_messages(&id).await[2]["sibling_count"], 2);
    // The first one, by the id that the chat is loaded with.
    let ours = chat(&ada).await["messages"][0]["id"].as_str().unwrap().to_owned();
    send(&ada, &submit(&json!([said(&ours, "Un")]), "mock:echo")).await;
    assert_eq!(texts(&chat(&ada).await), ["Un", "Un"]);
}

#[testkit::test]
async fn the_same_name_is_another_chat_of_another_user(world: World) {
    let app = TestApp::start(&world).await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let body = |text: &str| submit(&json!([said("a", text)]), "mock:echo");
    send(&ada, &body("Ada's")).await;
    bob.get(PATH).await.expect_error(404, "not_found");
    bob.post(&format!("{PATH}/stop"), json!({})).await.expect_error(404, "not_found");
    assert_eq!(bob.get(&format!("{PATH}/stream")).await.status, 204, "it has not begun");
    send(&bob, &body("Bob's")).await;
    assert_eq!(texts(&chat(&ada).await), ["Ada's", "Ada's"]);
    assert_eq!(texts(&chat(&bob).await), ["Bob's", "Bob's"]);
    // The id of a conversation is nobody else's name.
    let id = conversation(&ada).await["id"].as_str().unwrap().to_owned();
    for id in [id, unknown_id("conv")] {
        let path = format!("/api/chat/{id}");
        bob.get(&path).await.expect_error(404, "not_found");
        bob.get(&format!("{path}/stream")).await.expect_error(404, "not_found");
        let body = json!({"id": id, "messages": [said("z", "Mine?")]});
        bob.post("/api/chat", body).await.expect_error(404, "not_found");
    }
    // What is in the trash is not there, until it is removed: the name is free again then.
    let id = conversation(&ada).await["id"].as_str().unwrap().to_owned();
    ada.delete_conversation(&id).await;
    ada.get(PATH).await.expect_error(404, "not_found");
    ada.post("/api/chat", body("Anew")).await.expect_error(404, "not_found");
    ada.remove_conversation(&id).await;
    eventually("the name is free", async || {
        ada.post("/api/chat", body("Anew")).await.status == 200
    })
    .await;
    assert_eq!(texts(&chat(&ada).await), ["Anew", "Anew"]);
}

#[testkit::test]
async fn a_busy_chat_takes_no_other_message(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let mut stream =
        open(&ada, &submit(&json!([said("a", "Go")]), "mock:ticks=5000,rate=50")).await;
    read_deltas(&mut stream, 1).await;
    let other = submit(&json!([said("a", "Go"), said("b", "More")]), "mock:ticks=1");
    let refused = ada.post("/api/chat", other.clone()).await;
    let refused = refused.expect_error(409, "conversation_locked");
    assert_eq!(refused["error"]["response_id"], chat(&ada).await["activeStreamId"]);
    ada.post(&format!("{PATH}/stop"), json!({})).await.expect(200);
    assert_eq!(send(&ada, &other).await.text, ticks(1));
}

#[testkit::test]
async fn two_tabs_that_begin_a_chat_at_once_both_get_the_answer(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    for round in 0..5 {
        let mut body = submit(&json!([said("a", "Go")]), "mock:ticks=3");
        body["id"] = json!(format!("chat {round}"));
        let (one, two) = tokio::join!(send(&ada, &body), send(&ada, &body));
        assert_eq!(one, two);
    }
    assert_eq!(app.upstream().calls().len(), 5);
    // Another message at the same moment is told who was faster.
    let body = |id: &str| submit(&json!([said(id, id)]), "mock:ticks=3,rate=20");
    let (one, two) =
        tokio::join!(ada.post("/api/chat", body("one")), ada.post("/api/chat", body("two")));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert!(statuses == [200, 409] || statuses == [200, 200], "{} {}", one.text, two.text);
}

#[testkit::test]
async fn an_idempotency_key_repeats_a_request(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let send = async |body: Value| {
        let request = ada.request(Method::POST, "/api/chat").header("idempotency-key", "k");
        ada.send(request.json(&body)).await
    };
    // A client that makes a new id for each attempt is told apart by the key.
    let body = |text: &str| {
        json!({"id": CHAT, "message": {"role": "user", "parts": [{"type": "text", "text": text}]},
            "model": "mock:ticks=2"})
    };
    let first = send(body("Go")).await;
    let second = send(body("Go")).await;
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.text, second.text);
    send(body("Other")).await.expect_error(422, "idempotency_key_reused");
    assert_eq!(texts(&chat(&ada).await), ["Go", &ticks(2)]);
}

#[testkit::test]
async fn what_is_wrong_is_named(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let refuse = async |body: Value, field: &str| {
        let error = ada.post("/api/chat", body).await.expect(400);
        assert_eq!(error["error"]["param"], field, "{error}");
    };
    let body = |messages: Value| json!({"id": CHAT, "messages": messages});
    refuse(json!({"messages": [said("a", "Go")]}), "id").await;
    refuse(json!({"id": "", "messages": [said("a", "Go")]}), "id").await;
    refuse(body(json!([])), "messages").await;
    refuse(body(json!([said("a", "")])), "messages.0.parts").await;
    refuse(body(json!([{"id": "a", "role": "robot"}])), "messages.0.role").await;
    refuse(body(json!([said("a", "Go"), {"id": "b", "role": "assistant"}])), "messages.1").await;
    let mut tools = body(json!([said("a", "Go")]));
    tools["tools"] = json!([{"type": "web_search"}]);
    refuse(tools, "tools.0.type").await;
    let mut model = body(json!([said("a", "Go")]));
    model["model"] = json!("two words");
    refuse(model, "model").await;
    assert!(ada.list_conversations().await.is_empty(), "nothing was stored");
    // A failure of the provider is told in the stream, and stays.
    let failing = submit(&json!([said("a", "Go")]), "mock:ticks=5,fault=error@2");
    let failed = send(&ada, &failing).await;
    assert_eq!((failed.text.as_str(), failed.finish_reason.as_str()), (&*ticks(2), "error"));
    assert!(failed.error.is_some());
    assert_eq!(failed.metadata[1]["status"], "failed");
    assert_eq!(texts(&chat(&ada).await), ["Go", &ticks(2)]);
}

#[testkit::test]
async fn the_marker_can_be_read_by_pages_of_other_origins(world: World) {
    let origin = "https://app.example.org";
    let app = TestApp::builder(&world).set("CHATAPP_SERVER__CORS_ORIGINS", origin).start().await;
    let ada = app.user("ada").await;
    let request = ada.request(Method::POST, "/api/chat").header("origin", origin);
    let reply = ada.send(request.json(&submit(&json!([said("a", "Go")]), "mock:ticks=1"))).await;
    let exposed = reply.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("x-vercel-ai-ui-message-stream"), "{exposed}");
}

#[testkit::test]
async fn files_are_kept_with_their_message(world: World) {
    const RED: &str = "data:image/png;base64,iVBORw0KGgo=";
    const BLUE: &str = "https://a.example/blue.png";
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let image = |url: &str| json!({"type": "file", "mediaType": "image/png", "url": url});
    let paper = json!({"type": "file", "mediaType": "application/pdf", "filename": "a.pdf",
        "url": "data:application/pdf;base64,JVBERi0="});
    let message = |url: &str| {
        json!({"id": "a", "role": "user", "parts": [
            image(url), {"type": "text", "text": "What is it?"}, paper]})
    };
    let body = |url: &str| submit(&json!([message(url)]), "mock:ticks=1");
    let first = send(&ada, &body(RED)).await;
    let sent = app.upstream().calls().pop().unwrap().whole_messages[0]["content"].clone();
    assert_eq!(sent[0]["image_url"]["url"], RED, "{sent}");
    let text = json!({"type": "text", "text": "What is it?", "state": "done"});
    let parts = chat(&ada).await["messages"][0]["parts"].clone();
    assert_eq!(parts, json!([image(RED), text, paper]));
    assert_eq!(send(&ada, &body(RED)).await.message_id, first.message_id, "sent twice it is one");
    // Another image is another message.
    assert_ne!(send(&ada, &body(BLUE)).await.message_id, first.message_id);
    let parts = chat(&ada).await["messages"][0]["parts"].clone();
    let unknown = json!({"type": "file", "mediaType": "image/*", "url": BLUE});
    assert_eq!(parts, json!([unknown, text, paper]));
    assert_eq!(texts(&chat(&ada).await), ["What is it?", &ticks(1)]);
    // A message may be an image only, also the first.
    let alone = json!({"id": "alone", "message": {"id": "a", "role": "user",
        "parts": [image(RED)]}, "model": "mock:ticks=1"});
    assert_eq!(send(&ada, &alone).await.text, ticks(1));
    let shown = ada.get("/api/chat/alone").await.expect(200);
    assert_eq!(shown["messages"][0]["parts"], json!([image(RED)]));
}

const WEATHER: &str = "get_weather";

/// An answer that says something and calls a tool, once for each city.
fn calling(cities: &[&str]) -> Script {
    let mut steps = vec![Step::Text("Let me see. ".to_owned())];
    for (city, number) in cities.iter().zip(0..) {
        steps.push(Step::Call { id: format!("call_{number}"), name: WEATHER.to_owned() });
        steps.push(Step::Arguments("{\"city\":".to_owned()));
        steps.push(Step::Arguments(format!("\"{city}\"}}")));
    }
    steps.extend([Step::Finish(Ending::Stop), Step::Done]);
    Script::steps(steps)
}

fn saying(text: &str, last: impl IntoIterator<Item = Step>) -> Script {
    Script::steps([Step::Text(text.to_owned())].into_iter().chain(last))
}

/// The answer with its calls and their results, as a client holds it.
fn with_results(id: &str, results: &[(&str, Value)]) -> Value {
    let mut parts = vec![
        json!({"type": "step-start"}),
        json!({"type": "text", "text": "Let me see. ", "state": "done"}),
    ];
    for (call, output) in results {
        let mut part = json!({"type": format!("tool-{WEATHER}"), "toolCallId": call,
            "state": "output-available", "input": {}});
        match output.get("error") {
            Some(error) => {
                part["state"] = json!("output-error");
                part["errorText"] = error.clone();
            }
            None => part["output"] = output.clone(),
        }
        parts.push(part);
    }
    json!({"id": id, "role": "assistant", "parts": parts})
}

fn asked() -> Value {
    let mut body = submit(&json!([said("a", "How warm is it?")]), "m");
    body["tools"] = json!([{"type": "function", "name": WEATHER, "description": "The weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}]);
    body
}

#[testkit::test]
async fn a_tool_of_the_client_is_called_and_its_result_continues_the_message(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    app.upstream().push(calling(&["Faro", "Oslo"]));
    let first = send(&ada, &asked()).await;
    assert_eq!(first.finish_reason, "tool-calls");
    assert_eq!(first.calls["call_0"], Some(json!({"city": "Faro"})));
    let waiting = chat(&ada).await["messages"][1]["parts"][2].clone();
    let expected = json!({"type": "tool-get_weather", "toolCallId": "call_0",
        "state": "input-available", "input": {"city": "Faro"}});
    assert_eq!(waiting, expected);

    // One tool returns an object, the other fails.
    let results = [("call_0", json!({"degrees": 22})), ("call_1", json!({"error": "no data"}))];
    let mut body = asked();
    body["messages"].as_array_mut().unwrap().push(with_results(&first.message_id, &results));
    body["messageId"] = json!(first.message_id);
    app.upstream().push(saying("Warm.", [Step::Finish(Ending::Stop), Step::Done]));
    let second = send(&ada, &body).await;
    assert_eq!(second.message_id, first.message_id, "it is the same message");
    assert_ne!(second.metadata[0]["response_id"], first.metadata[0]["response_id"]);
    assert_eq!((second.text.as_str(), second.steps), ("Warm.", 1));
    // The model was offered the tool, and told of its calls and of what came back.
    let sent = app.upstream().calls();
    assert_eq!(sent[0].parameters["tools"][0]["function"]["name"], WEATHER);
    let told = &sent[1].whole_messages;
    let roles: Vec<&Value> = told.iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "tool"]);
    assert_eq!(told[1]["tool_calls"].as_array().unwrap().len(), 2);
    assert_eq!(told[2]["tool_call_id"], told[1]["tool_calls"][0]["id"]);
    let returned = [&told[2]["content"], &told[3]["content"]];
    assert_eq!(returned, [&json!("{\"degrees\":22}"), &json!("no data")]);

    let shown = chat(&ada).await;
    assert_eq!(shown["messages"].as_array().unwrap().len(), 2);
    let answer = &shown["messages"][1];
    assert_eq!(answer["id"], first.message_id.as_str());
    let parts = answer["parts"].as_array().unwrap();
    let kinds: Vec<&str> = parts.iter().map(|part| part["type"].as_str().unwrap()).collect();
    let tool = "tool-get_weather";
    assert_eq!(kinds, ["step-start", "text", tool, tool, "step-start", "text"]);
    assert_eq!((&parts[2]["output"], &parts[3]["output"]), (&results[0].1, &json!("no data")));
    assert_eq!(parts[2]["state"], "output-available");
    let id = shown["conversationId"].as_str().unwrap().to_owned();
    let list = ada.list_messages(&id).await;
    let kinds: Vec<&Value> = list.iter().map(|item| &item["type"]).collect();
    assert_eq!(
        kinds,
        ["message", "message", "function_call_output", "function_call_output", "message"]
    );

    // The same results again are the same answer.
    let again = send(&ada, &body).await;
    assert_eq!(again, second);
    assert_eq!((app.upstream().calls().len(), ada.list_messages(&id).await.len()), (2, 5));
    // Results of another answer are no results.
    let mut wrong = body.clone();
    wrong["messages"][1]["id"] = json!("another");
    ada.post("/api/chat", wrong).await.expect_error(400, "invalid_value");
    // The question can be answered again, whatever was called.
    app.upstream().push(saying("Cold.", [Step::Finish(Ending::Stop), Step::Done]));
    let mut regenerate = asked();
    regenerate["trigger"] = json!("regenerate-message");
    regenerate["messageId"] = json!(first.message_id);
    assert_eq!(send(&ada, &regenerate).await.text, "Cold.");
    assert_eq!(texts(&chat(&ada).await), ["How warm is it?", "Cold."]);
}

#[testkit::test]
async fn a_reload_behind_a_result_replays_the_whole_message(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    app.upstream().push(calling(&["Faro"]));
    let first = send(&ada, &asked()).await;
    let mut body = asked();
    let results = [("call_0", json!({"degrees": 22}))];
    body["messages"].as_array_mut().unwrap().push(with_results(&first.message_id, &results));
    app.upstream().push(saying("Warm", [Step::Stall]));
    let mut second = open(&ada, &body).await;
    read_deltas(&mut second, 1).await;
    let shown = chat(&ada).await;
    assert_eq!(texts(&shown), ["How warm is it?"], "the stream tells the whole message");
    let request = ada.request(Method::GET, &format!("{PATH}/stream"));
    let mut resumed = ada.stream(request).await;
    read_deltas(&mut resumed, 2).await;
    ada.post(&format!("{PATH}/stop"), json!({})).await.expect(200);
    let (second, resumed) = (valid(&second.finish().await), valid(&resumed.finish().await));
    assert_eq!((second.text.as_str(), second.steps), ("Warm", 1));
    assert_eq!((resumed.text.as_str(), resumed.steps), ("Let me see. Warm", 2));
    assert_eq!(resumed.outputs["call_0"], json!({"degrees": 22}));
    assert_eq!(resumed.message_id, first.message_id);
    assert_eq!(texts(&chat(&ada).await), ["How warm is it?", "Let me see. ", "Warm"]);
}
