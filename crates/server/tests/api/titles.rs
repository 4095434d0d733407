//! Titles that a model makes: once, never over a person's, and never in the way.

use serde_json::{Value, json};
use testkit::client::User;
use testkit::{TestApp, World, eventually};

use crate::sql_id;

const KEY: &str = "CHATAPP_RESPONSES__TITLES";

async fn app(world: &World, titles: &str) -> (TestApp, User) {
    let app = TestApp::builder(world).set(KEY, titles).start().await;
    let ada = app.user("ada").await;
    (app, ada)
}

/// The responses that were asked for titles: model, status, tokens written, code of the error.
async fn asked(world: &World, conversation: &str) -> Vec<Vec<String>> {
    let sql = format!(
        "SELECT model, status, output_tokens, error_code FROM responses WHERE conversation_id = {} \
         AND purpose = 'title'",
        sql_id(conversation)
    );
    world.sql().await.rows(&sql).await
}

/// Waits until a model was asked for a title and that is recorded.
async fn recorded(world: &World, conversation: &str) -> Vec<String> {
    eventually("it is recorded", async || asked(world, conversation).await.len() == 1).await;
    asked(world, conversation).await.remove(0)
}

fn named(conversation: &Value) -> (&str, &str) {
    (conversation["title"].as_str().unwrap(), conversation["title_source"].as_str().unwrap())
}

#[testkit::test]
async fn a_model_names_a_conversation_after_its_first_answer(world: World) {
    let (app, ada) = app(&world, "mock:ticks=1").await;
    let id = ada.create_conversation().await;
    let turn = ada.send_and_wait(&id, "Why is the sky blue?").await;
    let row = recorded(&world, &id).await;
    assert_eq!(row[..2], ["mock:ticks=1", "completed"]);
    assert_ne!(row[2], "NULL", "its cost is recorded");
    let conversation = ada.conversation(&id).await;
    assert_eq!(named(&conversation), ("tick 0", "model"));
    let found = ada.get("/api/search?q=tick").await.expect(200);
    assert_eq!(found["data"][0]["type"], "title", "{found}");
    // It saw the turn, and left nothing in the conversation.
    let calls = app.upstream().calls();
    let shown = format!("{:?}", calls[1].messages);
    assert!(shown.contains("Why is the sky blue?"), "{shown}");
    assert_eq!(ada.list_messages(&id).await.len(), 2);
    assert_eq!(conversation["head_id"], turn["message"]["id"]);
    // Once is enough.
    ada.send_and_wait(&id, "And red?").await;
    app.finish().await;
    assert_eq!(asked(&world, &id).await.len(), 1);
}

#[testkit::test]
async fn a_title_of_a_person_stays(world: World) {
    let (app, ada) = app(&world, "mock:ticks=1,first=300ms").await;
    let titled = ada.post("/api/conversations", json!({"title": "Mine"})).await.expect(201);
    let titled = titled["id"].as_str().unwrap();
    ada.send_and_wait(titled, "hello").await;
    // Renamed while the model thinks.
    let id = ada.create_conversation().await;
    ada.send_and_wait(&id, "hello").await;
    let is_title = |call: &mock::ReceivedCall| call.model.starts_with("mock:ticks");
    app.upstream()
        .wait_for("a title is asked for", |calls| {
            calls.iter().find(|call| is_title(call)).map(|_| ())
        })
        .await;
    ada.patch(&format!("/api/conversations/{id}"), json!({"title": "Mine, too"})).await.expect(200);
    recorded(&world, &id).await;
    assert_eq!(named(&ada.conversation(&id).await), ("Mine, too", "user"));
    assert_eq!(named(&ada.conversation(titled).await), ("Mine", "user"));
    assert_eq!(asked(&world, titled).await.len(), 0, "nobody asked for that");
}

#[testkit::test]
async fn f18_an_answer_that_failed_leaves_the_title_to_the_next(world: World) {
    let (app, ada) = app(&world, "mock:ticks=1").await;
    let id = ada.create_conversation().await;
    let path = format!("/api/conversations/{id}/messages");
    let ask = async |model: &str| {
        ada.post(&path, json!({"content": "Why?", "model": model})).await.expect(201)
    };
    ask("mock:status=400").await;
    assert_eq!(named(&ada.conversation(&id).await), ("Why?", "first_line"));
    ask("mock:ticks=2").await;
    recorded(&world, &id).await;
    assert_eq!(named(&ada.conversation(&id).await), ("tick 0", "model"));
    ask("mock:ticks=2").await;
    app.finish().await;
    assert_eq!(asked(&world, &id).await.len(), 1, "once is enough");
}

#[testkit::test]
async fn f18_a_provider_that_refuses_max_tokens_makes_titles(world: World) {
    let (app, ada) = app(&world, "mock:ticks=1").await;
    let id = ada.create_conversation().await;
    let body = "{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens'\"}}";
    let refusal = format!(
        "HTTP/1.1 400 Bad\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    app.upstream().push(mock::Script::steps([
        mock::Step::Text("An answer.".to_owned()),
        mock::Step::Finish(mock::script::Ending::Stop),
        mock::Step::Done,
    ]));
    app.upstream().push(mock::Script::steps([mock::Step::Wire(refusal.into()), mock::Step::Close]));
    ada.send_and_wait(&id, "Why is the sky blue?").await;
    assert_eq!(recorded(&world, &id).await[1], "completed");
    assert_eq!(named(&ada.conversation(&id).await), ("tick 0", "model"));
    let calls = app.upstream().calls();
    assert!(calls[2].parameters["max_completion_tokens"].is_number(), "the other field");
}

#[testkit::test]
async fn a_failure_leaves_the_first_line_and_is_not_repeated(world: World) {
    let (app, ada) = app(&world, "mock:status=500").await;
    let id = ada.create_conversation().await;
    ada.send_and_wait(&id, "Why is the sky blue?").await;
    let row = recorded(&world, &id).await;
    assert_eq!(row[1], "failed");
    assert_ne!(row[3], "NULL");
    ada.send_and_wait(&id, "And red?").await;
    assert_eq!(named(&ada.conversation(&id).await), ("Why is the sky blue?", "first_line"));
    assert_eq!(app.upstream().calls().len(), 3, "two answers and one title");
    app.finish().await;
    assert_eq!(asked(&world, &id).await.len(), 1);
}

#[testkit::test]
async fn stopping_does_not_wait_for_a_title(world: World) {
    let (app, ada) = app(&world, "mock:fault=silent").await;
    let id = ada.create_conversation().await;
    ada.send_and_wait(&id, "Why is the sky blue?").await;
    app.upstream().wait_for("a title is asked for", |calls| (calls.len() == 2).then_some(())).await;
    // Fails when a task is left for ten seconds.
    app.finish().await;
    assert_eq!(asked(&world, &id).await.len(), 0);
}

#[testkit::test]
async fn whoever_wants_none_gets_none(world: World) {
    let (app, ada) = app(&world, "off").await;
    let id = ada.create_conversation().await;
    ada.send_and_wait(&id, "Why is the sky blue?").await;
    ada.send_and_wait(&id, "And red?").await;
    assert_eq!(named(&ada.conversation(&id).await), ("Why is the sky blue?", "first_line"));
    assert_eq!(app.upstream().calls().len(), 2);
}
