//! A server that dies in mid-answer.

use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::client::{Anonymous, EventStream, Transcript, User};
use testkit::sse::{Frame, text_of};
use testkit::{Engine, World, eventually, validator};

use super::working_directory::WorkingDirectory;
use super::{PROMPT, settings, ticked, ticks, upstream};

/// How long the answer runs before the crash: longer than the longest promise.
const RUNS: Duration = Duration::from_secs(4);
/// Beyond the interval: the commit itself on a busy machine.
const SLACK: Duration = Duration::from_millis(500);
/// Tokens a second.
const RATE: u32 = 100;

#[testkit::test]
async fn a_crash_costs_no_more_than_the_newest_moment(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    upstream.push(ticks(1_000_000, RATE));
    let mut stream = user.send_stream(&conversation, PROMPT).await;
    let response = stream.response_id().await;
    let received = receive(&mut stream).await;
    let bound = interval(&user).await + SLACK;
    let killed = Instant::now();
    assert!(!server.kill().await.status.success());
    let seen = rest(stream).await;
    assert!(!ended(&seen), "the crash came in mid-answer");

    let server = place.program().settings(&settings).serve().await;
    let same_login = server.anonymous().with_bearer(Some(&user.access_token));
    same_login.get("/api/me").await.expect(200);
    let user = server.anonymous().login(&user.email).await;
    assert_closed(&world, &user, &conversation, &response, &seen).await;

    let stored = answer(&user, &conversation).await;
    assert_eq!(stored["status"], "incomplete");
    let stored = stored["content"].as_str().expect("text");
    assert!(ticked(2_000).starts_with(stored), "a prefix of what was said: {stored:?}");
    let promised = received.iter().rev().find(|(at, _)| *at + bound <= killed);
    let (_, promised) = promised.expect("the answer ran longer than the bound");
    assert!(
        stored.len() >= *promised,
        "{} of {promised} bytes older than {bound:?} are kept",
        stored.len()
    );
    assert!(*promised > 0);

    // With no number, with early ones, with one that is stored, and with the newest one seen,
    // which the disk probably never had.
    let newest = number(seen.last());
    for after in [None, Some(1), Some(7), newest.map(|n| n / 2), newest] {
        let mut transcript = Transcript::new();
        let known = |frame: &&Frame| after.is_some() && number(Some(frame)) <= after;
        transcript.extend(&seen.iter().filter(known).cloned().collect::<Vec<_>>());
        transcript.extend(&user.follow(&response, after).await.finish().await);
        validator::assert_valid(transcript.frames());
        assert_eq!(transcript.text(), stored, "after {after:?}");
    }

    let turn = user.send_and_wait(&conversation, PROMPT).await;
    assert_eq!(turn["response"]["status"], "completed", "the conversation goes on: {turn}");
}

/// Reads for [`RUNS`]: when how many bytes of text had come.
async fn receive(stream: &mut EventStream) -> Vec<(Instant, usize)> {
    let begin = Instant::now();
    let mut length = 0;
    let mut received = Vec::new();
    while begin.elapsed() < RUNS {
        length += stream.read_text(1).await.len();
        received.push((Instant::now(), length));
    }
    received
}

/// The interval of checkpoints at this moment, as the server measures it, with one commit.
async fn interval(client: &Anonymous) -> Duration {
    let metrics = client.metrics().await;
    let line = |line: &str| line.strip_prefix("chatapp_checkpoint_interval_seconds ")?.parse().ok();
    let seconds: f64 = metrics.text.lines().find_map(line).expect("the interval is exported");
    assert!((0.2..=2.0).contains(&seconds), "{seconds}");
    Duration::from_secs_f64(seconds * 1.2)
}

/// What a broken connection still held.
async fn rest(stream: EventStream) -> Vec<Frame> {
    let frames = stream.finish().await;
    assert!(ticked(2_000).starts_with(&text_of(&frames)));
    frames
}

pub(super) fn ended(frames: &[Frame]) -> bool {
    let ends = ["response.completed", "response.incomplete", "response.failed"];
    frames.iter().any(|frame| ends.contains(&frame.event.as_str()))
}

pub(super) fn number(frame: Option<&Frame>) -> Option<u64> {
    frame?.json()["sequence_number"].as_u64()
}

fn assert_interrupted(response: &Value) {
    assert_eq!(response["status"], "incomplete", "{response}");
    assert_eq!(response["incomplete_details"]["reason"], "interrupted", "{response}");
}

/// The next server closes what it finds: the one server of its file before it is ready.
async fn assert_closed(
    world: &World,
    user: &User,
    conversation: &str,
    response: &str,
    seen: &[Frame],
) {
    if world.engine() == Engine::Sqlite {
        assert_interrupted(&user.response(response).await);
    } else {
        wait_for_the_observer(user, conversation, response, seen).await;
    }
}

/// On a shared database nobody knows at once that a server is dead. Until it is known, the
/// conversation is locked and a client reads what is stored, again and again, as its
/// `EventSource` would.
async fn wait_for_the_observer(user: &User, conversation: &str, response: &str, seen: &[Frame]) {
    let path = format!("/api/conversations/{conversation}/messages");
    let locked = user.post(&path, serde_json::json!({"content": PROMPT})).await;
    let error = locked.expect_error(409, "conversation_locked");
    assert_eq!(error["error"]["response_id"], response);

    let mut transcript = Transcript::new();
    transcript.extend(seen);
    let mut after = transcript.last_seq();
    eventually("the observer closes the answer", async || {
        let frames = user.follow(response, after).await.finish().await;
        transcript.extend(&frames);
        after = transcript.last_seq();
        ended(&frames)
    })
    .await;
    validator::assert_valid(transcript.frames());
    assert_interrupted(&user.response(response).await);
    assert_eq!(transcript.text(), answer(user, conversation).await["content"]);
}

/// The newest message of a conversation.
pub(super) async fn answer(user: &User, conversation: &str) -> Value {
    user.list_messages(conversation).await.pop().expect("a message")
}

/// As an impatient service manager does it: asked to stop, then killed before the grace is over.
#[testkit::test]
async fn a_server_that_is_killed_while_it_stops_loses_nothing(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream).set("CHATAPP_SERVER__SHUTDOWN_GRACE", "5m");
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    upstream.push(ticks(1_000_000, RATE));
    let mut stream = user.send_stream(&conversation, PROMPT).await;
    let response = stream.response_id().await;
    stream.read_text(3).await;

    server.signal("TERM");
    eventually("it heard that", async || server.stderr().contains("\"stopping\"")).await;
    // What it is waiting for is still stored as it comes.
    let said = stream.text().len();
    eventually("a checkpoint of what was said since", async || {
        let stored = "SELECT COALESCE(MAX(last_seq), 0) FROM response_events";
        let stored: usize = world.sql().await.value(stored).await.parse().expect("a number");
        // Each token is an event, and longer than a byte.
        stored > said
    })
    .await;
    assert!(!server.kill().await.status.success());
    let seen = rest(stream).await;
    assert!(!ended(&seen), "the kill came in mid-answer");

    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().login(&user.email).await;
    assert_closed(&world, &user, &conversation, &response, &seen).await;
    let stored = answer(&user, &conversation).await;
    let text = stored["content"].as_str().expect("text");
    assert!(text.len() > said && ticked(200_000).starts_with(text), "{text:?}");
    let turn = user.send_and_wait(&conversation, PROMPT).await;
    assert_eq!(turn["response"]["status"], "completed", "the conversation goes on: {turn}");
}

#[testkit::test]
async fn what_was_acknowledged_survives_a_crash(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let mut expected = Vec::new();
    let mut user: Option<User> = None;
    // Killed right after each acknowledgement, whatever it was working at otherwise.
    for round in 0..3 {
        let server = place.program().settings(&settings).serve().await;
        let user = match &user {
            None => user.insert(server.anonymous().signup("ada@example.org").await),
            Some(_) => user.insert(server.anonymous().login("ada@example.org").await),
        };
        upstream.push(ticks(3, 0));
        let conversation = user.create_conversation().await;
        let question = format!("{PROMPT} {round}");
        let turn = user.send_and_wait(&conversation, &question).await;
        server.kill().await;
        assert_eq!(turn["response"]["status"], "completed");
        expected.push((conversation, question));
    }
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().login("ada@example.org").await;
    assert_eq!(user.list_conversations().await.len(), expected.len());
    for (conversation, question) in expected {
        let messages = user.list_messages(&conversation).await;
        let texts: Vec<&Value> = messages.iter().map(|message| &message["content"]).collect();
        assert_eq!(texts, [question.as_str(), ticked(3).as_str()]);
    }
}
