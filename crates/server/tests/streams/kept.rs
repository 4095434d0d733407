//! The text that an answer had before somebody continued it is kept, however long it is and
//! whatever happens to the new response.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::User;
use testkit::log::expect_error;
use testkit::sse::text_of;
use testkit::validator::assert_valid;
use testkit::{TestApp, World, eventually};

use super::go_on::{begin, go_on, id, path, stalled, stopped, whole};
use super::poison::poison;

/// Lines of 4 KiB, each of which is longer as JSON.
fn lines(kib: usize) -> Vec<String> {
    let line = "A \"quoted\" liné of an answer; ".repeat(132);
    let line = line[..line.floor_char_boundary(4095)].to_owned() + "\n";
    vec![line; kib / 4]
}

/// A server whose models take as much as one likes, and that seldom stores what they say.
async fn roomy(world: &World) -> TestApp {
    TestApp::builder(world)
        .set("CHATAPP_PROVIDER__CONTEXT_TOKENS", "100000000")
        .set("CHATAPP_LIMITS__CHECKPOINT_INTERVAL", "2s")
        .start()
        .await
}

/// An answer of so many KiB that was stopped: its response and its text.
async fn long(app: &TestApp, user: &User, kib: usize) -> (Value, String) {
    let said = lines(kib);
    let pieces: Vec<&str> = said.iter().map(String::as_str).collect();
    let (_, old) = stopped(app, user, &pieces).await;
    // Storing so much may take longer than a stop is waited for.
    (ended(user, &id(&old)).await, said.concat())
}

/// The text of the message that a response wrote to.
async fn content(user: &User, response: &Value) -> String {
    let message = format!("/api/messages/{}", response["message_id"].as_str().unwrap());
    user.get(&message).await.expect(200)["content"].as_str().unwrap().to_owned()
}

async fn ended(user: &User, response: &str) -> Value {
    eventually("the end of the response", async || {
        user.response(response).await["status"] != "in_progress"
    })
    .await;
    user.response(response).await
}

/// Waits until the events that say this are stored.
async fn stored(world: &World, text: &str) {
    let query = format!("SELECT COUNT(*) FROM response_events WHERE payload LIKE '%{text}%'");
    eventually("a checkpoint", async || world.sql().await.value(&query).await == "1").await;
}

/// Texts of different lengths, for comparing without printing them.
fn same(left: &str, right: &str, what: &str) {
    assert!(left == right, "{what}: {} bytes instead of {}", left.len(), right.len());
}

#[testkit::test]
async fn w7_a_crash_keeps_a_long_text(world: World) {
    let mut app = roomy(&world).await;
    let user = app.user("ada").await;
    let mut open = Vec::new();
    for (kib, more) in [(300, "More of 300."), (1024, "More of 1024.")] {
        let (old, kept) = long(&app, &user, kib).await;
        let expected = kept + more;
        let new = begin(&app, &user, &old, stalled(&[more]), &expected).await;
        stored(&world, more).await;
        open.push((old, new, expected));
    }
    // Before anything more is stored than what was accepted.
    let (old, kept) = long(&app, &user, 1024).await;
    let request = user.request(Method::POST, &path(&id(&old))).header("prefer", "respond-async");
    let request = request.json(&json!({"model": "mock:ticks=1,fault=stall"}));
    let new = user.send(request).await.expect(202)["response"].take();
    app.crash().await;
    open.push((old, new, kept));

    let user = app.anonymous().login(&user.email).await;
    for (_, new, expected) in &open {
        let new = ended(&user, &id(new)).await;
        assert_eq!(new["incomplete_details"]["reason"], "interrupted");
        same(&content(&user, &new).await, expected, "the message");
    }
    for (old, new, expected) in &open {
        let new = user.response(&id(new)).await;
        let frames = user.follow(&id(&new), None).await.finish().await;
        assert_valid(&frames);
        same(&text_of(&frames), expected, "the events");
        assert!(new["usage"]["output_tokens"].as_u64().is_some_and(|n| n < 50), "{}", new["usage"]);
        assert!(user.response(&id(old)).await == *old, "what ended stays as it was");
    }
    let (_, new, expected) = &open[1];
    app.upstream().push(whole(&[" The end."]));
    let turn = go_on(&user, &id(new)).await.expect(201);
    let expected = expected.clone() + " The end.";
    same(turn["message"]["content"].as_str().unwrap(), &expected, "continued once more");
    same(&content(&user, new).await, &expected, "the message");
}

#[testkit::test]
async fn w7_a_stop_keeps_a_long_text(world: World) {
    let app = roomy(&world).await;
    let user = app.user("ada").await;
    for kib in [300, 1024] {
        let (old, kept) = long(&app, &user, kib).await;
        let expected = kept + "More. ";
        let new = begin(&app, &user, &old, stalled(&["More. "]), &expected).await;
        user.cancel(&id(&new)).await;
        let new = ended(&user, &id(&new)).await;
        assert_eq!(new["status"], "cancelled");
        let usage = &new["usage"];
        assert!(usage["output_tokens"].as_u64().is_some_and(|n| n < 50), "its own words: {usage}");
        same(&content(&user, &old).await, &expected, "the message");
        assert!(user.response(&id(&old)).await == old, "what ended stays as it was");
        app.upstream().push(whole(&["The end."]));
        go_on(&user, &id(&new)).await.expect(201);
        same(&content(&user, &old).await, &(expected + "The end."), "the message");
        for earlier in [&old, &new] {
            assert!(user.response(&id(earlier)).await == *earlier, "what ended stays as it was");
        }
    }
}

#[testkit::test]
async fn w7_an_end_that_is_refused_keeps_a_long_text(world: World) {
    expect_error("the end of a response cannot be stored as it is");
    let app = roomy(&world).await;
    let user = app.user("ada").await;
    // More than is stored of a text where nobody knows what fits.
    let (old, kept) = long(&app, &user, 3 * 1024).await;
    let more = lines(2 * 1024).concat();
    let expected = kept + &more;
    let old = begin(&app, &user, &old, stalled(&[&more]), &expected).await;
    user.cancel(&id(&old)).await;
    ended(&user, &id(&old)).await;
    poison(&world, "messages", "UPDATE", "ROW.content LIKE '%poison%'").await;
    app.upstream().push(whole(&["poison"]));
    let turn = go_on(&user, &id(&old)).await.expect(201);
    assert_eq!(turn["response"]["error"]["code"], "answer_not_stored", "{}", turn["response"]);
    same(&content(&user, &old).await, &expected, "the message");
}

#[testkit::test]
async fn w7_a_damaged_log_costs_no_text(world: World) {
    expect_error("a stored event cannot be read");
    expect_error("an event belongs to no item");
    expect_error("an open answer cannot be read");
    let mut app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let (_, old) = stopped(&app, &user, &["One. ", "Two. "]).await;
    let new = begin(&app, &user, &old, stalled(&["Three. "]), "One. Two. Three. ").await;
    stored(&world, "Three.").await;
    // What there was is the first run of its events.
    let first = "first_seq = 0 AND response_id IN (SELECT id FROM responses WHERE status = \
                 'in_progress')";
    let broken = format!("UPDATE response_events SET payload = 'no JSON' WHERE {first}");
    assert_eq!(world.sql().await.execute(&broken).await, 1);
    app.crash().await;
    let user = app.anonymous().login(&user.email).await;
    let new = ended(&user, &id(&new)).await;
    assert_eq!(new["error"]["code"], "answer_not_stored", "{new}");
    assert_eq!(content(&user, &old).await, "One. Two. ");
    assert_eq!(user.response(&id(&old)).await, old);
    app.upstream().push(whole(&["Three."]));
    let turn = go_on(&user, &id(&new)).await.expect(201);
    assert_eq!(turn["message"]["content"], "One. Two. Three.");
}
