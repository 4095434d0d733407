//! Calls of tools and their results: what the model is told of them, and what an answer keeps.

use std::sync::Arc;
use std::time::Duration;

use crud::Owned;
use crud::turns::{NewItem, NewItems};
use engine::{Continuing, Engine, Settings};
use mock::{Script, Step};
use models::ending::FailureCode;
use models::message::{MessageStatus, MessageType, Role};
use models::response::{self, ResponseStatus};
use models::{Content, Parameters, Part};
use provider::script::Ending as End;
use schemas::event::ItemKind;
use schemas::stream::DoneItem;
use schemas::view::State;
use serde_json::{Value, json};
use testkit::World;

use super::kit::{Kit, Server, assert_ended, begun, read_text, stalled, whole};

const USER: Option<Role> = Some(Role::User);
const MODEL: Option<Role> = Some(Role::Assistant);
const TOOL: Option<Role> = None;

/// An answer that says this and calls tools of these ids.
fn calling(text: &str, ids: &[&str]) -> Script {
    let said = (!text.is_empty()).then(|| Step::Text(text.to_owned()));
    let calls = ids.iter().flat_map(|id| {
        let call = Step::Call { id: (*id).to_owned(), name: "get_weather".to_owned() };
        [call, Step::Arguments("{\"city\":\"Oslo\"}".to_owned())]
    });
    let begin = [Step::Reasoning("They want the weather.".to_owned())];
    Script::steps(
        begin.into_iter().chain(said).chain(calls).chain([Step::Finish(End::Stop), Step::Done]),
    )
}

/// What the provider was sent last, as one text.
fn sent(kit: &Kit) -> String {
    let messages = kit.provider.calls().pop().unwrap().messages;
    messages.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n")
}

/// The messages as the provider was sent them last: who speaks, the ids of the calls that the model
/// made there, and the id of the call that a tool answers.
fn said(kit: &Kit) -> Vec<Value> {
    let messages = kit.provider.calls().pop().unwrap().whole_messages;
    let calls = |message: &Value| -> Value {
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        calls.map(|call| call["id"].clone()).collect()
    };
    let message = |message: &Value| match message["role"].as_str() {
        Some("tool") => json!(["tool", message["tool_call_id"]]),
        _ => json!([message["role"], calls(message)]),
    };
    messages.iter().map(message).collect()
}

async fn output(server: &Server<'_>, row: Owned<response::Model>) -> Vec<DoneItem> {
    let described =
        server.run(async move |engine: Arc<Engine>| engine.describe(&row).await.unwrap()).await;
    let State::Ended { output, .. } = described.state else { panic!("it runs: {described:?}") };
    output
}

fn calls(output: &[DoneItem]) -> Vec<String> {
    let call_id = |done: &'_ DoneItem| match &done.item.kind {
        ItemKind::FunctionCall(call) => Some(call.call_id.clone()),
        ItemKind::Message | ItemKind::Reasoning => None,
    };
    output.iter().filter_map(call_id).collect()
}

/// Two turns that end with calls: the second answers the results of the first.
async fn called_twice(kit: &Kit, server: &Server<'_>) {
    kit.provider.push(calling("Let me look. ", &["call_1", "call_2"]));
    let row = server.answered_below(vec![kit.said("How warm is it?")]).await;
    assert_ended(&row, ResponseStatus::Completed, None);
    kit.provider.push(calling("", &["call_3"]));
    let results = vec![kit.returned("call_1", "22 degrees"), kit.returned("call_2", "rain")];
    let row = server.answered_below(results).await;
    assert_ended(&row, ResponseStatus::Completed, None);
    let answer = kit.answer(&row).await;
    assert_eq!((answer.status, answer.content.as_str()), (MessageStatus::Completed, ""));
    let output = output(server, row).await;
    let kinds: Vec<&ItemKind> = output.iter().map(|done| &done.item.kind).collect();
    assert!(
        matches!(kinds[..], [ItemKind::Reasoning, ItemKind::FunctionCall(_)]),
        "an answer that is calls only has no message: {kinds:?}"
    );
    assert_eq!(calls(&output), ["call_3"]);
}

#[testkit::test]
async fn a_model_is_told_of_its_calls_and_of_what_they_returned(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    called_twice(&kit, &server).await;
    kit.provider.push(whole(&["It is warm."]));
    let row = server.answered_below(vec![kit.returned("call_3", "no wind")]).await;
    let (given, omitted) = server.given(row).await;
    assert_eq!((given, omitted), (vec![USER, MODEL, TOOL, TOOL, MODEL, TOOL], 0));
    let text = sent(&kit);
    for words in ["How warm is it?", "Let me look.", "22 degrees", "rain", "no wind"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let expected = json!([
        ["user", []],
        ["assistant", ["call_1", "call_2"]],
        ["tool", "call_1"],
        ["tool", "call_2"],
        ["assistant", ["call_3"]],
        ["tool", "call_3"]
    ]);
    assert_eq!(Value::from(said(&kit)), expected);
    // Behind all that people go on.
    kit.provider.push(whole(&["You are welcome."]));
    let row = server.answered_below(vec![kit.said("Thanks!")]).await;
    let (given, _) = server.given(row).await;
    assert_eq!(given, [USER, MODEL, TOOL, TOOL, MODEL, TOOL, MODEL, USER]);
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn an_answer_to_results_is_continued_after_a_crash_with_the_same_context(world: World) {
    let kit = Kit::new(world).await;
    let settings = || {
        let continuing = Some(Continuing { attempts: 1, tokens: 100_000 });
        Settings { continuing, ..Settings::default() }
    };
    let server = kit.start(settings()).await;
    called_twice(&kit, &server).await;
    kit.provider.push(stalled(&["It is "]));
    let (admission, items) = (server.engine.admit().unwrap(), kit.returned("call_3", "no wind"));
    let mut follower = begun(server.ask_below(admission, "mock", NewItems::from(items)).await);
    let seen = read_text(&mut follower, "It is ").await;
    let id = follower.response().id;
    kit.wait_stored(id, seen.last().unwrap().seq).await;
    drop(follower);
    server.crash();

    kit.provider.push(whole(&["warm."]));
    let server = kit.start(settings()).await;
    let row = kit.ended_row(id).await;
    assert_ended(&row, ResponseStatus::Completed, None);
    assert_eq!(kit.answer(&row).await.content, "It is warm.");
    let text = sent(&kit);
    for words in ["How warm is it?", "22 degrees", "rain", "no wind", "It is "] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let expected = json!([
        ["user", []],
        ["assistant", ["call_1", "call_2"]],
        ["tool", "call_1"],
        ["tool", "call_2"],
        ["assistant", ["call_3"]],
        ["tool", "call_3"],
        ["assistant", []]
    ]);
    assert_eq!(Value::from(said(&kit)), expected);
    let (given, _) = server.given(row).await;
    assert_eq!(given, [USER, MODEL, TOOL, TOOL, MODEL, TOOL]);
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn results_are_sent_with_their_calls_however_small_the_window_is(world: World) {
    let kit = Kit::new(world).await;
    *kit.window.lock().unwrap() = Some(60);
    let server = kit.start(Settings::default()).await;
    kit.provider.push(calling("Let me look. ", &["call_1", "call_2"]));
    let question = format!("How warm is it{}?", " there".repeat(20));
    server.answered_below(vec![kit.said(&question)]).await;
    kit.provider.push(whole(&["Warm."]));
    let results = vec![kit.returned("call_1", "22 degrees"), kit.returned("call_2", "rain")];
    let row = server.answered_below(results).await;
    let (given, omitted) = server.given(row).await;
    assert_eq!((given, omitted), (vec![MODEL, TOOL, TOOL], 1));
    let text = sent(&kit);
    assert!(text.contains("22 degrees") && !text.contains("How warm"), "{text}");
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn calls_without_a_result_are_told_where_tools_are_offered(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    kit.provider.push(calling("", &["call_1"]));
    server.answered_below(vec![kit.said("How warm is it?")]).await;
    kit.provider.push(whole(&["I cannot say."]));
    let row = server.answered_below(vec![kit.said("Never mind.")]).await;
    assert_eq!(server.given(row).await.0, [USER, USER], "the provider may have run the tool");
    let tools = json!({ "tools": [{ "name": "get_weather" }] });
    *kit.parameters.lock().unwrap() = Parameters::read(&tools.to_string());
    kit.provider.push(whole(&["Then not."]));
    let row = server.answered_below(vec![kit.said("Go on.")]).await;
    assert_eq!(server.given(row).await.0, [USER, MODEL, USER, MODEL, USER]);
    let call = kit.provider.calls().pop().unwrap();
    assert_eq!(call.parameters["tools"][0]["function"]["name"], "get_weather");
    let expected = json!([
        ["user", []],
        ["assistant", ["call_1"]],
        // The provider wants a result for each call, and is told that there is none.
        ["tool", "call_1"],
        ["user", []],
        ["assistant", []],
        ["user", []]
    ]);
    assert_eq!(Value::from(said(&kit)), expected);
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn calls_results_reasoning_and_parts_that_a_client_tells_are_part_of_the_branch(
    world: World,
) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let id = || kit.clock.context().new_id();
    let text = |text: &str| Content::from(text.to_owned());
    let picture = Part::Image { url: "https://example.org/a.png".to_owned(), detail: None };
    let parts = [Part::Text("What is this?".to_owned()), picture, Part::Text("Look!".to_owned())];
    let parts: Content = parts.into_iter().collect();
    let name = "look_at".to_owned();
    let items = vec![
        NewItem::Message { id: id(), role: Role::User, content: parts.clone() },
        NewItem::Reasoning { id: id(), text: text("A picture.") },
        NewItem::Call { id: id(), call_id: "call_1".to_owned(), name, arguments: text("{}") },
        kit.returned("call_1", "a cat"),
        kit.said("And now?"),
    ];
    kit.provider.push(whole(&["A cat."]));
    let row = server.answered_below(items.clone()).await;
    let answer = kit.answer(&row).await;
    assert_eq!((answer.depth, answer.parent_id), (5, Some(items[4].id())));
    let (given, omitted) = server.given(row).await;
    assert_eq!((given, omitted), (vec![USER, None, None, TOOL, USER], 0));
    let text = sent(&kit);
    for words in ["What is this?", "Look!", "a cat", "And now?"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let expected =
        json!([["user", []], ["assistant", ["call_1"]], ["tool", "call_1"], ["user", []]]);
    assert_eq!(Value::from(said(&kit)), expected);
    let whole = kit.provider.calls().pop().unwrap().whole_messages;
    assert_eq!(whole[0]["content"][1]["image_url"]["url"], "https://example.org/a.png");
    // They are in the tree, with their parts, and are found through their owner.
    for (item, above) in items.iter().zip(std::iter::once(None).chain(items.iter().map(Some))) {
        let found = crud::messages::find(&kit.db, kit.owner, item.id()).await.unwrap().unwrap();
        assert_eq!(found.parent_id, above.map(NewItem::id));
        assert!(found.is_in_tree());
        let content = Content::read(found.content.clone(), found.data.as_deref());
        assert_eq!(&content, item.content());
        let places = crud::messages::list_places(
            &kit.db,
            found.conversation(),
            std::slice::from_ref(&*found),
        );
        let places = places.await.unwrap();
        assert_eq!((places.len(), places[0].siblings), (1, 1), "{:?}", found.kind);
        if found.kind == MessageType::Message && above.is_none() {
            assert_eq!(found.content, "What is this?\n\nLook!");
        }
    }
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn a_history_that_does_not_fit_fails_where_it_shall_not_be_cut(world: World) {
    let kit = Kit::new(world).await;
    *kit.window.lock().unwrap() = Some(60);
    let server = kit.start(Settings::default()).await;
    server.answered("mock:ticks=60", "Why?").await;
    kit.parameters.lock().unwrap().truncate = Some(false);
    let asked = kit.provider.calls().len();
    let row = server.answered("mock:ticks=1", "And why not?").await;
    assert_ended(&row, ResponseStatus::Failed, None);
    assert_eq!(row.error_code, Some(FailureCode::ContextTooLong.into()));
    assert_eq!(kit.provider.calls().len(), asked, "the provider is not asked");
    kit.parameters.lock().unwrap().truncate = Some(true);
    let row = server.answered("mock:ticks=1", "And why not?").await;
    assert_ended(&row, ResponseStatus::Completed, None);
    assert!(row.context_omitted > Some(0), "{row:?}");
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn a_history_that_the_provider_refuses_is_not_cut_against_the_client_s_wish(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    // It counts one token for two characters, and takes 300.
    let (model, said) = ("mock:ticks=1,window=300", "word ".repeat(40));
    for _ in 0..2 {
        let row = server.answered(model, &said).await;
        assert_ended(&row, ResponseStatus::Completed, None);
    }
    kit.parameters.lock().unwrap().truncate = Some(false);
    let row = server.answered(model, &said).await;
    assert_eq!(row.error_code, Some(FailureCode::ContextTooLong.into()));
    assert_eq!(kit.provider.calls().len(), 3, "it is asked once");
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn no_more_calls_are_kept_than_were_asked_for(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    for (most, kept) in [(Some(2), 2), (Some(0), 0), (None, 3)] {
        kit.parameters.lock().unwrap().max_tool_calls = most;
        kit.provider.push(calling("Let me look. ", &["call_1", "call_2", "call_3"]));
        let row = server.answered_below(vec![kit.said("How warm is it?")]).await;
        assert_ended(&row, ResponseStatus::Completed, None);
        assert_eq!(kit.answer(&row).await.content, "Let me look. ");
        assert_eq!(calls(&output(&server, row).await).len(), kept);
        kit.change_conversation();
    }
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn what_a_provider_says_of_a_call_goes_back_to_it(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let extra = json!({ "google": { "thought_signature": "c2lnbmVk" } });
    let call = json!({
        "index": 0, "id": "call_1", "type": "function", "extra_content": extra,
        "function": { "name": "get_weather", "arguments": "{}" },
    });
    let chunk = json!({ "choices": [{ "index": 0, "delta": { "tool_calls": [call] } }] });
    let begin = Step::Raw(format!("data: {chunk}\n\n").into());
    kit.provider.push(Script::steps([begin, Step::Finish(End::Stop), Step::Done]));
    let row = server.answered_below(vec![kit.said("How warm is it?")]).await;
    assert_ended(&row, ResponseStatus::Completed, None);
    assert_eq!(calls(&output(&server, row).await), ["call_1"]);
    kit.provider.push(whole(&["Warm."]));
    server.answered_below(vec![kit.returned("call_1", "22 degrees")]).await;
    let sent = kit.provider.calls().pop().unwrap().whole_messages;
    assert_eq!(sent[1]["tool_calls"][0]["extra_content"], extra, "{sent:?}");
    server.stop(Duration::ZERO).await;
}
