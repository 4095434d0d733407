//! A program that dies at a named place. Only in a build with the feature `kill-points`:
//! `cargo test --features chatapp/kill-points --test process dies_`.

use mock::MockServer;
use reqwest::Method;
use serde_json::json;
use testkit::client::{Anonymous, EventStream, Transcript, User};
use testkit::process::AppProcess;
use testkit::sse::{Frame, text_of};
use testkit::{Engine, Settings, World, eventually, validator};

use super::working_directory::WorkingDirectory;
use super::{PROMPT, settings, ticked, ticks, upstream};

/// After a crash the numbers of events go on at a multiple of this.
const CRASH_STEP: u64 = 1_000_000;

/// A server's surroundings, which outlive it.
struct Home {
    upstream: MockServer,
    settings: Settings,
    place: WorkingDirectory,
}

/// An answer as its reader has it when the server is gone.
struct Witness {
    conversation: String,
    question: String,
    response: String,
    seen: Vec<Frame>,
}

impl Home {
    async fn new(world: &World) -> Self {
        let upstream = upstream().await;
        let settings = settings(world, &upstream);
        Self { upstream, settings, place: WorkingDirectory::new() }
    }

    async fn server(&self) -> AppProcess {
        self.place.program().settings(&self.settings).serve().await
    }

    /// A server that dies once it has passed these places.
    async fn dying(&self, way: &str) -> AppProcess {
        self.place.program().settings(&self.settings).env("KILL_AT", way).serve().await
    }

    /// Lets a server that dies during recovery do so: an embedded database is recovered before
    /// the server is ready, a shared one when the other server's silence has lasted.
    async fn dies_recovering(&self, world: &World, way: &str) {
        let server = match world.engine() {
            Engine::Sqlite => {
                self.place.program().settings(&self.settings).env("KILL_AT", way).launch()
            }
            _ => self.dying(way).await,
        };
        died(server, way).await;
    }

    /// How often the model was asked this.
    fn calls(&self, question: &str) -> usize {
        let calls = self.upstream.calls();
        let asked = |call: &&mock::ReceivedCall| {
            call.messages.last().is_some_and(|(_, content)| content == question)
        };
        calls.iter().filter(asked).count()
    }
}

/// Waits until a server has died where it was told to, and nowhere else.
async fn died(mut server: AppProcess, way: &str) {
    let ended = server.wait().await;
    assert!(!ended.status.success());
    let last = way.split(',').next_back().and_then(|step| step.split('=').next());
    let place = format!("\"place\":\"{}\"", last.expect("a place"));
    assert!(ended.stderr.contains(&place), "it died elsewhere: {}", ended.stderr);
}

fn is_terminal(frame: &Frame) -> bool {
    ["response.completed", "response.incomplete", "response.failed"].contains(&frame.event.as_str())
}

fn number(frame: &Frame) -> Option<u64> {
    frame.json()["sequence_number"].as_u64()
}

/// The first reader of an answer, from the question until the connection breaks.
async fn witness(
    user: &User,
    question: &str,
    until: impl AsyncFnOnce(EventStream) -> Vec<Frame>,
) -> Witness {
    let conversation = user.create_conversation().await;
    let mut stream = user.send_stream(&conversation, question).await;
    let response = stream.response_id().await;
    let seen = until(stream).await;
    Witness { conversation, question: question.to_owned(), response, seen }
}

impl Witness {
    /// Holds what the reader saw against what a server says after the crash; returns the text
    /// that is stored.
    async fn assert_nothing_lost(&self, user: &User, world: &World, status: &str) -> String {
        let Self { conversation, question, response, seen } = self;
        eventually("the answer ends", async || {
            user.response(response).await["status"] != "in_progress"
        })
        .await;
        let resource = user.response(response).await;
        assert_eq!(resource["status"], status, "{resource}");

        let messages = user.list_messages(conversation).await;
        let contents: Vec<&str> = messages.iter().filter_map(|m| m["content"].as_str()).collect();
        let [asked, stored] = contents[..] else { panic!("{messages:?}") };
        assert_eq!(asked, question);
        let id = conversation.split_once('_').expect("a prefix").1;
        let mut sql = world.sql().await;
        for table in ["responses WHERE", "messages WHERE is_user AND"] {
            let query =
                format!("SELECT COUNT(*) FROM {table} LOWER(HEX(conversation_id)) = '{id}'");
            assert_eq!(sql.value(&query).await, "1", "{table}");
        }

        let replay = user.follow(response, None).await.finish().await;
        validator::assert_valid(&replay);
        assert_eq!(text_of(&replay), stored);
        for frame in seen {
            let Some(seq) = number(frame) else { continue };
            if let Some(same) = replay.iter().find(|other| number(other) == Some(seq)) {
                assert_eq!(same, frame);
                continue;
            }
            let next = replay.iter().filter_map(number).find(|next| *next > seq);
            assert!(next.is_some_and(|next| next % CRASH_STEP == 0), "{seq} is in no gap");
        }
        let mut transcript = Transcript::new();
        transcript.extend(seen);
        let rest = user.follow(response, transcript.last_seq()).await.finish().await;
        transcript.extend(&rest);
        validator::assert_valid(transcript.frames());
        assert_eq!(transcript.text(), stored, "resumed after what was seen");

        let turn = user.send_and_wait(conversation, "And now?").await;
        assert_eq!(turn["response"]["status"], "completed", "the conversation goes on: {turn}");
        stored.to_owned()
    }
}

#[testkit::test]
async fn dies_between_the_commit_of_a_message_and_its_reply(world: World) {
    let home = Home::new(&world).await;
    let server = home.dying("send.committed").await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    let send = |client: &Anonymous| {
        let path = format!("/api/conversations/{conversation}/messages");
        let request = client.request(Method::POST, &path).header("idempotency-key", "k1");
        request.json(&json!({"content": PROMPT}))
    };
    assert!(send(&user).send().await.is_err(), "there is no reply");
    died(server, "send.committed").await;

    let server = home.server().await;
    let user = server.anonymous().login(&user.email).await;
    let turn = user.send(send(&user)).await.expect(201);
    // It was stored and nothing more: the model was never asked, and the retry does not ask it
    // a second time. Whoever wants an answer asks for another one.
    assert_eq!(turn["response"]["incomplete_details"]["reason"], "interrupted", "{turn}");
    assert_eq!(home.calls(PROMPT), 0);
    let response = turn["response"]["id"].as_str().expect("an id").to_owned();
    let seen = Vec::new();
    let witness = Witness { conversation, question: PROMPT.to_owned(), response, seen };
    assert_eq!(witness.assert_nothing_lost(&user, &world, "incomplete").await, "");
}

#[testkit::test]
async fn dies_with_the_first_word_and_explains_it(world: World) {
    let home = Home::new(&world).await;
    let server = home.dying("answer.text").await;
    let user = server.anonymous().signup("ada@example.org").await;
    home.upstream.push(ticks(1_000_000, 50));
    let witness = witness(&user, PROMPT, EventStream::finish).await;
    died(server, "answer.text").await;

    let server = home.server().await;
    let user = server.anonymous().login(&user.email).await;
    witness.assert_nothing_lost(&user, &world, "incomplete").await;
    // What was sent to the model is noted before anything of its answer is shown.
    let path = format!("/api/responses/{}/context", witness.response);
    let context = user.get(&path).await.expect(200);
    assert_eq!(context["messages"].as_array().map(Vec::len), Some(1), "{context}");
    assert!(context["tokens"]["total"].as_u64() > Some(0), "{context}");
}

#[testkit::test]
async fn dies_between_two_checkpoints(world: World) {
    let mut home = Home::new(&world).await;
    // Far longer than ten tokens take.
    home.settings = home.settings.set("CHATAPP_LIMITS__CHECKPOINT_INTERVAL", "2s");
    let way = "checkpoint.stored=2,answer.text=10";
    let server = home.dying(way).await;
    let user = server.anonymous().signup("ada@example.org").await;
    home.upstream.push(ticks(1_000_000, 50));
    let witness = witness(&user, PROMPT, EventStream::finish).await;
    died(server, way).await;
    assert!(!witness.seen.iter().any(is_terminal));

    let server = home.server().await;
    let user = server.anonymous().login(&user.email).await;
    let stored = witness.assert_nothing_lost(&user, &world, "incomplete").await;
    let seen = text_of(&witness.seen);
    assert!(seen.starts_with(&stored) && ticked(2_000).starts_with(&seen), "{stored}");
    assert!(!stored.is_empty(), "the second checkpoint is kept");
    assert!(stored.len() < seen.len(), "the newest moment is not");
    assert_eq!(home.calls(PROMPT), 1);
}

#[testkit::test]
async fn dies_before_the_commit_of_an_end(world: World) {
    let home = Home::new(&world).await;
    let server = home.dying("end.uncommitted").await;
    let user = server.anonymous().signup("ada@example.org").await;
    home.upstream.push(ticks(40, 100));
    let witness = witness(&user, PROMPT, EventStream::finish).await;
    died(server, "end.uncommitted").await;
    assert!(!witness.seen.iter().any(is_terminal), "nobody sees an end that is not stored");

    let server = home.server().await;
    let user = server.anonymous().login(&user.email).await;
    let stored = witness.assert_nothing_lost(&user, &world, "incomplete").await;
    assert!(ticked(40).starts_with(&stored), "{stored}");
    assert_eq!(home.calls(PROMPT), 1);
}

#[testkit::test]
async fn dies_between_the_commit_of_an_end_and_its_followers(world: World) {
    let home = Home::new(&world).await;
    let server = home.dying("end.committed").await;
    let user = server.anonymous().signup("ada@example.org").await;
    home.upstream.push(ticks(40, 100));
    let witness = witness(&user, PROMPT, EventStream::finish).await;
    died(server, "end.committed").await;
    assert!(!witness.seen.iter().any(is_terminal));

    let server = home.server().await;
    let user = server.anonymous().login(&user.email).await;
    let stored = witness.assert_nothing_lost(&user, &world, "completed").await;
    assert_eq!(stored, ticked(40));
    assert_eq!(home.calls(PROMPT), 1);
}

/// Two answers of which something is stored, and whose server is gone.
async fn two_orphans(home: &Home, world: &World) -> (String, [Witness; 2]) {
    let server = home.server().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let mut witnesses = Vec::new();
    for question in [PROMPT, "Where was it?"] {
        home.upstream.push(ticks(1_000_000, 50));
        let some = async |mut stream: EventStream| {
            stream.read_text(3).await;
            stream.seen().to_vec()
        };
        witnesses.push(witness(&user, question, some).await);
    }
    eventually("both have text on the disk", async || {
        let query = "SELECT COUNT(*) FROM responses WHERE last_seq > 10";
        world.sql().await.value(query).await == "2"
    })
    .await;
    server.kill().await;
    let Ok(witnesses) = <[Witness; 2]>::try_from(witnesses) else { unreachable!("two questions") };
    (user.email.clone(), witnesses)
}

/// The orphans are closed by the next server that lives, and nothing of them is missing.
async fn assert_recovered(home: &Home, world: &World, email: &str, orphans: &[Witness]) {
    let server = home.server().await;
    let user = server.anonymous().login(email).await;
    for orphan in orphans {
        let stored = orphan.assert_nothing_lost(&user, world, "incomplete").await;
        assert!(!stored.is_empty() && ticked(2_000).starts_with(&stored), "{stored}");
        assert_eq!(home.calls(&orphan.question), 1);
    }
}

async fn open(world: &World) -> String {
    world.sql().await.value("SELECT COUNT(*) FROM responses WHERE completed_at IS NULL").await
}

#[testkit::test]
async fn dies_between_two_recovered_answers(world: World) {
    let home = Home::new(&world).await;
    let (email, orphans) = two_orphans(&home, &world).await;
    home.dies_recovering(&world, "recovery.closed").await;
    assert_eq!(open(&world).await, "1");
    assert_recovered(&home, &world, &email, &orphans).await;
}

#[testkit::test]
async fn dies_inside_a_recovery(world: World) {
    let home = Home::new(&world).await;
    let (email, orphans) = two_orphans(&home, &world).await;
    home.dies_recovering(&world, "end.uncommitted=2").await;
    assert_eq!(open(&world).await, "1");
    assert_recovered(&home, &world, &email, &orphans).await;
}

#[testkit::test(servers)]
async fn dies_after_taking_over_and_before_closing(world: World) {
    let home = Home::new(&world).await;
    let (email, orphans) = two_orphans(&home, &world).await;
    home.dies_recovering(&world, "takeover.committed").await;
    assert_eq!(open(&world).await, "2");
    assert_recovered(&home, &world, &email, &orphans).await;
}

#[testkit::test]
async fn dies_while_it_forgets_events(world: World) {
    let mut home = Home::new(&world).await;
    let server = home.server().await;
    let user = server.anonymous().signup("ada@example.org").await;
    home.upstream.push(ticks(150, 400));
    let witness = witness(&user, PROMPT, EventStream::finish).await;
    assert!(witness.seen.iter().any(is_terminal));
    server.terminate().await;
    one_run_an_event(&world).await;

    let server = {
        let keep = home.settings.clone();
        home.settings = keep.clone().set("CHATAPP_LIMITS__EVENT_RETENTION", "0s");
        let dying = home.place.program().settings(&home.settings).env("KILL_AT", "purge.step");
        home.settings = keep;
        dying.launch()
    };
    died(server, "purge.step").await;
    let left = world.sql().await.value("SELECT COUNT(*) FROM response_events").await;
    assert!(left.parse::<u32>().is_ok_and(|left| left > 0), "it died half-way");

    let server = home.server().await;
    let user = server.anonymous().login(&user.email).await;
    let replay = user.follow(&witness.response, None).await.finish().await;
    validator::assert_valid(&replay);
    assert_eq!(text_of(&replay), ticked(150));
}

/// Stores each event in a run of its own, as a slow answer's are.
async fn one_run_an_event(world: &World) {
    let mut sql = world.sql().await;
    let runs = sql.rows("SELECT first_seq, payload FROM response_events ORDER BY first_seq").await;
    sql.execute("UPDATE response_events SET first_seq = first_seq - 1000000").await;
    for run in runs {
        let first: u64 = run[0].parse().expect("a number");
        for (seq, line) in (first..).zip(run[1].lines()) {
            let insert = format!(
                "INSERT INTO response_events (response_id, first_seq, last_seq, payload) \
                 SELECT id, {seq}, {seq}, CAST(x'{}' AS CHAR) FROM responses",
                hex::encode(line)
            );
            sql.execute(&insert).await;
        }
    }
    sql.execute("DELETE FROM response_events WHERE first_seq < 0").await;
}
