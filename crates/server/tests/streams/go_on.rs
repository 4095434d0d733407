//! Going on with an answer in its own message (`POST /api/responses/{id}/continue`).

use futures_util::future::join_all;
use provider::script::{Ending, Script, Step};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Reply, User};
use testkit::sse::text_of;
use testkit::validator::assert_valid;
use testkit::{TestApp, World, eventually};

fn text(text: &str) -> Step {
    Step::Text(text.to_owned())
}

pub(super) fn stalled(texts: &[&str]) -> Script {
    Script::steps(texts.iter().map(|part| text(part)).chain([Step::Stall]))
}

pub(super) fn whole(texts: &[&str]) -> Script {
    let end = [Step::Finish(Ending::Stop), Step::Done];
    Script::steps(texts.iter().map(|part| text(part)).chain(end))
}

pub(super) fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

pub(super) fn path(response: &str) -> String {
    format!("/api/responses/{response}/continue")
}

pub(super) async fn go_on(user: &User, response: &str) -> Reply {
    user.post(&path(response), json!({})).await
}

/// An answer that was stopped when it had said `texts`: its conversation, and its response as it
/// ended.
pub(super) async fn stopped(app: &TestApp, user: &User, texts: &[&str]) -> (String, Value) {
    let conversation = user.create_conversation().await;
    app.upstream().push(stalled(texts));
    let mut stream = super::stream(user, &conversation, "Go", "mock").await;
    let response = stream.response_id().await;
    stream.read_text(texts.len()).await;
    (conversation, user.cancel(&response).await)
}

/// Begins to go on with a response and waits until `content` is what there is.
pub(super) async fn begin(
    app: &TestApp,
    user: &User,
    old: &Value,
    script: Script,
    content: &str,
) -> Value {
    app.upstream().push(script);
    let request = user.request(Method::POST, &path(&id(old))).header("prefer", "respond-async");
    let turn = user.send(request).await.expect(202);
    let message = format!("/api/messages/{}", id(&turn["message"]));
    eventually("the new text", async || user.get(&message).await.expect(200)["content"] == content)
        .await;
    turn["response"].clone()
}

#[testkit::test]
async fn w7_a_stopped_answer_goes_on_in_its_message(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let (conversation, old) = stopped(&app, &user, &["One. ", "Twö. "]).await;
    let before = user.list_messages(&conversation).await;
    assert_eq!(before[1]["content"], "One. Twö. ");
    let events = user.follow(&id(&old), None).await.finish().await;

    app.upstream().push(whole(&["Three."]));
    let reply = go_on(&user, &id(&old)).await;
    assert_eq!(reply.header("location").unwrap(), format!("/api/messages/{}", id(&before[1])));
    let turn = reply.expect(201);
    let (answer, new) = (&turn["message"], &turn["response"]);
    assert_eq!(turn["user_message"], before[0]);
    assert_eq!((&answer["id"], &answer["seq"]), (&before[1]["id"], &json!(1)));
    assert_eq!(
        (&answer["content"], &answer["status"]),
        (&json!("One. Twö. Three."), &json!("completed"))
    );
    assert_eq!((&new["previous_response_id"], &new["status"]), (&old["id"], &json!("completed")));
    assert_eq!((&answer["response_id"], &new["message_id"]), (&new["id"], &answer["id"]));
    assert_eq!(new["output"][0]["content"][0]["text"], "One. Twö. Three.");
    assert_eq!(user.list_messages(&conversation).await, [before[0].clone(), answer.clone()]);
    let stored = user.conversation(&conversation).await;
    assert_eq!((&stored["head_id"], &stored["active_response_id"]), (&answer["id"], &Value::Null));

    // The model is shown its own text, and told to go on.
    let sent = app.upstream().calls().pop().unwrap().messages;
    assert_eq!(
        sent[..2],
        [("user", "Go"), ("assistant", "One. Twö. ")].map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
    assert_eq!((sent.len(), sent[2].0.as_str()), (3, "user"));

    // Its stream is the whole text, the text so far in one piece.
    let frames = user.follow(&id(new), None).await.finish().await;
    assert_valid(&frames);
    assert_eq!(text_of(&frames), "One. Twö. Three.");
    let deltas = frames.iter().filter(|frame| frame.event == "response.output_text.delta");
    let deltas: Vec<Value> = deltas.map(|frame| frame.json()["delta"].clone()).collect();
    assert_eq!(deltas, ["One. Twö. ", "Three."]);
    // The old response is what it was.
    assert_eq!(user.response(&id(&old)).await, old);
    assert_eq!(user.follow(&id(&old), None).await.finish().await, events);
    let context = user.get(&format!("/api/responses/{}/context", id(new))).await.expect(200);
    assert_eq!(context["messages_sent"], 1);
    assert!(context["tokens"]["kept"].as_u64().is_some_and(|kept| kept > 0), "{context}");
    for word in ["one", "three"] {
        let hits = user.get(&format!("/api/search?q={word}")).await.expect(200);
        assert_eq!(hits["data"].as_array().unwrap().len(), 1, "{word}: {hits}");
    }
    let next = super::turn(&user, &conversation, "Again", "mock:echo").await;
    assert_eq!(next["user_message"]["parent_id"], answer["id"]);
}

#[testkit::test]
async fn w7_an_answer_may_be_gone_on_with_however_it_ended(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    for (model, status) in [
        ("mock:ticks=40,finish=length", "incomplete"),
        ("mock:ticks=40,finish=content_filter", "incomplete"),
        ("mock:ticks=40,fault=truncate@20", "failed"),
        ("mock:ticks=40,finish=length,usage=none", "incomplete"),
    ] {
        let conversation = user.create_conversation().await;
        let first = super::turn(&user, &conversation, "Go", model).await;
        assert_eq!(first["response"]["status"], status, "{model}");
        let kept = first["message"]["content"].as_str().unwrap().to_owned();
        let body = json!({"model": "mock:ticks=2", "stream": true});
        let request = user.request(Method::POST, &path(&id(&first["response"]))).json(&body);
        let frames = user.stream(request).await.finish().await;
        assert_valid(&frames);
        assert_eq!(text_of(&frames), kept.clone() + &super::ticks(2), "{model}");
        let answer = &user.list_messages(&conversation).await[1];
        assert_eq!(answer["content"], text_of(&frames));
        assert_eq!(
            (&answer["status"], &answer["model"]),
            (&json!("completed"), &json!("mock:ticks=2"))
        );
        // What the rest cost, and not what was paid for before.
        let new = user.response(answer["response_id"].as_str().unwrap()).await;
        let (new, first) = (&new["usage"], &first["response"]["usage"]);
        assert_eq!(new["estimated"], false, "{new}");
        assert!(new["output_tokens"].as_u64() < first["output_tokens"].as_u64(), "{new} {first}");
    }
    // The same where the provider does not count.
    let (_, old) = stopped(&app, &user, &["word ".repeat(200).as_str()]).await;
    let body = json!({"model": "mock:ticks=2,usage=none"});
    let turn = user.post(&path(&id(&old)), body).await.expect(201);
    let usage = &turn["response"]["usage"];
    assert_eq!(usage["estimated"], true);
    assert!(usage["output_tokens"].as_u64().is_some_and(|n| n < 50), "{usage}");
    assert!(usage["input_tokens"].as_u64().is_some_and(|n| n > 150), "{usage}");
}

#[testkit::test]
async fn w7_what_cannot_be_gone_on_with_is_refused(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let turn = super::turn(&user, &conversation, "Go", "mock:echo").await;
    let error = go_on(&user, &id(&turn["response"])).await.expect_error(409, "cannot_continue");
    assert!(error["error"]["message"].as_str().unwrap().contains("whole"), "{error}");

    let body = json!({"content": "Go", "model": "mock:status=400"});
    let turn = user.post(&format!("/api/conversations/{conversation}/messages"), body).await;
    let empty = id(&turn.expect(201)["response"]);
    let error = go_on(&user, &empty).await.expect_error(409, "cannot_continue");
    assert!(error["error"]["message"].as_str().unwrap().contains("regenerate"), "{error}");

    let (conversation, old) = stopped(&app, &user, &["One. "]).await;
    for (body, param) in [(json!({"stream": 5}), "stream"), (json!({"model": ""}), "model")] {
        let error = user.post(&path(&id(&old)), body).await.expect_error(400, "invalid_value");
        assert_eq!(error["error"]["param"], param);
    }
    app.user("bob").await.post(&path(&id(&old)), json!({})).await.expect_error(404, "not_found");

    // While another answer runs, and while it is continued by another request.
    let running = user.send_async(&conversation, "Meanwhile").await;
    let reply = go_on(&user, &id(&old)).await;
    if user.response(&running).await["status"] == "in_progress" {
        reply.expect_error(409, "conversation_locked");
    }
    user.cancel(&running).await;
    let (_, old) = stopped(&app, &user, &["One. "]).await;
    let new = begin(&app, &user, &old, stalled(&["Two. "]), "One. Two. ").await;
    for response in [&old, &new] {
        let error = go_on(&user, &id(response)).await.expect_error(409, "conversation_locked");
        assert_eq!(error["error"]["response_id"], new["id"]);
    }
    user.cancel(&id(&new)).await;
    // Whoever missed that is told where the answer went on.
    let error = go_on(&user, &id(&old)).await.expect_error(409, "cannot_continue");
    assert_eq!(error["error"]["response_id"], new["id"]);
}

#[testkit::test]
async fn w7_a_failure_before_the_first_new_word_keeps_the_text(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let (conversation, first) = stopped(&app, &user, &["One. ", "Two. "]).await;
    let body = json!({"model": "mock:status=400"});
    let turn = user.post(&path(&id(&first)), body).await.expect(201);
    let second = &turn["response"];
    assert_eq!(
        (&second["status"], &second["error"]["code"]),
        (&json!("failed"), &json!("upstream_rejected"))
    );
    assert_eq!(turn["message"]["content"], "One. Two. ", "the old text is kept");
    assert_eq!(turn["message"]["status"], "incomplete");
    assert_eq!(user.list_messages(&conversation).await[1], turn["message"]);
    let frames = user.follow(&id(second), None).await.finish().await;
    assert_valid(&frames);
    assert_eq!(text_of(&frames), "One. Two. ");

    // A stop in the middle keeps both, and all of it can be continued.
    let third = begin(&app, &user, second, stalled(&["Three. "]), "One. Two. Three. ").await;
    let third = user.cancel(&id(&third)).await;
    assert_eq!(third["status"], "cancelled");
    assert_eq!(user.list_messages(&conversation).await[1]["content"], "One. Two. Three. ");
    app.upstream().push(whole(&["Four."]));
    let turn = go_on(&user, &id(&third)).await.expect(201);
    assert_eq!(turn["message"]["content"], "One. Two. Three. Four.");
    // A model that has nothing to add says that the answer is whole.
    let (_, cut) = stopped(&app, &user, &["All. "]).await;
    app.upstream().push(whole(&[]));
    let turn = go_on(&user, &id(&cut)).await.expect(201);
    assert_eq!(turn["message"]["content"], "All. ");
    assert_eq!(turn["response"]["status"], "completed", "{}", turn["response"]);
    for old in [&first, second, &third] {
        assert_eq!(user.response(&id(old)).await, *old, "what ended stays as it was");
    }
}

#[testkit::test]
async fn w7_a_reader_never_sees_less_than_there_was(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let call = |id: &str| Step::Call { id: id.to_owned(), name: "search".to_owned() };
    app.upstream().push(Script::steps([
        Step::Reasoning("Hm. ".to_owned()),
        text("One. "),
        call("call_a"),
        Step::Arguments("{}".to_owned()),
        text("Two. "),
        Step::Stall,
    ]));
    let mut stream = super::stream(&user, &conversation, "Go", "mock").await;
    let old = stream.response_id().await;
    stream.read_text(2).await;
    let old = user.cancel(&old).await;
    let before = user.list_messages(&conversation).await;
    assert_eq!(before[1]["calls"][0]["offset"], 5);

    let script = Script::steps([
        text("Three. "),
        call("call_b"),
        Step::Arguments("{".to_owned()),
        Step::Stall,
    ]);
    let new = begin(&app, &user, &old, script, "One. Two. Three. ").await;
    let calls = |answer: &Value| {
        let calls = answer["calls"].as_array().unwrap();
        calls
            .iter()
            .map(|call| (call["call_id"].clone(), call["offset"].clone()))
            .collect::<Vec<_>>()
    };
    let expected = [(json!("call_a"), json!(5)), (json!("call_b"), json!(17))];
    eventually("the second call", async || {
        let answer = user.list_messages(&conversation).await.pop().unwrap();
        assert_eq!(
            (&answer["status"], &answer["reasoning"]),
            (&json!("in_progress"), &json!("Hm. "))
        );
        calls(&answer) == expected
    })
    .await;
    assert_eq!(user.conversation(&conversation).await["active_response_id"], new["id"]);
    let stored = "SELECT content FROM messages WHERE seq = 1";
    assert_eq!(world.sql().await.value(stored).await, "One. Two. ");
    let seen = user.list_messages(&conversation).await[1].clone();
    assert!(seen["covers_seq"].as_u64().is_some_and(|seq| seq >= 4), "{seen}");

    user.cancel(&id(&new)).await;
    let answer = user.list_messages(&conversation).await[1].clone();
    assert_eq!((calls(&answer), &answer["reasoning"]), (expected.to_vec(), &json!("Hm. ")));
    assert_eq!(user.response(&id(&old)).await, old);
    // Nothing of it is left when the message goes.
    user.delete(&format!("/api/messages/{}", id(&before[0]))).await.expect(200);
    let mut sql = world.sql().await;
    for table in ["messages", "responses", "response_events"] {
        assert_eq!(sql.value(&format!("SELECT COUNT(*) FROM {table}")).await, "0", "{table}");
    }
}

#[testkit::test]
async fn w7_a_crash_keeps_the_old_text_and_the_new(world: World) {
    let mut app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let (conversation, old) = stopped(&app, &user, &["One. ", "Two. "]).await;
    // Before the model has said anything, and behind something new.
    app.upstream().push(Script::steps([Step::Stall]));
    let request = user.request(Method::POST, &path(&id(&old))).header("prefer", "respond-async");
    let second = user.send(request).await.expect(202)["response"].clone();
    app.crash().await;
    let user = app.anonymous().login(&user.email).await;
    let ended = async |user: &User, response: &str| {
        eventually("the end of the response", async || {
            user.response(response).await["status"] != "in_progress"
        })
        .await;
        user.response(response).await
    };
    let second = ended(&user, &id(&second)).await;
    assert_eq!(second["incomplete_details"]["reason"], "interrupted");
    assert_eq!(second["usage"]["output_tokens"], 0, "it has written nothing");
    assert_eq!(user.list_messages(&conversation).await[1]["content"], "One. Two. ");

    let third = begin(&app, &user, &second, stalled(&["Three. "]), "One. Two. Three. ").await;
    let stored = "SELECT COUNT(*) FROM response_events WHERE payload LIKE '%Three.%'";
    eventually("a checkpoint", async || world.sql().await.value(stored).await == "1").await;
    app.crash().await;
    let user = app.anonymous().login(&user.email).await;
    let third = ended(&user, &id(&third)).await;
    assert_eq!(user.list_messages(&conversation).await[1]["content"], "One. Two. Three. ");
    let frames = user.follow(&id(&third), None).await.finish().await;
    assert_valid(&frames);
    assert_eq!(text_of(&frames), "One. Two. Three. ");
    app.upstream().push(whole(&["Four."]));
    let turn = go_on(&user, &id(&third)).await.expect(201);
    assert_eq!(turn["message"]["content"], "One. Two. Three. Four.");
}

#[testkit::test]
async fn w7_going_on_with_the_same_key_happens_once(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let (_, old) = stopped(&app, &user, &["One. "]).await;
    app.upstream().push(whole(&["Two."]));
    let post = |body: Value| {
        let request = user.request(Method::POST, &path(&id(&old)));
        user.send(request.header("idempotency-key", "k1").json(&body))
    };
    let replies = join_all((0..6).map(|_| post(json!({})))).await;
    let turns: Vec<Value> = replies.into_iter().map(|reply| reply.expect(201)).collect();
    assert!(turns.iter().all(|turn| turn == &turns[0]), "{turns:#?}");
    assert_eq!(turns[0]["message"]["content"], "One. Two.");
    assert_eq!(app.upstream().calls().len(), 2);
    assert_eq!(post(json!({})).await.header("idempotency-replayed"), Some("true"));
    post(json!({"model": "mock:echo"})).await.expect_error(422, "idempotency_key_reused");
}

#[testkit::test]
async fn w7_a_continued_answer_is_told_again_from_what_is_stored(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let (conversation, old) = stopped(&app, &user, &["Öne. "]).await;
    app.upstream().push(whole(&["Two."]));
    let new = go_on(&user, &id(&old)).await.expect(201)["response"].clone();
    world.sql().await.execute("DELETE FROM response_events").await;
    for (response, said) in [(&old, "Öne. "), (&new, "Öne. Two.")] {
        let frames = user.follow(&id(response), None).await.finish().await;
        assert_valid(&frames);
        assert_eq!(text_of(&frames), said);
        assert_eq!(user.response(&id(response)).await, *response);
    }
    assert_eq!(user.list_messages(&conversation).await[1]["content"], "Öne. Two.");
}

#[testkit::test]
async fn w7_a_continued_answer_is_exported_and_imported(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let (conversation, old) = stopped(&app, &user, &["One. "]).await;
    let new = begin(&app, &user, &old, stalled(&["Two. "]), "One. Two. ").await;
    user.cancel(&id(&new)).await;
    let exported = user.get(&format!("/api/conversations/{conversation}/export")).await.text;
    let bob = app.user("bob").await;
    let request = bob.request(Method::POST, "/api/import");
    let request = request.header("content-type", "application/octet-stream").body(exported);
    let reply = bob.send(request).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let taken = bob.list_conversations().await.pop().unwrap_or_else(|| panic!("{}", reply.text));
    let answer = bob.list_messages(&id(&taken)).await.pop().unwrap();
    assert_eq!(answer["content"], "One. Two. ");
    // It can be continued where it was taken.
    app.upstream().push(whole(&["Three."]));
    let response = answer["response_id"].as_str().unwrap();
    let turn = go_on(&bob, response).await.expect(201);
    assert_eq!(turn["message"]["content"], "One. Two. Three.");
}
