//! Clients that go away, and answers that are stopped.

use mock::CallOutcome;
use testkit::validator::assert_valid;
use testkit::{TestApp, World, eventually};

#[testkit::test]
async fn closing_the_client_after_three_tokens_changes_nothing(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=60,rate=100").await;
    let response = stream.response_id().await;
    stream.read_text(3).await;
    drop(stream);
    app.upstream()
        .wait_for("the whole answer", |calls| {
            (calls[0].outcome == CallOutcome::Finished).then_some(())
        })
        .await;
    let frames = user.follow(&response, None).await.finish().await;
    assert_valid(&frames);
    let messages = user.list_messages(&conversation).await;
    assert_eq!(messages[1]["content"], super::ticks(60));
    assert_eq!(messages[1]["status"], "completed");
    assert_eq!(app.upstream().calls().len(), 1);
}

#[testkit::test]
async fn a_stop_keeps_exactly_what_followers_saw(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut first = super::stream(&user, &conversation, "Go", "mock:ticks=5000,rate=50").await;
    let response = first.response_id().await;
    let mut second = user.follow(&response, None).await;
    first.read_text(5).await;
    second.read_text(2).await;
    let stopped = user.cancel(&response).await;
    assert_eq!(stopped["status"], "cancelled");
    assert_eq!(stopped["incomplete_details"]["reason"], "cancelled");
    let (first, second) = (first.finish().await, second.finish().await);
    assert_valid(&first);
    assert_valid(&second);
    assert_eq!(first, second, "followers see the same events");
    let last = first[first.len() - 2].json();
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(last["response"]["status"], "cancelled");
    let seen = testkit::sse::text_of(&first);
    assert!(seen.starts_with(&super::ticks(5)), "{seen}");
    let messages = user.list_messages(&conversation).await;
    assert_eq!(messages[1]["content"], seen);
    assert_eq!(messages[1]["status"], "incomplete");
    app.upstream()
        .wait_for("the closed connection", |calls| {
            (calls[0].outcome == CallOutcome::ClientClosed).then_some(())
        })
        .await;
    assert_eq!(user.cancel(&response).await, stopped, "stopping twice is the same");
    super::turn(&user, &conversation, "Again", "mock:ticks=1").await;
}

#[testkit::test]
async fn stopping_what_has_ended_changes_nothing(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let turn = super::turn(&user, &conversation, "Go", "mock:ticks=3").await;
    let response = turn["response"]["id"].as_str().unwrap();
    let before = user.response(response).await;
    assert_eq!(before["status"], "completed");
    assert_eq!(user.cancel(response).await, before);
}

#[testkit::test]
async fn an_answer_stopped_before_its_first_word_is_empty(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:fault=silent").await;
    let response = stream.response_id().await;
    app.upstream().wait_for("the call", |calls| calls.first().map(|_| ())).await;
    user.cancel(&response).await;
    let frames = stream.finish().await;
    assert_valid(&frames);
    assert_eq!(user.list_messages(&conversation).await[1]["content"], "");
    let next = super::turn(&user, &conversation, "Again", "mock:echo").await;
    assert_eq!(next["message"]["content"], "Go\n\nAgain");
    let sent = app.upstream().calls().pop().unwrap().messages;
    assert_eq!(sent.len(), 1, "the empty answer is not sent, and its neighbours are one: {sent:?}");
}

#[testkit::test]
async fn answers_are_kept_when_the_server_stops(world: World) {
    let mut app =
        TestApp::builder(&world).set("CHATAPP_SERVER__SHUTDOWN_GRACE", "0s").start().await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=5000,rate=50").await;
    let response = stream.response_id().await;
    stream.read_text(5).await;
    app.restart().await;
    let user = app.anonymous().login(&user.email).await;
    let ended = user.response(&response).await;
    assert_eq!(ended["status"], "incomplete");
    assert_eq!(ended["incomplete_details"]["reason"], "interrupted");
    let text = user.list_messages(&conversation).await[1]["content"].clone();
    let text = text.as_str().unwrap();
    assert!(text.starts_with(&super::ticks(5)), "{text}");
    let frames = user.follow(&response, None).await.finish().await;
    assert_valid(&frames);
    assert_eq!(testkit::sse::text_of(&frames), text);
}

#[testkit::test]
async fn answers_cut_by_a_crash_end_as_interrupted(world: World) {
    let mut app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=5000,rate=50").await;
    let response = stream.response_id().await;
    stream.read_text(5).await;
    let stored = || async {
        let sql = "SELECT MAX(last_seq) FROM response_events";
        world.sql().await.value(sql).await.parse().is_ok_and(|seq: i64| seq >= 8)
    };
    eventually("a checkpoint with five tokens", stored).await;
    app.crash().await;
    let user = app.anonymous().login(&user.email).await;
    // On a shared database the observer waits ten seconds before it believes in a death.
    eventually("the end of the response", || async {
        user.response(&response).await["status"] != "in_progress"
    })
    .await;
    let ended = user.response(&response).await;
    assert_eq!(ended["incomplete_details"]["reason"], "interrupted");
    let frames = user.follow(&response, None).await.finish().await;
    assert_valid(&frames);
    let text = testkit::sse::text_of(&frames);
    assert!(text.starts_with(&super::ticks(5)), "{text}");
    assert_eq!(user.list_messages(&conversation).await[1]["content"], text.as_str());
    super::turn(&user, &conversation, "Again", "mock:ticks=1").await;
}
