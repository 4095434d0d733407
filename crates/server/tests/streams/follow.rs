//! Following: from any event, with the same numbers, by anybody who may.

use reqwest::Method;
use testkit::client::Transcript;
use testkit::validator::{assert_valid, assert_valid_from_middle};
use testkit::{TestApp, World};

#[testkit::test]
async fn an_answer_is_resumed_at_every_event(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let stream = super::stream(&user, &conversation, "Go", "mock:ticks=10,reasoning=3").await;
    let all = stream.finish().await;
    assert_valid(&all);
    let created = all[0].json();
    let response = created["response"]["id"].as_str().unwrap();
    assert_eq!(user.follow(response, None).await.finish().await, all);
    let events = all.len() - 1;
    for after in 0..events {
        let rest = user.follow(response, Some(after as u64)).await.finish().await;
        // After the end there is the terminal event once more.
        let begin = (after + 1).min(events - 1);
        assert_eq!(rest, all[begin..], "after {after}");
        assert_valid_from_middle(&rest);
    }
    let rest = user.follow(response, Some(1_000_000_000)).await.finish().await;
    assert_eq!(rest, all[events - 1..], "beyond the end");
    let ids: Vec<Option<String>> = all.iter().map(|frame| frame.id.clone()).collect();
    assert_eq!(ids[0].as_deref(), Some("0"));
    assert_eq!(ids[events], None, "[DONE] has no number");
}

#[testkit::test]
async fn a_running_answer_is_resumed_where_it_was_left(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=60,rate=60").await;
    let response = stream.response_id().await;
    let mut transcript = Transcript::new();
    for _ in 0..5 {
        stream.read_text(5).await;
        transcript.extend(stream.seen());
        drop(stream);
        stream = user.follow(&response, transcript.last_seq()).await;
    }
    transcript.extend(&stream.finish().await);
    assert_valid(transcript.frames());
    assert_eq!(transcript.text(), super::ticks(60));
    assert_eq!(app.upstream().calls().len(), 1);
}

/// A number that was never given out names no place: whoever comes with it gets everything, as it
/// does not know what it has. What is no number is refused.
#[testkit::test]
async fn a_cursor_in_the_future_is_replayed_from_the_start(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@4").await;
    let response = stream.response_id().await;
    stream.read_text(4).await;
    let last = stream.last_seq().unwrap();
    let mut ahead = user.follow(&response, Some(last + 1)).await;
    let mut far = user.follow(&response, Some(1_000_000_000)).await;
    for follower in [&mut ahead, &mut far] {
        assert_eq!(follower.next().await.unwrap().event, "response.created");
        follower.read_text(4).await;
    }
    let events = format!("/api/responses/{response}/events");
    for after in ["", "-1", "1.5", "x", "9223372036854775808"] {
        let error = user.get(&format!("{events}?after={after}")).await;
        error.expect_error(400, "invalid_value");
        let request = user.request(Method::GET, &events).header("last-event-id", after);
        user.send(request).await.expect_error(400, "invalid_value");
    }
    user.cancel(&response).await;
    let all = stream.finish().await;
    assert_valid(&all);
    for follower in [ahead, far] {
        assert!(follower.finish().await == all);
    }
}

#[testkit::test]
async fn a_log_that_was_purged_is_told_again(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let stream = super::stream(&user, &conversation, "Go", "mock:ticks=5,reasoning=2").await;
    let all = stream.finish().await;
    let response = all[0].json()["response"]["id"].as_str().unwrap().to_owned();
    world.sql().await.execute("DELETE FROM response_events").await;
    let again = user.follow(&response, Some(7)).await.finish().await;
    assert_valid(&again);
    assert_eq!(testkit::sse::text_of(&again), super::ticks(5));
    let (before, after) = (all[all.len() - 2].json(), again[again.len() - 2].json());
    assert_eq!(before["response"], after["response"], "the same end");
    let end = user.follow(&response, Some(all.len() as u64)).await.finish().await;
    assert_eq!(end.len(), 2, "whoever has seen the end gets it once more, and [DONE]");
}

#[testkit::test]
async fn reasoning_is_kept_apart_from_the_answer(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let turn = super::turn(&user, &conversation, "Go", "mock:ticks=3,reasoning=4").await;
    assert_eq!(turn["message"]["content"], super::ticks(3));
    let output = turn["response"]["output"].as_array().unwrap();
    assert_eq!(output[0]["type"], "reasoning");
    assert_eq!(output[1]["type"], "message");
    let thought = output[0]["summary"][0]["text"].as_str().unwrap();
    assert!(!thought.is_empty());
    assert_eq!(turn["message"]["reasoning"], thought);
    let next = super::turn(&user, &conversation, "Again", "mock:ticks=1").await;
    assert_eq!(next["user_message"]["sibling_count"], 1);
    let sent = app.upstream().calls().pop().unwrap().messages;
    assert!(sent.iter().all(|(_, content)| !content.contains(thought)), "not part of the context");
    let path = format!("/api/conversations/{conversation}/messages?all=true");
    let all = user.get(&path).await.expect(200);
    let seqs: Vec<i64> =
        all["data"].as_array().unwrap().iter().map(|row| row["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, [0, 1, 2, 3, 4], "numbers have no gap");
}

#[testkit::test]
async fn the_answer_so_far_is_shown_while_it_is_written(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@4").await;
    let response = stream.response_id().await;
    stream.read_text(4).await;
    let shown = user.list_messages(&conversation).await;
    assert_eq!(shown[1]["status"], "in_progress");
    assert_eq!(shown[1]["content"], super::ticks(4));
    // A client that reloads needs this request and one stream after the event it names.
    let covered = shown[1]["covers_seq"].as_u64().unwrap();
    assert_eq!(Some(covered), stream.last_seq());
    assert!(shown[0].get("covers_seq").is_none());
    assert_eq!(user.conversation(&conversation).await["active_response_id"], response.as_str());
    assert_eq!(user.response(&response).await["status"], "in_progress");
    user.cancel(&response).await;
    assert!(user.conversation(&conversation).await["active_response_id"].is_null());
}

#[testkit::test]
async fn a_silent_stream_has_heartbeats(world: World) {
    let app = TestApp::builder(&world).set("CHATAPP_SERVER__HEARTBEAT", "100ms").start().await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let model = "mock:ticks=1,first=1s";
    let mut stream = super::stream(&user, &conversation, "Go", model).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["x-accel-buffering"], "no");
    stream.read_text(1).await;
    assert!(stream.heartbeats() >= 2, "{}", stream.heartbeats());
    assert_valid(&stream.finish().await);
}
