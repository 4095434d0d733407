//! The servers of a test and what is asked of them.

use std::io::Write as _;

use mock::MockServer;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::client::{Anonymous, EventStream, Transcript, User};
use testkit::process::{AppProcess, ProcessBuilder};
use testkit::sse::Frame;
use testkit::validator::assert_valid;
use testkit::{Redis, Settings, World, eventually};

/// An answer that does not end by itself.
pub(crate) const ENDLESS: &str = "mock:ticks=1000000,rate=50";

/// Two servers, their database's [`World`] apart.
pub(crate) struct Site {
    pub(crate) redis: Redis,
    pub(crate) one: AppProcess,
    pub(crate) two: AppProcess,
    /// Somebody who is logged in at both, as they are at the first one.
    pub(crate) user: User,
    /// The same, at the second one.
    pub(crate) there: Anonymous,
    settings: Settings,
    directory: TempDir,
    _upstream: MockServer,
}

impl Site {
    /// Two servers with a Redis that is there.
    pub(crate) async fn start(world: &World) -> Self {
        Self::with(world, Redis::start().await, &[]).await
    }

    /// Two servers, told to use `redis`, with some settings more.
    pub(crate) async fn with(world: &World, redis: Redis, more: &[(&str, &str)]) -> Self {
        let upstream = MockServer::start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
        let settings = Settings::quick()
            .on(world.database())
            .upstream(&upstream.base_url())
            .set("REDIS_URL", redis.url())
            .set("CHATAPP_REDIS__TIMEOUT", "300ms")
            .set("CHATAPP_SERVER__HEARTBEAT", "1s");
        let settings =
            more.iter().fold(settings, |settings, (name, value)| settings.set(name, *value));
        let directory = tempfile::tempdir().expect("a temporary directory");
        let one = program(&directory, &settings).serve().await;
        let two = program(&directory, &settings).serve().await;
        let user = one.anonymous().signup("ada@example.org").await;
        let there = two.anonymous().with_bearer(Some(&user.access_token));
        Self { redis, one, two, user, there, settings, directory, _upstream: upstream }
    }

    /// One more server.
    pub(crate) async fn another(&self) -> AppProcess {
        program(&self.directory, &self.settings).serve().await
    }

    /// Has the first server answer with `model`; the stream and the response's id.
    pub(crate) async fn answer(&self, model: &str) -> (EventStream, String) {
        self.answer_to(&self.user, model).await
    }

    /// The same for somebody else.
    pub(crate) async fn answer_to(&self, user: &User, model: &str) -> (EventStream, String) {
        let conversation = user.create_conversation().await;
        let path = format!("/api/conversations/{conversation}/messages");
        let body = json!({"content": "Go", "model": model, "stream": true});
        let request = user.request(Method::POST, &path).json(&body);
        let mut stream = user.stream(request).await;
        let response = stream.response_id().await;
        (stream, response)
    }

    /// Stops a response at the second server, which waits for its end.
    pub(crate) async fn stop(&self, response: &str) {
        let path = format!("/api/responses/{response}/cancel");
        let stopped = self.there.post(&path, json!({})).await.expect(200);
        assert_eq!(stopped["status"], "cancelled", "{stopped}");
    }

    /// Everything that the stored log of an ended response says, read at the second server.
    pub(crate) async fn stored(&self, response: &str) -> Vec<Frame> {
        let stored = follow(&self.there, response, None).await.finish().await;
        assert_valid(&stored);
        stored
    }

    /// Both servers answer as if nothing were the matter.
    pub(crate) async fn assert_well(&self) {
        for server in [&self.one, &self.two] {
            let ready = server.anonymous().get("/health/ready").await.expect(200);
            assert_eq!(ready["status"], "ok");
            let client = server.anonymous().with_bearer(Some(&self.user.access_token));
            let conversation = client.post("/api/conversations", json!({})).await.expect(201);
            let id = conversation["id"].as_str().expect("an id");
            let path = format!("/api/conversations/{id}/messages");
            let body = json!({"content": "Hello", "model": "mock:ticks=3"});
            let turn = client.post(&path, body).await.expect(201);
            assert_eq!(turn["response"]["status"], "completed", "{turn}");
        }
    }
}

impl Drop for Site {
    /// What the servers said is half of what explains a failure.
    fn drop(&mut self) {
        if std::thread::panicking() {
            for (name, server) in [("one", &self.one), ("two", &self.two)] {
                let _ = writeln!(std::io::stderr(), "{name}:\n{}", server.stderr());
            }
        }
    }
}

fn program(directory: &TempDir, settings: &Settings) -> ProcessBuilder {
    ProcessBuilder::new(env!("CARGO_BIN_EXE_chatapp"), directory.path()).settings(settings)
}

/// Follows a response after an event, or from its beginning.
pub(crate) async fn follow(client: &Anonymous, response: &str, after: Option<u64>) -> EventStream {
    let after = after.map_or_else(String::new, |after| format!("?after={after}"));
    let path = format!("/api/responses/{response}/events{after}");
    client.stream(client.request(Method::GET, &path)).await
}

/// Reads a stream to the response's end, connecting again as a client does when it is sent away;
/// what the client then has, and how often it had to.
pub(crate) async fn read_to_end(
    client: &Anonymous,
    response: &str,
    mut stream: EventStream,
) -> (Vec<Frame>, usize) {
    let mut transcript = Transcript::new();
    let mut again = 0;
    loop {
        transcript.extend(&stream.finish().await);
        if transcript.frames().last().is_some_and(Frame::is_done_marker) {
            return (transcript.frames().to_vec(), again);
        }
        again += 1;
        assert!(again < 100, "{response} never ends");
        stream = follow(client, response, transcript.last_seq()).await;
    }
}

/// One number of a server's metrics; 0 before it was first counted.
pub(crate) async fn metric(server: &AppProcess, name: &str) -> u64 {
    let text = server.anonymous().metrics().await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().expect("a whole number"))
}

/// Waits until a number is at least so large.
pub(crate) async fn reaches(server: &AppProcess, name: &str, least: u64) {
    eventually(name, async || metric(server, name).await >= least).await;
}

/// What a server thinks is away.
pub(crate) async fn degraded(server: &AppProcess) -> Value {
    server.anonymous().get("/health/ready").await.expect(200)["degraded"].clone()
}

/// The newest number in the database.
pub(crate) async fn newest_stored(world: &World) -> i64 {
    let sql = "SELECT COALESCE(MAX(last_seq), -1) FROM response_events";
    world.sql().await.value(sql).await.parse().expect("a number")
}

/// How many log lines of a server contain `text`.
pub(crate) fn logged(server: &AppProcess, text: &str) -> usize {
    server.stderr().lines().filter(|line| line.contains(text)).count()
}
