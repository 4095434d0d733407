//! Deleting what is being answered: it ends at once, and nothing comes back.

use mock::CallOutcome;
use testkit::validator::assert_valid;
use testkit::{TestApp, World, eventually};

/// The stream ended as one of a deleted conversation, and the upstream was let go.
async fn ended_as_deleted(app: &TestApp, stream: testkit::client::EventStream) {
    let frames = stream.finish().await;
    assert_valid(&frames);
    let last = frames[frames.len() - 2].json();
    assert_eq!(last["type"], "response.failed");
    assert_eq!(last["response"]["error"]["code"], "conversation_deleted");
    app.upstream()
        .wait_for("the closed connection", |calls| {
            (calls[0].outcome == CallOutcome::ClientClosed).then_some(())
        })
        .await;
}

async fn nothing_left(world: &World) {
    eventually("every row gone", || async {
        let mut left = 0;
        for table in ["conversations", "messages", "responses", "response_events"] {
            let count = world.sql().await.value(&format!("SELECT COUNT(*) FROM {table}")).await;
            left += count.parse::<u32>().unwrap();
        }
        left == 0
    })
    .await;
}

#[testkit::test]
async fn deleting_a_conversation_ends_its_answer(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=5000,rate=50").await;
    let response = stream.response_id().await;
    stream.read_text(3).await;
    user.remove_conversation(&conversation).await;
    for path in [
        format!("/api/conversations/{conversation}"),
        format!("/api/conversations/{conversation}/messages"),
        format!("/api/responses/{response}"),
        format!("/api/responses/{response}/events"),
    ] {
        user.get(&path).await.expect_error(404, "not_found");
    }
    ended_as_deleted(&app, stream).await;
    nothing_left(&world).await;
}

#[testkit::test]
async fn deleting_a_user_by_sql_ends_their_answers(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    // Silent, so that no checkpoint can be what notices.
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@3").await;
    stream.read_text(3).await;
    world.sql().await.execute("DELETE FROM users").await;
    ended_as_deleted(&app, stream).await;
    nothing_left(&world).await;
    user.get("/api/me").await.expect_error(401, "invalid_token");
}
