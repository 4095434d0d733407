//! Deleting messages: everything below goes, what is being made there ends, and nothing is left
//! hanging, whatever else happens at the same moment.

use futures_util::future::{LocalBoxFuture, join_all};
use mock::CallOutcome;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{EventStream, Reply, User};
use testkit::sse::Frame;
use testkit::validator::assert_valid;
use testkit::{TestApp, World, eventually};

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

fn message(id: &str) -> String {
    format!("/api/messages/{id}")
}

async fn send_below(user: &User, conversation: &str, parent: &Value, content: &str) -> Value {
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": content, "parent_id": parent, "model": "mock:echo,reasoning=2"});
    user.post(&path, body).await.expect(201)
}

async fn shown(user: &User, conversation: &str) -> Vec<String> {
    let list = user.list_messages(conversation).await;
    list.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

/// What must never be: parts without the whole they belong to.
const BROKEN: [(&str, &str); 8] = [
    (
        "messages without the one above",
        "SELECT COUNT(*) FROM messages m LEFT JOIN messages p ON p.id = m.parent_id \
         WHERE m.parent_id IS NOT NULL AND p.id IS NULL",
    ),
    (
        "messages without their response",
        "SELECT COUNT(*) FROM messages m LEFT JOIN responses r ON r.id = m.response_id \
         WHERE m.response_id IS NOT NULL AND r.id IS NULL",
    ),
    (
        "responses without their answer",
        "SELECT COUNT(*) FROM responses r LEFT JOIN messages m ON m.id = r.message_id \
         WHERE m.id IS NULL",
    ),
    (
        "responses without their question",
        "SELECT COUNT(*) FROM responses r LEFT JOIN messages m ON m.id = r.user_message_id \
         WHERE m.id IS NULL",
    ),
    (
        "branches without their end",
        "SELECT COUNT(*) FROM conversations c LEFT JOIN messages m ON m.id = c.head_id \
         WHERE c.head_id IS NOT NULL AND m.id IS NULL",
    ),
    (
        "messages of which no branch is shown",
        "SELECT COUNT(*) FROM conversations c WHERE c.head_id IS NULL \
         AND EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id)",
    ),
    (
        "claims of nobody",
        "SELECT COUNT(*) FROM conversations c LEFT JOIN responses r ON r.id = c.active_response_id \
         AND r.status = 'in_progress' WHERE c.active_response_id IS NOT NULL AND r.id IS NULL",
    ),
    (
        "answers in progress that nobody makes",
        "SELECT COUNT(*) FROM messages m LEFT JOIN responses r ON r.id = m.response_id \
         AND r.status = 'in_progress' WHERE m.status = 'in_progress' AND r.id IS NULL",
    ),
];

async fn assert_whole(world: &World) {
    let mut sql = world.sql().await;
    for (what, query) in BROKEN {
        assert_eq!(sql.value(query).await, "0", "{what}");
    }
}

async fn count(world: &World, table: &str) -> String {
    world.sql().await.value(&format!("SELECT COUNT(*) FROM {table}")).await
}

#[testkit::test]
async fn a_deleted_message_takes_everything_below_along(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let root = send_below(&user, &conversation, &Value::Null, "root").await;
    let kept = send_below(&user, &conversation, &root["message"]["id"], "kept").await;
    let gone = send_below(&user, &conversation, &root["message"]["id"], "gone").await;
    let mut below = vec![gone["message"].clone()];
    for n in 0..4 {
        // A crooked tree: below the last, and once more below its beginning.
        let parent = if n == 2 { &below[0] } else { below.last().unwrap() };
        let turn = send_below(&user, &conversation, &parent["id"], &format!("gone {n}")).await;
        below.extend([turn["user_message"].clone(), turn["message"].clone()]);
    }
    let again = format!("{}/regenerate", message(&id(&below[2])));
    below.push(user.post(&again, json!({})).await.expect(201)["message"].clone());
    let before = user.conversation(&conversation).await;

    let reply = user.delete(&message(&id(&gone["user_message"]))).await.expect(200);
    let expected = json!({"id": gone["user_message"]["id"], "object": "message", "deleted": true});
    assert_eq!(reply, expected);
    for gone in below.iter().chain([&gone["user_message"]]) {
        user.get(&message(&id(gone))).await.expect_error(404, "not_found");
        user.delete(&message(&id(gone))).await.expect_error(404, "not_found");
    }
    for answer in below.iter().filter(|message| message["is_user"] == false) {
        let response = answer["response_id"].as_str().unwrap();
        let path = format!("/api/responses/{response}");
        user.get(&path).await.expect_error(404, "not_found");
        user.get(&format!("{path}/events")).await.expect_error(404, "not_found");
    }
    assert_eq!(shown(&user, &conversation).await, ["root", "root", "kept", "kept"]);
    // Two turns with their reasoning are all there is.
    assert_eq!(count(&world, "messages").await, "6");
    assert_eq!(count(&world, "responses").await, "2");
    let events = "SELECT COUNT(DISTINCT response_id) FROM response_events";
    assert_eq!(world.sql().await.value(events).await, "2");
    assert_whole(&world).await;
    let kept = user.get(&message(&id(&kept["user_message"]))).await.expect(200);
    assert_eq!((&kept["sibling_index"], &kept["sibling_count"]), (&json!(0), &json!(1)));
    let after = user.conversation(&conversation).await;
    assert_eq!(after["updated_at"], before["updated_at"], "deleting is no activity");
    // Numbers are not given twice.
    let next = super::turn(&user, &conversation, "next", "mock:echo").await;
    assert!(next["user_message"]["seq"].as_i64().unwrap() > below[8]["seq"].as_i64().unwrap());
    // Reasoning goes with its answer only.
    let all = format!("/api/conversations/{conversation}/messages?all=true");
    let all = user.get(&all).await.expect(200);
    let rows = all["data"].as_array().unwrap();
    let reasoning = rows.iter().find(|row| row["type"] == "reasoning").unwrap();
    let refused = user.delete(&message(&id(reasoning))).await;
    assert_eq!(refused.expect_error(400, "invalid_value")["error"]["param"], "id");
}

#[testkit::test]
async fn the_neighbour_is_shown_when_a_message_is_deleted(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut roots = Vec::new();
    for n in 0..4 {
        let root = send_below(&user, &conversation, &Value::Null, &format!("{n}")).await;
        send_below(&user, &conversation, &root["message"]["id"], &format!("{n} on")).await;
        roots.push(root);
    }
    let path = format!("/api/conversations/{conversation}");
    let select = async |turn: &Value| {
        user.patch(&path, json!({"head_id": turn["message"]["id"]})).await.expect(200);
    };
    let delete = async |message_id: &Value| {
        user.delete(&message(message_id.as_str().unwrap())).await.expect(200);
        shown(&user, &conversation).await
    };
    // Another branch than the one shown: nothing changes there.
    select(&roots[0]).await;
    assert_eq!(delete(&roots[3]["user_message"]["id"]).await, ["0", "0", "0 on", "0 on"]);
    // The one before, to its newest end; the one after where there is none before.
    select(&roots[2]).await;
    assert_eq!(delete(&roots[2]["user_message"]["id"]).await, ["1", "1", "1 on", "1 on"]);
    select(&roots[0]).await;
    assert_eq!(delete(&roots[0]["user_message"]["id"]).await, ["1", "1", "1 on", "1 on"]);
    // Without a neighbour what stands above is the end; the answer alone may go, too.
    let list = user.list_messages(&conversation).await;
    assert_eq!(delete(&list[3]["id"]).await, ["1", "1", "1 on"]);
    assert_eq!(user.conversation(&conversation).await["head_id"], list[2]["id"]);
    // A question without its answer is answered again.
    let again = format!("{}/regenerate", message(&id(&list[2])));
    user.post(&again, json!({"model": "mock:echo"})).await.expect(201);
    assert_eq!(shown(&user, &conversation).await, ["1", "1", "1 on", "1 on"]);
    assert!(delete(&roots[1]["user_message"]["id"]).await.is_empty());
    assert_eq!(user.conversation(&conversation).await["head_id"], Value::Null);
    super::turn(&user, &conversation, "again", "mock:echo").await;
    assert_eq!(shown(&user, &conversation).await, ["again", "again"]);
    assert_whole(&world).await;
}

/// Its followers are told, and the upstream was let go.
async fn ended_as_deleted(app: &TestApp, stream: EventStream) {
    let frames = stream.finish().await;
    assert_valid(&frames);
    let last = frames[frames.len() - 2].json();
    assert_eq!(last["type"], "response.failed");
    assert_eq!(last["response"]["error"]["code"], "message_deleted");
    let error = frames[frames.len() - 3].json();
    assert_eq!(error["type"], "error");
    app.upstream()
        .wait_for("the closed connection", |calls| {
            let last = calls.last().unwrap();
            (last.outcome == CallOutcome::ClientClosed).then_some(())
        })
        .await;
}

#[testkit::test]
async fn deleting_a_message_ends_the_answer_below_it(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let first = super::turn(&user, &conversation, "first", "mock:echo").await;
    // By the answer itself, by its question, and by what stands far above.
    for nth in [3, 2, 1] {
        let model = "mock:ticks=5000,rate=50";
        let mut here = super::stream(&user, &conversation, "Go", model).await;
        let response = here.response_id().await;
        let mut other = user.follow(&response, None).await;
        here.read_text(3).await;
        other.read_text(1).await;
        let list = user.list_messages(&conversation).await;
        let deleted = id(&list[nth]);
        user.delete(&message(&deleted)).await.expect(200);
        let path = format!("/api/responses/{response}");
        user.get(&path).await.expect_error(404, "not_found");
        ended_as_deleted(&app, here).await;
        ended_as_deleted(&app, other).await;
        assert_whole(&world).await;
        // The conversation is free at once.
        let row = user.conversation(&conversation).await;
        assert_eq!(row["active_response_id"], Value::Null);
        assert_eq!(row["head_id"], list[nth - 1]["id"]);
        if nth == 3 {
            user.delete(&message(&id(&list[2]))).await.expect(200);
        }
    }
    assert_eq!(shown(&user, &conversation).await, ["first"]);
    let again = format!("{}/regenerate", message(&id(&first["user_message"])));
    user.post(&again, json!({"model": "mock:ticks=1"})).await.expect(201);
    // Whoever waits for a turn that is deleted is told that it is gone.
    let path = format!("/api/conversations/{conversation}/messages");
    let waiting = user.post(&path, json!({"content": "x", "model": "mock:ticks=9,fault=stall@3"}));
    let deleting = async {
        let mut list = Vec::new();
        eventually("the message", || async { user.list_messages(&conversation).await.len() == 4 })
            .await;
        list.extend(user.list_messages(&conversation).await);
        user.delete(&message(&id(&list[2]))).await.expect(200);
    };
    let (waited, ()) = tokio::join!(waiting, deleting);
    waited.expect_error(404, "not_found");
    assert_whole(&world).await;
}

#[testkit::test]
async fn an_answer_in_another_branch_goes_on(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let first = super::turn(&user, &conversation, "first", "mock:echo").await;
    let side = super::turn(&user, &conversation, "side", "mock:echo").await;
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({
        "content": "main", "parent_id": first["message"]["id"], "stream": true,
        "model": "mock:ticks=60,rate=100"
    });
    let mut stream = user.stream(user.request(Method::POST, &path).json(&body)).await;
    stream.read_text(2).await;
    user.delete(&message(&id(&side["user_message"]))).await.expect(200);
    let frames = stream.finish().await;
    assert_valid(&frames);
    assert_eq!(testkit::sse::text_of(&frames), super::ticks(60));
    let expected = ["first".to_owned(), "first".to_owned(), "main".to_owned(), super::ticks(60)];
    assert_eq!(shown(&user, &conversation).await, expected);
    assert_whole(&world).await;
}

#[testkit::test]
async fn three_thousand_messages_are_deleted_in_steps(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut sql = world.sql().await;
    super::context::fill(&mut sql, world.engine(), &conversation, 3000).await;
    let nth = |n: usize| format!("msg_{:032x}", n + 1);
    user.delete(&message(&nth(1501))).await.expect(200);
    assert_eq!(count(&world, "messages").await, "1501");
    assert_eq!(user.conversation(&conversation).await["head_id"], nth(1500).as_str());
    user.delete(&message(&nth(0))).await.expect(200);
    assert_eq!(count(&world, "messages").await, "0");
    assert_whole(&world).await;
}

/// The statuses that each request may be answered with when others are quicker.
#[track_caller]
fn assert_one_of(what: &str, reply: &Reply, statuses: &[u16]) {
    assert!(statuses.contains(&reply.status), "{what}: {} {}", reply.status, reply.text);
}

#[testkit::test]
async fn whatever_is_changed_at_once_leaves_a_whole_tree(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    for round in 0..16_usize {
        let conversation = user.create_conversation().await;
        let mut messages = Vec::new();
        for n in 0..3 {
            let turn = super::turn(&user, &conversation, &format!("{n}"), "mock:ticks=1").await;
            messages.extend([id(&turn["user_message"]), id(&turn["message"])]);
        }
        let sends = format!("/api/conversations/{conversation}/messages");
        // Something runs from the beginning in every second round.
        let model = "mock:ticks=20,rate=400,reasoning=2";
        if round % 2 == 0 {
            let request = user.request(Method::POST, &sends).header("prefer", "respond-async");
            let turn = user.send(request.json(&json!({"content": "run", "model": model}))).await;
            messages.push(id(&turn.expect(202)["user_message"]));
        }
        let nth = |n: usize| messages[(round + n) % messages.len()].clone();
        let mut requests: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
        for n in [0, 3] {
            let path = message(&nth(n));
            let user = &user;
            requests.push(Box::pin(async move {
                assert_one_of("delete", &user.delete(&path).await, &[200, 404]);
            }));
        }
        for n in [1, 2] {
            let path = format!("{}/regenerate", message(&nth(n)));
            let request = user.request(Method::POST, &path).header("prefer", "respond-async");
            let request = request.json(&json!({"model": model}));
            let user = &user;
            requests.push(Box::pin(async move {
                assert_one_of("regenerate", &user.send(request).await, &[202, 404, 409]);
            }));
        }
        for parent in [Value::Null, json!(nth(1)), json!(nth(4))] {
            let body = json!({"content": "edit", "parent_id": parent, "model": model});
            let request = user.request(Method::POST, &sends).header("prefer", "respond-async");
            let (request, user) = (request.json(&body), &user);
            requests.push(Box::pin(async move {
                let reply = user.send(request).await;
                assert_one_of("edit", &reply, &[202, 400, 409]);
                if reply.status == 202 {
                    assert_eq!(reply.json["user_message"]["parent_id"], parent);
                }
            }));
        }
        let count = requests.len();
        requests.rotate_left(round % count);
        join_all(requests).await;
        eventually("the end of what runs", || async {
            user.conversation(&conversation).await["active_response_id"] == Value::Null
        })
        .await;
        assert_whole(&world).await;
        super::turn(&user, &conversation, "on", "mock:ticks=1").await;
    }
}

#[testkit::test]
async fn a_user_deleted_at_any_moment_leaves_nothing(world: World) {
    let app = TestApp::start(&world).await;
    for round in 0..8_usize {
        let user = app.user(&format!("ada{round}")).await;
        let conversation = user.create_conversation().await;
        let first = super::turn(&user, &conversation, "first", "mock:ticks=1").await;
        let path = format!("/api/conversations/{conversation}/messages");
        let model = "mock:ticks=500,rate=200,reasoning=2";
        let body = json!({"content": "Go", "model": model, "stream": true});
        let again = format!("{}/regenerate", message(&id(&first["message"])));
        let mut requests: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
        for (path, body) in [(&path, &body), (&again, &json!({"model": model, "stream": true}))] {
            let request = user.request(Method::POST, path).json(body);
            let user = &user;
            requests.push(Box::pin(async move {
                let Some(mut stream) = user.try_stream(request).await else { return };
                for _ in 0..round {
                    stream.next().await;
                }
                let frames = stream.finish().await;
                // The session is gone with its user. Whoever notices first ends the stream: the
                // generator with a last event, or the watch over sessions without one.
                if !frames.last().is_some_and(Frame::is_done_marker) {
                    return;
                }
                assert_valid(&frames);
                let last = frames[frames.len() - 2].json();
                assert_eq!(last["response"]["error"]["code"], "conversation_deleted", "{last}");
            }));
        }
        let deleting = async {
            for _ in 0..round {
                user.get("/api/me").await;
            }
            world.sql().await.execute("DELETE FROM users").await;
        };
        tokio::join!(join_all(requests), deleting);
        for table in ["conversations", "messages", "responses", "response_events"] {
            assert_eq!(count(&world, table).await, "0", "{table}");
        }
    }
    app.upstream()
        .wait_for("the closed connections", |calls| {
            let open = |call: &mock::ReceivedCall| call.outcome == CallOutcome::Running;
            (!calls.iter().any(open)).then_some(())
        })
        .await;
}

#[testkit::test(servers)]
async fn deleting_a_message_ends_its_answer_on_another_server(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@3").await;
    here.read_text(3).await;
    let list = user.list_messages(&conversation).await;
    let there = two.anonymous().with_bearer(Some(&user.access_token));
    there.delete(&message(&id(&list[0]))).await.expect(200);
    // Free at once, though the other server does not know yet.
    let path = format!("/api/conversations/{conversation}/messages");
    there.post(&path, json!({"content": "on", "model": "mock:echo"})).await.expect(201);
    ended_as_deleted(&one, here).await;
    assert_whole(&world).await;
    assert_eq!(shown(&user, &conversation).await, ["on", "on"]);
}
