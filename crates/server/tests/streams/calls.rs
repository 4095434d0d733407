//! Calls of tools that a provider runs by itself: told as items, kept like the answer they are in.

use provider::script::{Ending, Script, Step};
use serde_json::{Value, json};
use testkit::sse::Frame;
use testkit::validator::{assert_valid, assert_valid_from_middle};
use testkit::{TestApp, World, eventually};

const ARGUMENTS: &str = r#"{"city":"Lisbon","days":3}"#;

fn call(id: &str, name: &str) -> Step {
    Step::Call { id: id.to_owned(), name: name.to_owned() }
}

fn arguments(text: &str) -> Step {
    Step::Arguments(text.to_owned())
}

fn text(text: &str) -> Step {
    Step::Text(text.to_owned())
}

/// An answer that says something, calls two tools at once, and goes on.
fn agent() -> Script {
    Script::steps([
        text("Let me sée. "),
        call("call_a", "search"),
        arguments("{\"q\":"),
        arguments("\"tides\"}"),
        call("call_b", "clock"),
        text("It is the moon."),
        Step::Finish(Ending::Stop),
        Step::Done,
    ])
}

/// The kinds of the items in an output.
fn kinds(output: &Value) -> Vec<&str> {
    output.as_array().unwrap().iter().filter_map(|item| item["type"].as_str()).collect()
}

/// The resource in the terminal event, before `[DONE]`.
fn end(frames: &[Frame]) -> Value {
    frames[frames.len() - 2].json()["response"].clone()
}

/// A call as a message shows it, without the id of the item.
fn shown(call: &Value) -> Value {
    let mut call = call.clone();
    call.as_object_mut().unwrap().remove("id");
    call
}

#[testkit::test]
async fn calls_are_items_between_reasoning_and_answer(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let model = "mock:reasoning=2,calls=2,ticks=3";
    let frames = super::stream(&user, &conversation, "Go", model).await.finish().await;
    assert_valid(&frames);
    let response = end(&frames);
    let output = &response["output"];
    assert_eq!(kinds(output), ["reasoning", "function_call", "function_call", "message"]);
    assert_eq!(output[1]["name"], "get_weather");
    assert_eq!(output[1]["arguments"], ARGUMENTS);
    assert_eq!(output[2]["call_id"], "call_demo_1");
    assert_eq!(output[2]["status"], "completed");
    let deltas = |frame: &&Frame| frame.event == "response.function_call_arguments.delta";
    assert!(frames.iter().filter(deltas).count() > 2, "arguments are streamed");
    assert_eq!(user.response(response["id"].as_str().unwrap()).await["output"], *output);

    let message = user.list_messages(&conversation).await.pop().unwrap();
    assert_eq!(message["content"], super::ticks(3));
    let calls = message["calls"].as_array().unwrap();
    let expected = json!({"call_id": "call_demo_0", "name": "get_weather", "arguments": ARGUMENTS,
        "status": "completed", "offset": 0});
    assert_eq!(shown(&calls[0]), expected);
    assert_eq!(calls[0]["id"], output[1]["id"]);
    assert_eq!(calls.len(), 2);

    // A call without its result is refused by providers, so none is told the next model.
    let next = super::turn(&user, &conversation, "Again", "mock:ticks=1").await;
    assert_eq!(next["message"].get("calls"), None);
    let sent = app.upstream().calls().pop().unwrap().messages;
    let said: Vec<&str> = sent.iter().map(|(_, content)| content.as_str()).collect();
    assert_eq!(said, ["Go", &super::ticks(3), "Again"]);
    // They are rows beside the answer, and no siblings of it.
    assert_eq!(message["sibling_count"], 1);
    let path = format!("/api/conversations/{conversation}/messages?all=true");
    let all = user.get(&path).await.expect(200);
    let rows = all["data"].as_array().unwrap();
    let seqs: Vec<i64> = rows.iter().map(|row| row["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, [0, 1, 2, 3, 4, 5, 6], "numbers have no gap");
    let row = rows.iter().find(|row| row["type"] == "function_call").unwrap();
    assert_eq!((&row["content"], &row["calls"][0]), (&json!(ARGUMENTS), &calls[0]));
    // They go with it.
    user.delete(&format!("/api/messages/{}", message["id"].as_str().unwrap())).await.expect(200);
    let mut sql = world.sql().await;
    let left = "SELECT COUNT(*) FROM messages WHERE type = 'function_call'";
    assert_eq!(sql.value(left).await, "0");
}

#[testkit::test]
async fn a_call_amid_the_answer_is_resumed_at_every_event(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    app.upstream().push(agent());
    let all = super::stream(&user, &conversation, "Go", "m").await.finish().await;
    assert_valid(&all);
    let response = end(&all);
    let output = &response["output"];
    assert_eq!(kinds(output), ["message", "function_call", "function_call", "message"]);
    assert_eq!(output[0]["id"], response["message_id"]);
    assert_eq!(output[1]["arguments"], "{\"q\":\"tides\"}");
    assert_eq!(output[2]["arguments"], "{}", "one without arguments has none, as JSON");
    let id = response["id"].as_str().unwrap();
    for after in 0..all.len() - 1 {
        let rest = user.follow(id, Some(after as u64)).await.finish().await;
        let begin = (after + 1).min(all.len() - 2);
        assert_eq!(rest, all[begin..], "after {after}");
        assert_valid_from_middle(&rest);
    }
    // The message is one, and says where in it the tools were called.
    let message = user.list_messages(&conversation).await.pop().unwrap();
    assert_eq!(message["content"], "Let me sée. It is the moon.");
    let offsets: Vec<&Value> =
        message["calls"].as_array().unwrap().iter().map(|call| &call["offset"]).collect();
    assert_eq!(offsets, [12, 12]);
    assert_eq!(
        super::turn(&user, &conversation, "More", "mock:echo").await["message"]["content"],
        "More"
    );
}

#[testkit::test]
async fn a_running_call_is_shown_as_far_as_it_is(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    app.upstream().push(Script::steps([
        Step::Reasoning("Hm.".to_owned()),
        text("One moment. "),
        call("call_a", "search"),
        arguments("{\"q\":"),
        Step::Stall,
    ]));
    let mut stream = super::stream(&user, &conversation, "Go", "m").await;
    let response = stream.response_id().await;
    stream.until("response.function_call_arguments.delta").await;
    let message = user.list_messages(&conversation).await.pop().unwrap();
    let expected = json!({"call_id": "call_a", "name": "search", "arguments": "{\"q\":",
        "status": "in_progress", "offset": 12});
    assert_eq!(shown(&message["calls"][0]), expected);
    assert_eq!(message["reasoning"], "Hm.", "what was thought before is there, too");
    assert_eq!(message["covers_seq"].as_u64(), stream.last_seq());
    let item = message["calls"][0]["id"].clone();
    user.cancel(&response).await;
    // Whoever has read that goes on behind it.
    let rest = user.follow(&response, message["covers_seq"].as_u64()).await.finish().await;
    assert_valid_from_middle(&rest);
    assert_eq!(rest[0].event, "response.function_call_arguments.done");
    assert_eq!(rest[0].json()["item_id"], item);
    assert_valid(&stream.finish().await);
}

#[testkit::test]
async fn a_call_that_is_stopped_is_kept_as_far_as_it_came(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    for said in ["", "Well. "] {
        app.upstream().push(Script::steps([
            text(said),
            call("call_a", "search"),
            arguments("{\"q\":"),
            Step::Stall,
        ]));
        let mut stream = super::stream(&user, &conversation, "Go", "m").await;
        let response = stream.response_id().await;
        stream.until("response.function_call_arguments.delta").await;
        let cancelled = user.cancel(&response).await;
        let frames = stream.finish().await;
        assert_valid(&frames);
        let output = end(&frames)["output"].clone();
        let last = output.as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["type"], &last["status"]),
            (&json!("function_call"), &json!("incomplete"))
        );
        assert_eq!(last["arguments"], "{\"q\":");
        assert_eq!(cancelled["output"], output, "after {said:?}");
        let message = user.list_messages(&conversation).await.pop().unwrap();
        assert_eq!((&message["content"], &message["status"]), (&json!(said), &json!("incomplete")));
        assert_eq!(message["calls"][0]["status"], "incomplete");
    }
}

#[testkit::test]
async fn a_call_survives_the_end_of_its_server(world: World) {
    let mut app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut script = agent();
    if let provider::script::Answer::Steps(steps) = &mut script.answer {
        steps.truncate(4);
        steps.push(Step::Stall);
    }
    app.upstream().push(script);
    let mut stream = super::stream(&user, &conversation, "Go", "m").await;
    let response = stream.response_id().await;
    stream.until("response.function_call_arguments.delta").await;
    stream.until("response.function_call_arguments.delta").await;
    let mut sql = world.sql().await;
    eventually("the arguments are stored", async || {
        let stored = "SELECT COUNT(*) FROM response_events WHERE payload LIKE '%tides%'";
        sql.value(stored).await == "1"
    })
    .await;
    app.crash().await;
    let user = app.anonymous().login(&user.email).await;
    eventually("the end of the answer", async || {
        user.response(&response).await["status"] != "in_progress"
    })
    .await;
    let frames = user.follow(&response, None).await.finish().await;
    assert_valid(&frames);
    let last = end(&frames)["output"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["name"], &last["status"]), (&json!("search"), &json!("incomplete")));
    assert_eq!(last["arguments"], "{\"q\":\"tides\"}");
    let message = user.list_messages(&conversation).await.pop().unwrap();
    assert_eq!(message["content"], "Let me sée. ");
    assert_eq!(message["calls"][0]["arguments"], last["arguments"]);
}

#[testkit::test]
async fn calls_are_told_again_from_what_is_stored(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let model = "mock:reasoning=2,calls=2,ticks=3";
    let all = super::stream(&user, &conversation, "Go", model).await.finish().await;
    app.upstream().push(agent());
    let agents = super::stream(&user, &conversation, "Go", "m").await.finish().await;
    world.sql().await.execute("DELETE FROM response_events").await;
    let again = async |before: &[Frame]| {
        let id = end(before)["id"].as_str().unwrap().to_owned();
        let frames = user.follow(&id, Some(7)).await.finish().await;
        assert_valid(&frames);
        assert_eq!(testkit::sse::text_of(&frames), testkit::sse::text_of(before));
        end(&frames)
    };
    assert_eq!(again(&all).await, end(&all), "the same end");
    // The text around calls is one message in the database, so it is told in one piece.
    let output = again(&agents).await["output"].clone();
    assert_eq!(kinds(&output), ["message", "function_call", "function_call"]);
    assert_eq!(output[1], end(&agents)["output"][1]);
}

#[testkit::test]
async fn too_many_calls_end_the_answer(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let frames =
        super::stream(&user, &conversation, "Go", "mock:calls=129,ticks=1").await.finish().await;
    assert_valid(&frames);
    let response = end(&frames);
    assert_eq!(response["status"], "failed");
    assert_eq!(response["error"]["code"], "upstream_too_large", "{}", response["error"]);
    assert_eq!(response["output"].as_array().unwrap().len(), 128);
    let message = user.list_messages(&conversation).await.pop().unwrap();
    assert_eq!(message["calls"].as_array().unwrap().len(), 128);
    assert_eq!(message["status"], "incomplete");
}
