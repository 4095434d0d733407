//! Several servers on one database.

use std::time::Duration;

use mock::CallOutcome;
use serde_json::json;
use testkit::client::User;
use testkit::validator::{assert_valid, assert_valid_from_middle};
use testkit::{ManualClock, TestApp, World, eventually};

/// The same login, at another server.
fn at(user: &User, app: &TestApp) -> testkit::client::Anonymous {
    app.anonymous().with_bearer(Some(&user.access_token))
}

#[testkit::test(servers)]
async fn an_answer_is_followed_from_another_server(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", "mock:ticks=100,rate=50").await;
    let response = here.response_id().await;
    here.read_text(5).await;
    let there = at(&user, &two);
    let path = format!("/api/responses/{response}/events");
    let whole = there.stream(there.request(reqwest::Method::GET, &path)).await;
    let later = format!("{path}?after=6");
    let rest = there.stream(there.request(reqwest::Method::GET, &later)).await;
    let (here, whole, rest) = tokio::join!(here.finish(), whole.finish(), rest.finish());
    assert_valid(&whole);
    assert!(whole == here, "the same events with the same numbers");
    assert_valid_from_middle(&rest);
    // Although the other server had perhaps not stored number 6 yet.
    assert!(rest == here[7..], "only what follows");
    assert!(two.upstream().calls().is_empty());
}

/// What this server has not seen yet another one may have sent, so it tells no event twice: it goes
/// on when it knows that number, or has the end.
#[testkit::test(servers)]
async fn a_cursor_in_the_future_waits_on_another_server(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", "mock:ticks=100,rate=100").await;
    let response = here.response_id().await;
    let there = at(&user, &two);
    let follow = |after: u64| {
        let path = format!("/api/responses/{response}/events?after={after}");
        there.stream(there.request(reqwest::Method::GET, &path))
    };
    let (soon, never) = tokio::join!(follow(60), follow(1_000_000_000));
    let (here, soon, never) = tokio::join!(here.finish(), soon.finish(), never.finish());
    assert_valid(&here);
    assert!(soon == here[61..], "what follows number 60");
    assert!(never == here[here.len() - 2..], "the end, and [DONE]");
}

#[testkit::test(servers)]
async fn what_an_answer_elsewhere_waits_for_is_read_from_its_end(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@3").await;
    let response = here.response_id().await;
    here.read_text(3).await;
    let mut sql = world.sql().await;
    let query = "SELECT COALESCE(MAX(last_seq), -1) FROM response_events";
    let mut newest: i64 = -1;
    eventually("a checkpoint", async || {
        newest = sql.value(query).await.parse().unwrap();
        newest >= 6
    })
    .await;
    // What came before is not read, so it may be anything.
    sql.execute("UPDATE response_events SET payload = 'no JSON'").await;
    let waiting = r#"{"t":"waiting","reason":"asked_to_wait","until":9000000000}"#;
    let (first, last) = (newest + 1, newest + 2);
    sql.execute(&format!(
        "INSERT INTO response_events (response_id, first_seq, last_seq, payload) \
         SELECT id, {first}, {last}, '{{\"t\":\"in_progress\"}}\n{waiting}\n' FROM responses"
    ))
    .await;
    let path = format!("/api/responses/{response}");
    let found = at(&user, &two).get(&path).await.expect(200);
    assert_eq!(found["status"], "in_progress", "{found}");
    assert_eq!(found["waiting"]["reason"], "asked_to_wait", "{found}");
    sql.execute("DELETE FROM response_events").await;
    let found = at(&user, &two).get(&path).await.expect(200);
    assert_eq!(found["waiting"], serde_json::Value::Null, "{found}");
    user.cancel(&response).await;
}

#[testkit::test(servers)]
async fn an_answer_is_stopped_from_another_server(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@3").await;
    let response = here.response_id().await;
    here.read_text(3).await;
    let there = at(&user, &two);
    there.post(&format!("/api/responses/{response}/cancel"), json!({})).await.expect(200);
    let frames = here.finish().await;
    assert_valid(&frames);
    let path = format!("/api/responses/{response}");
    eventually("the stop seen from the other server", || async {
        there.get(&path).await.expect(200)["status"] == "cancelled"
    })
    .await;
    one.upstream()
        .wait_for("the closed connection", |calls| {
            (calls[0].outcome == CallOutcome::ClientClosed).then_some(())
        })
        .await;
}

#[testkit::test(servers)]
async fn a_session_ended_on_one_server_is_ended_on_all(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let there = at(&user, &two);
    there.get("/api/me").await.expect(200);
    user.post("/api/auth/logout", json!({})).await;
    there.get("/api/me").await.expect_error(401, "invalid_token");
}

#[testkit::test(servers)]
async fn a_repetition_on_another_server_finds_the_first(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let there = at(&user, &two);
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": "Go", "model": "mock:ticks=50,rate=100"});
    let send = |at: &testkit::client::Anonymous| {
        let request = at.request(reqwest::Method::POST, &path);
        let request = request.header("idempotency-key", "k1").json(&body);
        let at = at.clone();
        async move { at.send(request).await.expect(201) }
    };
    let (here, other) = tokio::join!(send(&user), send(&there));
    assert_eq!(here, other);
    assert_eq!(here["message"]["content"], super::ticks(50));
    assert_eq!(one.upstream().calls().len() + two.upstream().calls().len(), 1);
}

#[testkit::test(servers)]
async fn a_dead_server_is_noticed_by_another(world: World) {
    let (mut one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@3").await;
    let response = here.response_id().await;
    here.read_text(3).await;
    eventually("a checkpoint", || async {
        let sql = "SELECT COALESCE(MAX(last_seq), 0) FROM response_events";
        world.sql().await.value(sql).await.parse().is_ok_and(|seq: i64| seq >= 6)
    })
    .await;
    let there = at(&user, &two);
    let path = format!("/api/responses/{response}/events");
    let following = there.stream(there.request(reqwest::Method::GET, &path)).await;
    one.crash().await;
    let frames = following.finish().await;
    assert_valid(&frames);
    assert_eq!(testkit::sse::text_of(&frames), super::ticks(3));
    let last = frames[frames.len() - 2].json();
    assert_eq!(last["response"]["incomplete_details"]["reason"], "interrupted");
    assert!(last["sequence_number"].as_u64().unwrap() > 1_000_000);
}

#[testkit::test(servers)]
async fn an_answer_ends_when_another_server_deletes_its_conversation(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@3").await;
    here.read_text(3).await;
    let there = at(&user, &two);
    there.delete(&format!("/api/conversations/{conversation}")).await.expect(200);
    let frames = here.finish().await;
    assert_valid(&frames);
    let last = frames[frames.len() - 2].json();
    assert_eq!(last["response"]["error"]["code"], "conversation_deleted");
    // Its text so far is restored with the conversation.
    let restore = format!("/api/conversations/{conversation}/restore");
    there.post(&restore, json!({})).await.expect(200);
    assert_eq!(user.list_messages(&conversation).await[1]["content"], super::ticks(3));
}

#[testkit::test(servers)]
async fn of_two_sends_at_two_servers_one_is_accepted(world: World) {
    const ROUNDS: usize = 25;
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let there = at(&user, &two);
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    for round in 0..ROUNDS {
        let send = |client: &testkit::client::Anonymous| {
            let body = json!({"content": format!("try {round}"), "model": "mock:fault=silent"});
            let request = client.request(reqwest::Method::POST, &path);
            let request = request.header("prefer", "respond-async").json(&body);
            let client = client.clone();
            async move { client.send(request).await }
        };
        let (here, other) = tokio::join!(send(&user), send(&there));
        let (accepted, refused) = if here.status == 202 { (here, other) } else { (other, here) };
        let accepted = accepted.expect(202);
        let refused = refused.expect_error(409, "conversation_locked");
        let response = accepted["response"]["id"].as_str().unwrap();
        assert_eq!(refused["error"]["response_id"], response);
        // Whoever makes it; each server is asked in turn.
        let stop = format!("/api/responses/{response}/cancel");
        let client = if round % 2 == 0 { &there } else { &user };
        assert_eq!(client.post(&stop, json!({})).await.expect(200)["status"], "cancelled");
    }
    let seqs = "SELECT seq, is_user FROM messages ORDER BY seq";
    let rows = world.sql().await.rows(seqs).await;
    let expected: Vec<_> = (0..2 * ROUNDS)
        .map(|seq| vec![seq.to_string(), u8::from(seq % 2 == 0).to_string()])
        .collect();
    assert_eq!(rows, expected, "a question and its answer each time, and no number twice");
}

/// Two servers that differ by hours, and one whose clock is set back in mid-answer.
#[testkit::test(servers)]
async fn servers_may_disagree_about_the_time(world: World) {
    const HOURS: Duration = Duration::from_hours(3);
    let (early, late) = (ManualClock::new(), ManualClock::new());
    late.advance(HOURS);
    let one = TestApp::builder(&world).clock(&early).start().await;
    let two = TestApp::builder(&world).clock(&late).start().await;
    let user = one.user("ada").await;
    // Each accepts its own tokens; another's are good within the usual tolerance only.
    let there = two.anonymous().login(&user.email).await;
    two.anonymous().with_bearer(Some(&user.access_token)).get("/api/me").await.expect(401);
    one.anonymous().with_bearer(Some(&there.access_token)).get("/api/me").await.expect(401);

    // Longer than a server has to stand still to be taken for dead, seen from both sides.
    let model = "mock:ticks=130,rate=10";
    let (first, second) = (user.create_conversation().await, there.create_conversation().await);
    let here = super::stream(&user, &first, "Go", model).await;
    let mut other = super::stream(&there, &second, "Go", model).await;
    let response = other.response_id().await;
    let across = user.follow(&response, None).await;

    // Meanwhile they take turns in one conversation, which keeps its order.
    let shared = user.create_conversation().await;
    for (n, client) in [&user, &there, &user, &there].into_iter().enumerate() {
        super::turn(client, &shared, &format!("turn {n}"), "mock:ticks=1").await;
    }
    let questions = |messages: Vec<serde_json::Value>| -> Vec<String> {
        let asked = messages.iter().filter(|message| message["is_user"] == true);
        asked.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
    };
    let expected = ["turn 0", "turn 1", "turn 2", "turn 3"];
    assert_eq!(questions(user.list_messages(&shared).await), expected);
    assert_eq!(questions(there.list_messages(&shared).await), expected);
    let sent = one.upstream().calls().into_iter().chain(two.upstream().calls());
    let longest = sent.map(|call| call.messages.len()).max();
    assert_eq!(longest, Some(7), "the model is given all of it");

    let (here, other, across) = tokio::join!(here.finish(), other.finish(), across.finish());
    for frames in [&here, &other] {
        assert_valid(frames);
        assert_eq!(testkit::sse::text_of(frames), super::ticks(130));
    }
    assert!(across == other);
    let mut sql = world.sql().await;
    assert_eq!(sql.value("SELECT COUNT(*) FROM responses WHERE epoch <> 0").await, "0");
    let open = "SELECT COUNT(*) FROM responses WHERE status <> 'completed'";
    assert_eq!(sql.value(open).await, "0", "nobody was taken for dead");

    // What one began the other ends, who thinks that it is earlier.
    let mut stream = super::stream(&there, &second, "Go", "mock:ticks=9,fault=stall@3").await;
    let response = stream.response_id().await;
    stream.read_text(3).await;
    late.set_back(HOURS / 2);
    user.cancel(&response).await;
    let frames = stream.finish().await;
    assert_valid(&frames);
    let negative = "SELECT COUNT(*) FROM responses WHERE completed_at < created_at";
    assert_eq!(sql.value(negative).await, "0");
}
