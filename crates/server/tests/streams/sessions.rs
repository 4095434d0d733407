//! Sessions that end while something is followed with them.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use testkit::client::{EventStream, User};
use testkit::validator::{assert_valid, assert_valid_from_middle};
use testkit::{ManualClock, TestApp, World};

/// Longer than any test may take.
const SLOW: &str = "mock:ticks=5000,rate=50";

/// The stream ends in the middle; what it brought.
async fn cut(stream: EventStream) -> Vec<testkit::sse::Frame> {
    let frames = stream.finish().await;
    let ends = ["response.completed", "response.incomplete", "response.failed"];
    assert!(!frames.iter().any(|frame| ends.contains(&frame.event.as_str())));
    frames
}

async fn end(user: &User, response: &str) -> Vec<testkit::sse::Frame> {
    user.cancel(response).await;
    user.follow(response, None).await.finish().await
}

#[testkit::test]
async fn a_session_that_ends_takes_its_streams_along(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let other = app.anonymous().login(&user.email).await;
    let third = app.anonymous().login(&user.email).await;
    let conversation = user.create_conversation().await;
    let mut sent = super::stream(&user, &conversation, "Go", SLOW).await;
    let response = sent.response_id().await;
    let mut followed = user.follow(&response, None).await;
    let mut by_other = other.follow(&response, None).await;
    let mut by_third = third.follow(&response, None).await;
    for stream in [&mut sent, &mut followed, &mut by_other, &mut by_third] {
        stream.read_text(2).await;
    }
    user.post("/api/auth/logout", json!({})).await.expect(204);
    let (sent, followed) = tokio::join!(cut(sent), cut(followed));
    user.send(user.follow_request(&response, None)).await.expect_error(401, "invalid_token");

    // Ended from another login of the same user.
    let sessions = third.get("/api/sessions").await.expect(200);
    let sessions = sessions["data"].as_array().unwrap();
    let theirs = sessions.iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/api/sessions/{}", theirs["id"].as_str().unwrap());
    third.delete(&path).await.expect(204);
    let by_other = cut(by_other).await;

    // The answer is nobody's session's: it goes on, whole, for those who may see it.
    by_third.read_text(5).await;
    assert_eq!(third.response(&response).await["status"], "in_progress");
    let whole = end(&third, &response).await;
    assert_valid(&whole);
    assert_eq!(by_third.finish().await, whole);
    for part in [sent, followed, by_other] {
        assert_eq!(part, whole[..part.len()], "nothing wrong was shown before");
    }
    // After a login the rest is read on.
    let again = app.anonymous().login(&user.email).await;
    let rest = again.follow(&response, Some(3)).await.finish().await;
    assert_valid_from_middle(&rest);
    assert_eq!(rest, whole[4..]);
}

#[testkit::test]
async fn a_user_who_is_disabled_or_gone_is_shown_nothing_more(world: World) {
    let app = TestApp::start(&world).await;
    let mut sql = world.sql().await;
    // As the operator does it, by whatever means.
    for change in [
        "UPDATE users SET disabled_at = updated_at WHERE email = 'ada@example.org'",
        "UPDATE users SET token_version = token_version + 1 WHERE email = 'bob@example.org'",
        "UPDATE sessions SET revoked_at = last_used_at",
    ] {
        let user = match change.split('\'').nth(1) {
            Some(email) => app.anonymous().signup(email).await,
            None => app.user("eve").await,
        };
        let conversation = user.create_conversation().await;
        let mut stream = super::stream(&user, &conversation, "Go", SLOW).await;
        let response = stream.response_id().await;
        // Longer than it takes to ask once.
        stream.read_text(150).await;
        sql.execute(change).await;
        cut(stream).await;
        user.send(user.follow_request(&response, None)).await.expect_error(401, "invalid_token");
    }
    let running = "SELECT COUNT(*) FROM responses WHERE status = 'in_progress'";
    assert_eq!(sql.value(running).await, "3", "the answers go on");
    let user = app.user("zoe").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", SLOW).await;
    stream.read_text(2).await;
    sql.execute("DELETE FROM sessions").await;
    cut(stream).await;
}

#[testkit::test]
async fn whoever_waits_for_an_answer_is_refused_with_the_session(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let other = app.anonymous().login(&user.email).await;
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let waiting = user.post(&path, json!({"content": "Go", "model": SLOW}));
    let ending = async {
        app.upstream().wait_for("the call", |calls| calls.first().map(|_| ())).await;
        user.post("/api/auth/logout", json!({})).await.expect(204);
    };
    let (refused, ()) = tokio::join!(waiting, ending);
    refused.expect_error(401, "invalid_token");
    let running = other.conversation(&conversation).await["active_response_id"].clone();
    assert_eq!(other.cancel(running.as_str().unwrap()).await["status"], "cancelled");
}

#[testkit::test]
async fn s18_a_key_or_session_whose_time_is_over_takes_its_streams_along(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world).clock(&clock).start().await;
    let user = app.user("ada").await;
    let key = json!({"name": "an hour", "expires_at": "2026-01-01T01:00:00Z"});
    let key = user.post("/api/keys", key).await.expect(201);
    let script = app.anonymous().with_bearer(key["key"].as_str());
    let conversation = user.create_conversation().await;
    let mut sent = super::stream(&user, &conversation, "Go", SLOW).await;
    let response = sent.response_id().await;
    let path = format!("/api/responses/{response}/events");
    let mut followed = script.stream(script.request(Method::GET, &path)).await;
    followed.read_text(2).await;
    clock.advance(Duration::from_hours(1));
    cut(followed).await;
    script.get(&path).await.expect_error(401, "invalid_api_key");
    // The session goes on until its own end.
    sent.read_text(150).await;
    clock.advance(Duration::from_hours(30 * 24));
    cut(sent).await;
    let user = app.anonymous().login(&user.email).await;
    assert_eq!(user.cancel(&response).await["status"], "cancelled");
}

#[testkit::test]
async fn a_key_that_is_revoked_takes_its_streams_along(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let key = user.create_key(&["read", "write"]).await;
    let script = app.anonymous().with_bearer(key["key"].as_str());
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", SLOW).await;
    let response = stream.response_id().await;
    let path = format!("/api/responses/{response}/events");
    let mut following = script.stream(script.request(Method::GET, &path)).await;
    following.read_text(2).await;
    user.delete(&format!("/api/keys/{}", key["id"].as_str().unwrap())).await.expect(204);
    cut(following).await;
    script.get(&path).await.expect_error(401, "invalid_api_key");
    stream.read_text(5).await;
    user.cancel(&response).await;
    assert_valid(&stream.finish().await);
}

#[testkit::test]
async fn a_token_that_expires_cuts_no_stream(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world).clock(&clock).start().await;
    let user = app.user("ada").await;
    let other = app.anonymous().login(&user.email).await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", SLOW).await;
    let response = stream.response_id().await;
    let ending = other.follow(&response, None).await;
    clock.advance(Duration::from_hours(1));
    user.send(user.follow_request(&response, None)).await.expect_error(401, "token_expired");
    // That the other one is cut shows that both were asked about since.
    let renewed = other.refresh().await;
    renewed.post("/api/auth/logout", json!({})).await.expect(204);
    cut(ending).await;
    stream.read_text(10).await;
    let user = user.refresh().await;
    user.cancel(&response).await;
    let frames = stream.finish().await;
    assert_valid(&frames);
}

#[testkit::test(servers)]
async fn a_session_that_ends_takes_its_streams_on_every_server_along(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", SLOW).await;
    let response = here.response_id().await;
    here.read_text(2).await;
    let there = two.anonymous().with_bearer(Some(&user.access_token));
    let path = format!("/api/responses/{response}/events");
    let mut following = there.stream(there.request(Method::GET, &path)).await;
    following.read_text(2).await;
    there.post("/api/auth/logout", json!({})).await.expect(204);
    tokio::join!(cut(here), cut(following));
}
