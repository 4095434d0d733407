//! A server that is told to stop: nothing is lost, and it ends.

use std::time::{Duration, Instant};

use mock::MockServer;
use reqwest::Method;
use testkit::client::{Anonymous, EventStream, User};
use testkit::process::{AppProcess, ProcessBuilder};
use testkit::sse::Frame;
use testkit::{Settings, World, eventually, free_port, validator};

use super::working_directory::{BINARY, WorkingDirectory};
use super::{PROMPT, settings, ticked, ticks, upstream};

/// "At once", on a machine that does other things too; every grace period is far longer.
const QUICKLY: Duration = Duration::from_secs(8);

/// A server amid an answer without an end, of which three tokens were read.
struct Answering {
    place: WorkingDirectory,
    settings: Settings,
    _upstream: MockServer,
    server: AppProcess,
    user: User,
    conversation: String,
    response: String,
    stream: EventStream,
}

/// It stops with this grace period.
async fn answering(world: &World, grace: &str) -> Answering {
    let upstream = upstream().await;
    let settings = settings(world, &upstream).set("CHATAPP_SERVER__SHUTDOWN_GRACE", grace);
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    upstream.push(ticks(1_000_000, 50));
    let mut stream = user.send_stream(&conversation, PROMPT).await;
    let response = stream.response_id().await;
    stream.read_text(3).await;
    Answering { place, settings, _upstream: upstream, server, user, conversation, response, stream }
}

/// Whether the server takes requests, asked over a connection of its own.
async fn is_ready(anonymous: &Anonymous) -> bool {
    let request = anonymous.with_bearer(None).request(Method::GET, "/health/ready");
    request.send().await.is_ok_and(|reply| reply.status().is_success())
}

#[testkit::test]
async fn a_running_answer_is_finished_first(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let mut server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    let second = user.create_conversation().await;
    upstream.push(ticks(60, 20));
    let mut stream = user.send_stream(&conversation, PROMPT).await;
    stream.read_text(3).await;

    server.signal("TERM");
    eventually("it is not ready any more", async || !is_ready(&user).await).await;
    // By now the answer is at a few of its 60 tokens: not being ready did not wait for it.
    let path = format!("/api/conversations/{second}/messages");
    let request = user.request(Method::POST, &path).json(&serde_json::json!({"content": PROMPT}));
    if let Ok(reply) = request.send().await {
        assert_eq!(reply.status().as_u16(), 503, "no new work");
    }
    let read = stream.text().len();
    let frames = stream.finish().await;
    validator::assert_valid(&frames);
    assert!(frames.iter().any(|frame| frame.event == "response.completed"), "{frames:?}");
    assert_eq!(testkit::sse::text_of(&frames), ticked(60));
    assert!(read < ticked(40).len());
    let ended = server.wait().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);

    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().login("ada@example.org").await;
    let messages = user.list_messages(&conversation).await;
    let answer = messages.last().expect("an answer");
    assert_eq!((&answer["status"], &answer["content"]), (&"completed".into(), &ticked(60).into()));
    assert!(user.list_messages(&second).await.is_empty());
}

#[testkit::test]
async fn a_terminal_that_goes_away_stops_the_server_in_good_order() {
    let place = WorkingDirectory::new();
    // Whoever runs this test may have had the signal ignored, and a process inherits that.
    let start = async |how: &str| {
        let program = ProcessBuilder::new("env", place.path()).args([how, BINARY]);
        program.settings(&Settings::quick()).serve().await
    };
    let mut server = start("--default-signal=HUP").await;
    server.signal("HUP");
    let ended = server.wait().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("SIGHUP"), "{}", ended.stderr);

    // As `nohup` starts it: the signal is nobody's, and only the other one ends it.
    let server = start("--ignore-signal=HUP").await;
    server.signal("HUP");
    server.anonymous().get("/health/ready").await.expect(200);
    let ended = server.terminate().await;
    assert!(!ended.stderr.contains("SIGHUP"), "{}", ended.stderr);
}

#[testkit::test]
async fn it_is_not_ready_at_once_and_is_reached_as_long_as_answers_run(world: World) {
    let answering = answering(&world, "5m").await;
    let Answering { user, response, mut server, stream, .. } = answering;
    let second = user.create_conversation().await;

    server.signal("TERM");
    eventually("it heard that", async || server.stderr().contains("\"stopping\"")).await;
    // Each of these comes over a connection of its own.
    let newcomer = || user.with_bearer(Some(&user.access_token));
    let refused = newcomer().get("/health/ready").await.expect_error(503, "not_ready");
    assert_eq!(refused["reasons"], serde_json::json!(["draining"]));
    newcomer().get("/health/live").await.expect(200);
    let path = format!("/api/conversations/{second}/messages");
    let sent = newcomer().post(&path, serde_json::json!({"content": PROMPT})).await;
    assert_eq!(sent.status, 503, "no new work");
    newcomer().get(&path).await.expect(200);
    let mut reloaded = user.follow(&response, None).await;
    reloaded.read_text(3).await;
    // The answer it waits for ends.
    let stopped = user.cancel(&response).await;
    assert_eq!(stopped["status"], "cancelled", "{stopped}");
    let (ended, seen, reloaded) = tokio::join!(server.wait(), stream.finish(), reloaded.finish());
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    validator::assert_valid(&seen);
    assert!(seen == reloaded);
}

#[testkit::test(servers)]
async fn a_migration_is_given_up_and_made_by_the_next_start(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    place.program().settings(&settings).serve().await.terminate().await;
    // As the release before the last step left it.
    let mut sql = world.sql().await;
    let column = "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() \
                  AND table_name = 'responses' AND column_name = 'continued_tokens'";
    let step = "DELETE FROM seaql_migrations WHERE version LIKE '%continuations'";
    assert_eq!(sql.execute(step).await, 1);
    sql.execute("ALTER TABLE responses DROP COLUMN continued_tokens").await;
    // Somebody reads the table for long.
    let mut reader = world.sql().await;
    reader.execute("LOCK TABLES responses READ").await;

    let mut server = place.program().settings(&settings).launch();
    eventually("it waits in the middle of the step", async || {
        // It has been at it for more than a second.
        let beat = "SELECT COALESCE(MAX(beat), 0) FROM migration_lock";
        sql.value(beat).await != "0"
    })
    .await;
    server.signal("TERM");
    let told = Instant::now();
    let ended = server.wait().await;
    assert!(told.elapsed() < QUICKLY, "{:?}", told.elapsed());
    assert_eq!(ended.status.code(), Some(143), "{}", ended.stderr);
    assert_eq!(sql.value(column).await, "0");
    reader.execute("UNLOCK TABLES").await;

    let server = place.program().settings(&settings).serve().await;
    assert_eq!(sql.value(column).await, "1");
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    let turn = user.send_and_wait(&conversation, PROMPT).await;
    assert_eq!(turn["response"]["status"], "completed", "{turn}");
}

#[testkit::test]
async fn an_answer_that_takes_too_long_is_kept_as_it_is(world: World) {
    let answering = answering(&world, "300ms").await;
    let Answering { place, settings, server, conversation, response, stream, .. } = answering;
    let told = Instant::now();
    let (ended, frames) = tokio::join!(server.terminate(), stream.finish());
    assert!(told.elapsed() < QUICKLY, "{:?}", told.elapsed());
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);

    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().login("ada@example.org").await;
    assert_kept(&user, &conversation, &response, &frames).await;
    let turn = user.send_and_wait(&conversation, PROMPT).await;
    assert_eq!(turn["response"]["status"], "completed", "the conversation goes on: {turn}");
}

/// The answer is stored as interrupted, on every engine at once, with all that anybody saw.
async fn assert_kept(user: &User, conversation: &str, response: &str, frames: &[Frame]) {
    validator::assert_valid(frames);
    let stored = user.response(response).await;
    assert_eq!(stored["status"], "incomplete", "{stored}");
    assert_eq!(stored["incomplete_details"]["reason"], "interrupted", "{stored}");
    let text = testkit::sse::text_of(frames);
    assert!(text.starts_with(&ticked(3)) && ticked(2_000).starts_with(&text), "{text}");
    let messages = user.list_messages(conversation).await;
    assert_eq!(messages.last().map(|message| &message["content"]), Some(&text.into()));
    let replay = user.follow(response, None).await.finish().await;
    assert_eq!(replay, frames, "the log is byte for byte what was seen");
}

#[testkit::test]
async fn a_second_signal_does_not_wait(world: World) {
    // The grace period is longer than this test may take.
    let answering = answering(&world, "5m").await;
    let Answering { place, settings, mut server, conversation, response, mut stream, .. } =
        answering;

    server.signal("TERM");
    eventually("it heard the first", async || server.stderr().contains("asked to stop")).await;
    stream.read_text(3).await;
    server.signal("TERM");
    let told = Instant::now();
    let (ended, frames) = tokio::join!(server.wait(), stream.finish());
    assert!(told.elapsed() < QUICKLY, "{:?}", told.elapsed());
    assert_eq!(ended.status.code(), Some(143), "{}", ended.stderr);

    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().login("ada@example.org").await;
    assert_kept(&user, &conversation, &response, &frames).await;
}

#[testkit::test]
async fn waiting_for_a_database_can_be_given_up() {
    let place = WorkingDirectory::new();
    let settings = unreachable(&Settings::quick()).set("CHATAPP_STORAGE__CONNECT_TIMEOUT", "5m");
    let mut server = place.program().settings(&settings).launch();
    eventually("it tries again", async || server.stderr().contains("trying again")).await;
    server.signal("TERM");
    let told = Instant::now();
    let ended = server.wait().await;
    assert!(told.elapsed() < QUICKLY, "{:?}", told.elapsed());
    assert_eq!(ended.status.code(), Some(143), "{}", ended.stderr);
}

/// Settings that name a database server where none listens.
pub(crate) fn unreachable(settings: &Settings) -> Settings {
    let port = free_port().expect("a free port");
    let settings = settings.clone().set("DB_HOST", "127.0.0.1").set("DB_PORT", port.to_string());
    settings.set("DB_USER", "ada").set("DB_PASSWORD", "p@ss:w/rd#%?").set("DB_NAME", "chat")
}
