//! An answer that a crash or a shutdown interrupts, at servers that go on with it.

use mock::script::{FaultKind, Script, Step};
use mock::{MockServer, ReceivedCall};
use serde_json::{Value, json};
use testkit::client::{EventStream, Transcript, User};
use testkit::process::AppProcess;
use testkit::sse::{Frame, text_of};
use testkit::{Settings, World, eventually, validator};

use super::crash::{answer, ended, number};
use super::working_directory::WorkingDirectory;
use super::{PROMPT, settings, ticked, ticks, upstream};

/// After a crash the numbers of events go on at a multiple of this.
const CRASH_STEP: u64 = 1_000_000;
/// How many tokens the rest has.
const REST: u32 = 20;

/// A server's surroundings, which outlive it.
struct Home {
    world: World,
    upstream: MockServer,
    settings: Settings,
    place: WorkingDirectory,
}

/// An answer as it was when its server ended.
struct Begun {
    conversation: String,
    response: String,
    seen: Vec<Frame>,
}

impl Home {
    async fn new(world: &World) -> Self {
        let upstream = upstream().await;
        let settings =
            settings(world, &upstream).set("CHATAPP_RESPONSES__ON_INTERRUPTION", "continue");
        Self { world: world.clone(), upstream, settings, place: WorkingDirectory::new() }
    }

    fn set(self, name: &str, value: &str) -> Self {
        Self { settings: self.settings.set(name, value), ..self }
    }

    async fn server(&self) -> AppProcess {
        self.place.program().settings(&self.settings).serve().await
    }

    /// The calls that the model has got, once there are so many.
    async fn calls(&self, count: usize) -> Vec<ReceivedCall> {
        let enough = |calls: &[ReceivedCall]| (calls.len() >= count).then(|| calls.to_vec());
        self.upstream.wait_for("the model is asked once more", enough).await
    }

    /// Kills a server when so many stalled attempts are stored, and spares the others the wait
    /// until it has stood still for long enough.
    async fn kill(&self, server: AppProcess, attempts: usize) {
        eventually("all of them are stored", async || self.stored().await == attempts).await;
        server.kill().await;
        self.world.sql().await.execute("UPDATE servers SET beat = -1").await;
    }

    /// How often the third token is stored, or one that begins like it.
    async fn stored(&self) -> usize {
        let payloads = self.world.sql().await.rows("SELECT payload FROM response_events").await;
        payloads.concat().concat().matches("tick 2").count()
    }

    async fn column(&self, name: &str) -> i64 {
        let value = self.world.sql().await.value(&format!("SELECT {name} FROM responses")).await;
        value.parse().expect("a number")
    }
}

/// Begins an answer and reads this many of its tokens.
async fn begin(user: &User, tokens: usize) -> (String, String, EventStream) {
    let conversation = user.create_conversation().await;
    let mut stream = user.send_stream(&conversation, PROMPT).await;
    let response = stream.response_id().await;
    stream.read_text(tokens).await;
    (conversation, response, stream)
}

/// Follows as an `EventSource` does, until the answer has ended.
async fn follow_to_end(user: &User, response: &str, seen: &[Frame]) -> Transcript {
    let mut transcript = Transcript::new();
    transcript.extend(seen);
    eventually("the answer ends", async || {
        let frames = user.follow(response, transcript.last_seq()).await.finish().await;
        transcript.extend(&frames);
        ended(&frames)
    })
    .await;
    validator::assert_valid(transcript.frames());
    transcript
}

/// The numbers on both sides of the one gap in a log.
fn gap(frames: &[Frame]) -> [u64; 2] {
    let numbers: Vec<u64> = frames.iter().filter_map(|frame| number(Some(frame))).collect();
    let gaps: Vec<_> = numbers.windows(2).filter(|pair| pair[0] + 1 != pair[1]).collect();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    [gaps[0][0], gaps[0][1]]
}

impl Begun {
    /// Holds what a server says in the end against what was seen and what the model was asked:
    /// the same message, whole, with the kept text once. Returns that text.
    async fn assert_gone_on_with(&self, home: &Home, user: &User) -> String {
        let Self { conversation, response, seen } = self;
        let whole = follow_to_end(user, response, seen).await;
        let resource = user.response(response).await;
        assert_eq!(resource["status"], "completed", "{resource}");
        assert_eq!(
            resource["usage"]["output_tokens"].as_i64(),
            Some(home.column("output_tokens").await)
        );

        let calls = home.calls(2).await;
        let [.., (asked, question), (assistant, kept), (told, instruction)] =
            calls[1].messages.as_slice()
        else {
            panic!("{:?}", calls[1].messages);
        };
        assert_eq!([asked, assistant, told], ["user", "assistant", "user"]);
        assert_eq!(question, PROMPT);
        assert!(instruction.starts_with("Go on exactly where"), "{instruction}");
        assert!(!kept.is_empty() && ticked(9_000).starts_with(kept.as_str()), "{kept:?}");
        let expected = format!("{kept}{}", ticked(REST));
        assert_eq!(whole.text(), expected);

        let context = user.get(&format!("/api/responses/{response}/context")).await.expect(200);
        let tokens =
            |place: &str| context.pointer(place).and_then(Value::as_u64).expect("a number");
        let (kept_tokens, question_tokens) = (tokens("/tokens/kept"), tokens("/messages/0/tokens"));
        // An estimate: some characters a token, and a few tokens for each message.
        let few = |texts: &[&str]| {
            let bytes: usize = texts.iter().map(|text| text.len()).sum();
            (bytes / 6) as u64..(bytes / 2 + 10) as u64
        };
        assert!(few(&[kept, instruction]).contains(&kept_tokens), "{context}");
        assert!(few(&[question]).contains(&question_tokens), "{context}");
        assert_eq!(context["tokens"]["messages"], question_tokens);
        assert_eq!(context["tokens"]["total"], question_tokens + kept_tokens + 3);

        let messages = user.list_messages(conversation).await;
        assert_eq!(messages.len(), 2, "the same message: {messages:?}");
        assert_eq!(messages[1]["id"], resource["message_id"]);
        assert_eq!(messages[1]["status"], "completed");
        assert_eq!(messages[1]["content"], expected);

        let replay = user.follow(response, None).await.finish().await;
        validator::assert_valid(&replay);
        let [before, after] = gap(&replay);
        assert_eq!(after, CRASH_STEP);
        let newest = number(seen.last()).expect("a number");
        // From the beginning, from what is stored for sure, from the gap's edge, and from what the
        // disk perhaps never had.
        for from in [None, Some(1), Some(before / 2), Some(before), Some(newest), Some(after)] {
            let mut transcript = Transcript::new();
            let known = |frame: &&Frame| number(Some(frame)).is_some_and(|n| Some(n) <= from);
            let log = if from > Some(before) && from < Some(after) { seen } else { &replay };
            transcript.extend(&log.iter().filter(known).cloned().collect::<Vec<_>>());
            transcript.extend(&user.follow(response, from).await.finish().await);
            assert!(transcript.frames() == replay, "the same log after {from:?}");
        }
        assert_eq!(home.calls(2).await.len(), 2, "nothing was asked for again");
        expected
    }
}

#[testkit::test]
async fn goes_on_with_an_answer_after_a_crash(world: World) {
    let home = Home::new(&world).await;
    let server = home.server().await;
    let user = server.anonymous().signup("ada@example.org").await;
    home.upstream.push(ticks(1_000_000, 100));
    home.upstream.push(ticks(REST, 20));
    let (conversation, response, stream) = begin(&user, 100).await;
    eventually("some of it is stored", async || home.stored().await > 0).await;
    server.kill().await;
    let seen = stream.finish().await;
    assert!(!ended(&seen), "the crash came in mid-answer");

    // On a shared database this takes as long as it takes to be sure that the other one is dead.
    let server = home.server().await;
    let user = server.anonymous().login(&user.email).await;
    let begun = Begun { conversation, response, seen };
    begun.assert_gone_on_with(&home, &user).await;
    let turn = user.send_and_wait(&begun.conversation, PROMPT).await;
    assert_eq!(turn["response"]["status"], "completed", "the conversation goes on: {turn}");
}

#[testkit::test]
async fn goes_on_with_an_answer_after_it_was_told_to_stop(world: World) {
    let home = Home::new(&world).await.set("CHATAPP_SERVER__SHUTDOWN_GRACE", "300ms");
    let server = home.server().await;
    let user = server.anonymous().signup("ada@example.org").await;
    home.upstream.push(ticks(1_000_000, 50));
    home.upstream.push(ticks(REST, 20));
    let (conversation, response, stream) = begin(&user, 3).await;
    let (end, seen) = tokio::join!(server.terminate(), stream.finish());
    assert_eq!(end.status.code(), Some(0), "{}", end.stderr);
    assert!(!ended(&seen), "followers are sent away, to come back");
    let beat = world.sql().await.value("SELECT beat FROM servers").await;
    assert_eq!(beat, "-1", "the others need not wait until it stands still");

    let server = home.server().await;
    let user = server.anonymous().login(&user.email).await;
    let begun = Begun { conversation, response, seen };
    let text = begun.assert_gone_on_with(&home, &user).await;
    assert_eq!(text, text_of(&begun.seen) + &ticked(REST), "nothing that was shown is lost");
}

#[testkit::test]
async fn goes_on_behind_thoughts_and_calls_that_were_cut_off(world: World) {
    let home = Home::new(&world).await;
    let mut server = home.server().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let call = Step::Call { id: "call_1".to_owned(), name: "search".to_owned() };
    home.upstream.push(Script::steps([Step::Reasoning("tick 2?".to_owned()), Step::Stall]));
    let arguments = Step::Arguments("{\"q\":\"tick 2".to_owned());
    home.upstream.push(Script::steps([
        Step::Text("Well. ".to_owned()),
        call,
        arguments,
        Step::Stall,
    ]));
    home.upstream.push(ticks(REST, 0));
    let conversation = user.create_conversation().await;
    let response = user.send_async(&conversation, PROMPT).await;
    for attempt in 1..=2 {
        home.calls(attempt).await;
        home.kill(server, attempt).await;
        server = home.server().await;
    }
    let user = server.anonymous().login(&user.email).await;
    // Valid is also what is not the last and yet was cut off.
    let whole = follow_to_end(&user, &response, &[]).await;
    assert_eq!(whole.text(), format!("Well. {}", ticked(REST)));
    let resource = user.response(&response).await;
    assert_eq!(resource["status"], "completed", "{resource}");
    let answer = answer(&user, &conversation).await;
    assert_eq!(answer["content"], whole.text());
    assert_eq!(answer["reasoning"], "tick 2?");
    assert_eq!(answer["calls"][0]["arguments"], "{\"q\":\"tick 2");
    let kept = &home.calls(3).await[2].messages;
    assert_eq!(kept[kept.len() - 2], ("assistant".to_owned(), "Well. ".to_owned()));
    world.sql().await.execute("DELETE FROM response_events").await;
    validator::assert_valid(&user.follow(&response, None).await.finish().await);
}

/// Three tokens, then nothing more.
fn stalls() -> Script {
    ticks(9, 0).failing(FaultKind::Stall, 3)
}

/// Lets servers die of an answer, one after the other, until one does not go on with it.
async fn die_of(home: &Home, times: usize) -> (Value, Transcript) {
    let mut server = home.server().await;
    let user = server.anonymous().signup("ada@example.org").await;
    for _ in 0..times {
        home.upstream.push(stalls());
    }
    let (conversation, response, stream) = begin(&user, 3).await;
    let mut seen = Vec::new();
    let mut following = Some(stream);
    for death in 1..=times {
        home.calls(death).await;
        home.kill(server, death).await;
        if let Some(stream) = following.take() {
            seen = stream.finish().await;
        }
        server = home.server().await;
    }
    let user = server.anonymous().login(&user.email).await;
    let whole = follow_to_end(&user, &response, &seen).await;
    assert_eq!(whole.text(), ticked(3).repeat(times), "what each of them brought");
    assert_eq!(answer(&user, &conversation).await["content"], whole.text());
    assert_eq!(home.calls(times).await.len(), times);
    let resource = user.response(&response).await;
    let turn = user.send_and_wait(&conversation, PROMPT).await;
    assert_eq!(turn["response"]["status"], "completed", "the conversation goes on: {turn}");
    (resource, whole)
}

#[testkit::test]
async fn goes_on_with_an_answer_only_so_often(world: World) {
    let home = Home::new(&world).await.set("CHATAPP_RESPONSES__CONTINUE_ATTEMPTS", "2");
    let (response, whole) = die_of(&home, 3).await;
    assert_eq!(response["incomplete_details"]["reason"], "interrupted", "{response}");
    let crashes: Vec<u64> = whole
        .frames()
        .iter()
        .filter_map(|frame| number(Some(frame)))
        .map(|n| n / CRASH_STEP)
        .collect();
    assert!([1, 2, 3].iter().all(|crash| crashes.contains(crash)), "each leaves its gap");
}

#[testkit::test]
async fn goes_on_with_an_answer_only_for_so_many_tokens(world: World) {
    // Going on once costs some fifty tokens, twice more than a hundred.
    let home = Home::new(&world).await.set("CHATAPP_RESPONSES__CONTINUE_TOKENS", "100");
    let (response, _) = die_of(&home, 2).await;
    assert_eq!(response["incomplete_details"]["reason"], "interrupted", "{response}");
    let sql = "SELECT continued_tokens FROM responses ORDER BY created_at LIMIT 1";
    let cost: i64 = world.sql().await.value(sql).await.parse().expect("a number");
    assert!(
        (20..=100).contains(&cost),
        "the first attempt is counted, the second not made: {cost}"
    );
}

#[testkit::test]
async fn goes_on_with_nothing_that_was_to_stop(world: World) {
    let home = Home::new(&world).await;
    let server = home.server().await;
    let user = server.anonymous().signup("ada@example.org").await;
    home.upstream.push(stalls());
    let (_conversation, response, stream) = begin(&user, 3).await;
    home.kill(server, 1).await;
    let seen = stream.finish().await;
    // As another server stores it that is asked to stop an answer of this one.
    world.sql().await.execute("UPDATE responses SET cancel_requested_at = updated_at").await;
    let server = home.server().await;
    let user = server.anonymous().login(&user.email).await;
    let whole = follow_to_end(&user, &response, &seen).await;
    assert_eq!(user.response(&response).await["status"], "cancelled");
    assert_eq!(whole.text(), ticked(3));
    assert_eq!(home.calls(1).await.len(), 1);
}

#[testkit::test]
async fn goes_on_until_it_is_stopped_or_deleted(world: World) {
    let home = Home::new(&world).await;
    let server = home.server().await;
    let user = server.anonymous().signup("ada@example.org").await;
    for _ in 0..4 {
        home.upstream.push(stalls());
    }
    let (_, to_stop, first) = begin(&user, 3).await;
    let (gone, to_delete, second) = begin(&user, 3).await;
    home.kill(server, 2).await;
    drop((first, second));
    let server = home.server().await;
    let user = server.anonymous().login(&user.email).await;
    home.calls(4).await;
    let mut first = user.follow(&to_stop, None).await;
    let mut second = user.follow(&to_delete, None).await;
    for stream in [&mut first, &mut second] {
        while stream.text().len() < 2 * ticked(3).len() {
            stream.next().await.expect("more events");
        }
    }
    let stopped = user.cancel(&to_stop).await;
    assert_eq!(stopped["status"], "cancelled", "{stopped}");
    user.delete_conversation(&gone).await;
    let (first, second) = tokio::join!(first.finish(), second.finish());
    for frames in [&first, &second] {
        validator::assert_valid(frames);
        assert_eq!(text_of(frames), ticked(3).repeat(2));
    }
    let failed = second.iter().find(|frame| frame.event == "response.failed").expect("its end");
    assert_eq!(failed.json()["response"]["error"]["code"], "conversation_deleted");
    user.get(&format!("/api/responses/{to_delete}")).await.expect(404);
    assert_eq!(home.column("COUNT(*)").await, 2, "it waits in the trash");
    let open = "SELECT COUNT(*) FROM responses WHERE status = 'in_progress'";
    assert_eq!(world.sql().await.value(open).await, "0");
}

#[testkit::test(servers)]
async fn goes_on_where_another_server_died(world: World) {
    let home = Home::new(&world).await;
    let (one, two) = (home.server().await, home.server().await);
    let user = one.anonymous().signup("ada@example.org").await;
    let elsewhere = two.anonymous().login(&user.email).await;
    home.upstream.push(ticks(1_000_000, 100));
    home.upstream.push(ticks(REST, 20));
    let (conversation, response, stream) = begin(&user, 10).await;
    // It was following when the other one died, and sees it through.
    let mut there = elsewhere.follow(&response, None).await;
    there.read_text(10).await;
    eventually("some of it is stored", async || home.stored().await > 0).await;
    one.kill().await;
    let seen = stream.finish().await;
    let there = there.finish().await;
    validator::assert_valid(&there);
    assert!(ended(&there), "without coming back");
    let begun = Begun { conversation, response, seen };
    assert_eq!(begun.assert_gone_on_with(&home, &elsewhere).await, text_of(&there));
    let body = json!({"content": "And now?"});
    let path = format!("/api/conversations/{}/messages", begun.conversation);
    elsewhere.post(&path, body).await.expect(201);
}
