//! The test that CONTRIBUTING.md shows.

use serde_json::json;
use testkit::{TestApp, World};

#[testkit::test]
async fn an_answer_is_kept_for_its_owner_alone(world: World) {
    // A whole server on a socket, with an empty database and a scripted provider.
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let messages = format!("/api/conversations/{conversation}/messages");

    // The model's name is the provider's script: this one repeats the question.
    let question = json!({"content": "Hello", "model": "mock:echo"});
    let turn = ada.post(&messages, question).await.expect(201);
    assert_eq!(turn["message"]["content"], "Hello");

    // What was shown is what is stored, as the operator's own SQL sees it.
    let sql = "SELECT content FROM messages WHERE role = 'assistant'";
    assert_eq!(world.sql().await.value(sql).await, "Hello");

    let bob = app.user("bob").await;
    bob.get(&messages).await.expect_error(404, "not_found");
}
