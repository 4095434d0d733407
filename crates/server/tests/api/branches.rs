//! Branches: a message edited, an answer made again, and the way back to the others.

use mock::ReceivedCall;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::client::{Reply, User};
use testkit::validator::assert_valid;
use testkit::{TestApp, World};

use crate::{sql_id, unknown_id};

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

fn messages(conversation: &str) -> String {
    format!("/api/conversations/{conversation}/messages")
}

async fn echo(user: &User) -> String {
    let body = json!({"model": "mock:echo"});
    id(&user.post("/api/conversations", body).await.expect(201))
}

async fn send(user: &User, conversation: &str, body: Value) -> Value {
    user.post(&messages(conversation), body).await.expect(201)
}

fn again(user: &User, message: &str) -> RequestBuilder {
    user.request(Method::POST, &format!("/api/messages/{message}/regenerate"))
}

async fn regenerate(user: &User, message: &str, body: Value) -> Reply {
    user.send(again(user, message).json(&body)).await
}

async fn select(user: &User, conversation: &str, head: &str) -> Value {
    let path = format!("/api/conversations/{conversation}");
    user.patch(&path, json!({"head_id": head})).await.expect(200)
}

async fn shown(user: &User, conversation: &str) -> Vec<String> {
    let list = user.list_messages(conversation).await;
    list.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

fn last_call(app: &TestApp) -> ReceivedCall {
    app.upstream().calls().pop().expect("the upstream was asked")
}

fn sent(call: &ReceivedCall) -> Vec<&str> {
    call.messages.iter().map(|(_, content)| content.as_str()).collect()
}

/// Where a message stands: index, count, the neighbours.
fn place(message: &Value) -> Value {
    json!([
        message["sibling_index"],
        message["sibling_count"],
        message["previous_sibling_id"],
        message["next_sibling_id"]
    ])
}

#[testkit::test]
async fn an_answer_is_made_again_as_a_sibling(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = echo(&ada).await;
    send(&ada, &conversation, json!({"content": "before"})).await;
    let first = send(&ada, &conversation, json!({"content": "question"})).await;
    send(&ada, &conversation, json!({"content": "after"})).await;

    // By the answer, with another model, and once more by the message, without a body.
    let turn = regenerate(&ada, &id(&first["message"]), json!({"model": "mock:ticks=2"})).await;
    assert_eq!(
        turn.header("location"),
        Some(format!("/api/messages/{}", id(&turn.json["message"])).as_str())
    );
    let second = turn.expect(201);
    assert_eq!(sent(&last_call(&app)), ["before", "before", "question"], "its own branch only");
    assert_eq!(second["user_message"], first["user_message"]);
    assert_eq!(second["message"]["content"], "tick 0 \ntick 1 \n");
    assert_eq!(second["message"]["model"], "mock:ticks=2");
    assert_ne!(second["response"]["id"], first["response"]["id"]);
    let third = ada.send(again(&ada, &id(&first["user_message"]))).await.expect(201);
    assert_eq!(third["message"]["content"], "question");
    assert_eq!(third["message"]["model"], "mock:echo");
    assert_eq!(app.upstream().calls().len(), 5, "one call each");
    // So is the body `null`.
    let aside = echo(&ada).await;
    let aside = send(&ada, &aside, json!({"content": "aside"})).await;
    regenerate(&ada, &id(&aside["message"]), Value::Null).await.expect(201);

    let ids: Vec<String> = [&first, &second, &third].map(|turn| id(&turn["message"])).to_vec();
    for (n, places) in
        [json!([0, 3, null, ids[1]]), json!([1, 3, ids[0], ids[2]]), json!([2, 3, ids[1], null])]
            .into_iter()
            .enumerate()
    {
        let message = ada.get(&format!("/api/messages/{}", ids[n])).await.expect(200);
        assert_eq!(place(&message), places);
        assert_eq!(message["parent_id"], first["user_message"]["id"]);
    }
    assert_eq!(shown(&ada, &conversation).await, ["before", "before", "question", "question"]);
    assert_eq!(ada.conversation(&conversation).await["head_id"], ids[2].as_str());
    // Going on happens below the new one.
    let on = send(&ada, &conversation, json!({"content": "on"})).await;
    assert_eq!(on["user_message"]["parent_id"], ids[2].as_str());
    let title = ada.conversation(&conversation).await["title"].clone();
    assert_eq!(title, "before", "the title stays");
}

#[testkit::test]
async fn an_answer_is_made_again_in_three_ways(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = echo(&ada).await;
    let first = send(&ada, &conversation, json!({"content": "question"})).await;
    let answer = id(&first["message"]);

    let body = json!({"stream": true, "model": "mock:ticks=3"});
    let frames = ada.stream(again(&ada, &answer).json(&body)).await.finish().await;
    assert_valid(&frames);
    let created = frames[0].json()["response"].clone();
    assert_eq!(created["user_message_id"], first["user_message"]["id"]);

    let slow = json!({"model": "mock:ticks=9,fault=stall@3"});
    let key = |key: &'static str| {
        again(&ada, &answer).header("idempotency-key", key).header("prefer", "respond-async")
    };
    let underway = ada.send(key("k1").json(&slow)).await.expect(202);
    let running = id(&underway["response"]);
    // The same request finds it running; another one is told which runs, by message and by answer.
    let repeated = ada.send(key("k1").json(&slow)).await;
    assert_eq!(repeated.header("idempotency-replayed"), Some("true"));
    assert_eq!(repeated.expect(202)["response"]["id"], running.as_str());
    for message in [&answer, &id(&first["user_message"]), &id(&underway["message"])] {
        let locked = ada.send(again(&ada, message)).await;
        let locked = locked.expect_error(409, "conversation_locked");
        assert_eq!(locked["error"]["response_id"], running.as_str());
    }
    let reused = key("k1").json(&json!({"model": "mock:echo"}));
    ada.send(reused).await.expect_error(422, "idempotency_key_reused");
    let of_a_send = json!({"content": "x"});
    let reused = ada.request(Method::POST, &messages(&conversation)).json(&of_a_send);
    let reused = ada.send(reused.header("idempotency-key", "k1")).await;
    reused.expect_error(422, "idempotency_key_reused");
    assert_eq!(ada.cancel(&running).await["status"], "cancelled");

    // Of many at the same moment one is answered.
    let slow = || again(&ada, &answer).header("prefer", "respond-async").json(&slow);
    let replies = futures_util::future::join_all((0..6).map(|_| ada.send(slow()))).await;
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 5, "{statuses:?}");
    let accepted = replies.into_iter().find(|reply| reply.status == 202).unwrap();
    ada.cancel(&id(&accepted.json["response"])).await;
    let count = "SELECT COUNT(*), COUNT(DISTINCT seq), MAX(seq) FROM messages";
    assert_eq!(world.sql().await.rows(count).await, [["5", "5", "4"]]);
}

#[testkit::test]
async fn an_answer_that_went_wrong_is_made_again(world: World) {
    let grace = "CHATAPP_SERVER__SHUTDOWN_GRACE";
    let mut app = TestApp::builder(&world).set(grace, "0s").start().await;
    let ada = app.user("ada").await;
    let failed = echo(&ada).await;
    let body = json!({"content": "once more", "model": "mock:ticks=9,fault=truncate@3"});
    let failed = send(&ada, &failed, body).await;
    assert_eq!(failed["response"]["status"], "failed");

    let stopped = echo(&ada).await;
    let slow = |content: &str| json!({"content": content, "model": "mock:ticks=9,fault=stall@3"});
    let start = async |conversation: &str| {
        let request = ada.request(Method::POST, &messages(conversation));
        let request = request.header("prefer", "respond-async").json(&slow("once more"));
        let turn = ada.send(request).await.expect(202);
        ada.follow(&id(&turn["response"]), None).await.read_text(3).await;
        turn
    };
    let cancelled = start(&stopped).await;
    ada.cancel(&id(&cancelled["response"])).await;
    let interrupted = echo(&ada).await;
    let interrupted = start(&interrupted).await;
    app.restart().await;
    let ada = app.anonymous().login(&ada.email).await;
    let reason = ada.response(&id(&interrupted["response"])).await["incomplete_details"].clone();
    assert_eq!(reason["reason"], "interrupted");

    for turn in [failed, cancelled, interrupted] {
        let calls = app.upstream().calls().len();
        let old = ada.get(&format!("/api/messages/{}", id(&turn["message"]))).await.expect(200);
        assert_eq!(old["status"], "incomplete");
        let new = ada.send(again(&ada, &id(&turn["message"]))).await.expect(201);
        assert_eq!(new["response"]["status"], "completed");
        assert_eq!(new["message"]["content"], "once more");
        assert_eq!(place(&new["message"]), json!([1, 2, old["id"], null]));
        assert_eq!(app.upstream().calls().len(), calls + 1);
        let conversation = new["message"]["conversation_id"].as_str().unwrap();
        assert_eq!(shown(&ada, conversation).await, ["once more", "once more"]);
        // What was kept is still there.
        let kept = ada.get(&format!("/api/messages/{}", id(&old))).await.expect(200);
        assert_eq!(kept["content"], "tick 0 \ntick 1 \ntick 2 \n");
    }
}

#[testkit::test]
async fn what_answers_nothing_is_not_made_again(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = echo(&ada).await;
    let turn = send(&ada, &conversation, json!({"content": "question"})).await;
    for (body, param) in [
        (json!({"model": ""}), "model"),
        (json!({"model": "two words"}), "model"),
        (json!({"stream": "yes"}), "stream"),
    ] {
        let refused = regenerate(&ada, &id(&turn["message"]), body).await;
        assert_eq!(refused.expect_error(400, "invalid_value")["error"]["param"], param);
    }
    let refused = regenerate(&ada, &id(&turn["message"]), json!({"content": "other"})).await;
    refused.expect_error(400, "unknown_parameter");
    for body in [json!([]), json!("x")] {
        let refused = regenerate(&ada, &id(&turn["message"]), body).await;
        refused.expect_error(400, "invalid_json");
    }
    let text = again(&ada, &id(&turn["message"])).body("model=x");
    ada.send(text).await.expect_error(415, "unsupported_media_type");
    ada.send(again(&ada, &unknown_id("msg"))).await.expect_error(404, "not_found");

    // What no person asked for, such as the root of an imported conversation.
    let (answer, question) = (id(&turn["message"]), id(&turn["user_message"]));
    let sql = format!("UPDATE messages SET parent_id = NULL WHERE id = {}", sql_id(&answer));
    world.sql().await.execute(&sql).await;
    let refused = ada.send(again(&ada, &answer)).await.expect_error(400, "invalid_value");
    assert_eq!(refused["error"]["param"], "id");
    ada.delete_conversation(&conversation).await;
    ada.send(again(&ada, &question)).await.expect_error(404, "not_found");
    assert_eq!(app.upstream().calls().len(), 1, "nobody was asked");
}

#[testkit::test]
async fn the_first_message_is_edited(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = echo(&ada).await;
    let first = send(&ada, &conversation, json!({"content": "one", "parent_id": null})).await;
    assert_eq!(place(&first["user_message"]), json!([0, 1, null, null]));
    send(&ada, &conversation, json!({"content": "on"})).await;

    // An edit sends the old message's parent as it is, whatever it is.
    let parent = first["user_message"]["parent_id"].clone();
    assert_eq!(parent, Value::Null);
    let edit = json!({"content": "one, edited", "parent_id": parent});
    let edited = send(&ada, &conversation, edit).await;
    assert_eq!(sent(&last_call(&app)), ["one, edited"]);
    assert_eq!(edited["user_message"]["parent_id"], Value::Null);
    let old = id(&first["user_message"]);
    assert_eq!(place(&edited["user_message"]), json!([1, 2, old, null]));
    assert_eq!(place(&edited["message"]), json!([0, 1, null, null]));
    assert_eq!(shown(&ada, &conversation).await, ["one, edited", "one, edited"]);

    // Left out it means the end of what is shown.
    let on = send(&ada, &conversation, json!({"content": "and on"})).await;
    assert_eq!(on["user_message"]["parent_id"], edited["message"]["id"]);
    select(&ada, &conversation, &old).await;
    assert_eq!(shown(&ada, &conversation).await, ["one", "one", "on", "on"]);
    let on = send(&ada, &conversation, json!({"content": "here"})).await;
    assert_eq!(sent(&last_call(&app)), ["one", "one", "on", "on", "here"]);
    assert_eq!(on["user_message"]["sibling_count"], 1);

    // With a key, `null` and nothing are different requests.
    let keyed = async |body: Value| {
        let request = ada.request(Method::POST, &messages(&conversation)).json(&body);
        ada.send(request.header("idempotency-key", "edit")).await
    };
    keyed(json!({"content": "x", "parent_id": null})).await.expect(201);
    keyed(json!({"content": "x"})).await.expect_error(422, "idempotency_key_reused");
}

#[testkit::test]
async fn a_branch_is_selected_by_any_of_its_messages(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = echo(&ada).await;
    let root = send(&ada, &conversation, json!({"content": "root"})).await;
    let below =
        |parent: &Value, content: &str| json!({"content": content, "parent_id": id(parent)});
    let left = send(&ada, &conversation, below(&root["message"], "left")).await;
    let left_on = send(&ada, &conversation, json!({"content": "left on"})).await;
    let right = send(&ada, &conversation, below(&root["message"], "right")).await;
    let right_on = send(&ada, &conversation, json!({"content": "right on"})).await;

    // Any message of it selects the whole of it.
    let left_shown = ["root", "root", "left", "left", "left on", "left on"];
    for message in [&left["user_message"], &left["message"], &left_on["user_message"]] {
        select(&ada, &conversation, &id(&right_on["message"])).await;
        let row = select(&ada, &conversation, &id(message)).await;
        assert_eq!(row["head_id"], left_on["message"]["id"]);
        assert_eq!(shown(&ada, &conversation).await, left_shown);
    }
    // As a switcher does: to the neighbour of what is shown.
    let list = ada.list_messages(&conversation).await;
    let next = list[2]["next_sibling_id"].as_str().unwrap();
    assert_eq!(next, id(&right["user_message"]));
    let row = select(&ada, &conversation, next).await;
    assert_eq!(row["head_id"], right_on["message"]["id"]);
    assert_eq!(ada.conversation(&conversation).await["head_id"], row["head_id"]);
    let list = ada.list_messages(&conversation).await;
    assert_eq!(list[2]["previous_sibling_id"], left["user_message"]["id"]);
    assert_eq!(list[2]["next_sibling_id"], Value::Null);
    // Where there are several below, the newest one is shown: a younger sibling's old ones lose.
    send(&ada, &conversation, below(&left["message"], "left again")).await;
    select(&ada, &conversation, &id(&right["message"])).await;
    select(&ada, &conversation, &id(&left["user_message"])).await;
    let expected = ["root", "root", "left", "left", "left again", "left again"];
    assert_eq!(shown(&ada, &conversation).await, expected);
    let row = select(&ada, &conversation, &id(&root["user_message"])).await;
    assert_eq!(row["head_id"], right_on["message"]["id"], "the newest child at each step");

    // Together with other fields, and only if it is right.
    let path = format!("/api/conversations/{conversation}");
    let body = json!({"head_id": id(&left_on["message"]), "title": "Left"});
    let row = ada.patch(&path, body).await.expect(200);
    assert_eq!((&row["head_id"], &row["title"]), (&left_on["message"]["id"], &json!("Left")));
    assert_eq!(shown(&ada, &conversation).await, left_shown);
}

#[testkit::test]
async fn what_is_no_branch_is_not_selected(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = echo(&ada).await;
    let body = json!({"content": "x", "model": "mock:echo,reasoning=3"});
    let turn = send(&ada, &conversation, body).await;
    let other = echo(&ada).await;
    let elsewhere = send(&ada, &other, json!({"content": "x"})).await;
    let all = ada.get(&format!("{}?all=true", messages(&conversation))).await.expect(200);
    let all = all["data"].as_array().unwrap();
    let reasoning = all.iter().find(|row| row["type"] == "reasoning").expect("reasoning");
    assert_eq!(place(reasoning), json!([0, 1, null, null]));
    let path = format!("/api/conversations/{conversation}");
    for head in [
        Value::Null,
        json!("x"),
        json!(7),
        json!(unknown_id("msg")),
        json!(unknown_id("conv")),
        elsewhere["message"]["id"].clone(),
        reasoning["id"].clone(),
    ] {
        let body = json!({"head_id": head, "title": "changed"});
        let refused = ada.patch(&path, body).await.expect_error(400, "invalid_value");
        assert_eq!(refused["error"]["param"], "head_id", "{refused}");
    }
    let row = ada.conversation(&conversation).await;
    assert_eq!((&row["head_id"], &row["title"]), (&turn["message"]["id"], &json!("x")));
    // Nor can anything hang below reasoning.
    let body = json!({"content": "y", "parent_id": reasoning["id"]});
    let refused = ada.post(&messages(&conversation), body).await;
    refused.expect_error(400, "invalid_value");
}

#[testkit::test]
async fn many_siblings_know_their_places(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = echo(&ada).await;
    let turn = send(&ada, &conversation, json!({"content": "question"})).await;
    let (question, answer) = (id(&turn["user_message"]), id(&turn["message"]));
    // Copies of the answer by SQL: 2,000 requests would only take longer.
    let copy = |n: usize| format!("msg_{n:032x}");
    let mut sql = world.sql().await;
    for begin in (0..2000).step_by(500) {
        let ids = (begin..begin + 500)
            .map(|n| format!("SELECT {n} + 2 AS n, {} AS copy_id", sql_id(&copy(n + 1))))
            .collect::<Vec<_>>()
            .join(" UNION ALL ");
        let insert = format!(
            "INSERT INTO messages SELECT m.conversation_id, c.n, c.copy_id, m.parent_id, m.depth, \
             NULL, m.type, m.role, m.is_user, m.status, m.content, m.data, m.model, m.created_at, \
             m.updated_at FROM messages m JOIN ({ids}) c WHERE m.id = {}",
            sql_id(&answer)
        );
        assert_eq!(sql.execute(&insert).await, 500);
    }
    let update = "UPDATE conversations SET next_seq = 2002";
    assert_eq!(sql.execute(update).await, 1);
    let show = async |id: &str| ada.get(&format!("/api/messages/{id}")).await.expect(200);
    assert_eq!(place(&show(&answer).await), json!([0, 2001, null, copy(1)]));
    assert_eq!(place(&show(&copy(1)).await), json!([1, 2001, answer, copy(2)]));
    assert_eq!(place(&show(&copy(2000)).await), json!([2000, 2001, copy(1999), null]));
    assert_eq!(place(&show(&question).await), json!([0, 1, null, null]));
    let page =
        ada.get(&format!("{}?all=true&limit=100", messages(&conversation))).await.expect(200);
    for (n, message) in page["data"].as_array().unwrap().iter().enumerate() {
        let index = 1901 + n;
        let next = if n == 99 { Value::Null } else { json!(copy(index + 1)) };
        assert_eq!(place(message), json!([index, 2001, copy(index - 1), next]));
    }
    let row = select(&ada, &conversation, &question).await;
    assert_eq!(row["head_id"], copy(2000).as_str());
}
