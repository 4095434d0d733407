//! Messages: sent three ways, answered with their context, read in pages and branches.

use mock::ReceivedCall;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Reply, User};
use testkit::validator::assert_valid;
use testkit::{TestApp, World};

use crate::unknown_id;

fn path(conversation: &str) -> String {
    format!("/api/conversations/{conversation}/messages")
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

async fn send(user: &User, conversation: &str, body: Value) -> Reply {
    user.post(&path(conversation), body).await
}

/// Sends below `parent` and returns the turn.
async fn reply_to(user: &User, conversation: &str, parent: &str, content: &str) -> Value {
    let body = json!({"content": content, "parent_id": parent, "model": "mock:echo"});
    send(user, conversation, body).await.expect(201)
}

fn contents(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["content"].as_str().unwrap()).collect()
}

async fn list(user: &User, conversation: &str, query: &str) -> (Vec<Value>, bool) {
    let page = user.get(&format!("{}{query}", path(conversation))).await.expect(200);
    let data = page["data"].as_array().unwrap().clone();
    assert_eq!(page["first_id"], data.first().map_or(Value::Null, |m| m["id"].clone()));
    assert_eq!(page["last_id"], data.last().map_or(Value::Null, |m| m["id"].clone()));
    (data, page["has_more"].as_bool().unwrap())
}

#[testkit::test]
async fn a_sender_waits_for_the_whole_turn(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let body = json!({"content": "Say this.", "model": "mock:echo,reasoning=3"});
    let reply = send(&ada, &conversation, body).await;
    let location = reply.header("location").unwrap().to_owned();
    let turn = reply.expect(201);
    let (question, answer) = (&turn["user_message"], &turn["message"]);
    let response = &turn["response"];
    assert_eq!(location, format!("/api/messages/{}", id(answer)));

    assert_eq!((&question["is_user"], &question["role"]), (&json!(true), &json!("user")));
    assert_eq!((&question["seq"], &question["parent_id"]), (&json!(0), &Value::Null));
    assert_eq!(
        (&question["content"], &question["status"]),
        (&json!("Say this."), &json!("completed"))
    );
    assert_eq!((&question["model"], &question["response_id"]), (&Value::Null, &Value::Null));
    assert_eq!((&answer["is_user"], &answer["role"]), (&json!(false), &json!("assistant")));
    assert_eq!((&answer["seq"], &answer["parent_id"]), (&json!(1), &question["id"]));
    assert_eq!((&answer["content"], &answer["status"]), (&json!("Say this."), &json!("completed")));
    assert_eq!(
        (&answer["model"], &answer["response_id"]),
        (&json!("mock:echo,reasoning=3"), &response["id"])
    );
    assert!(answer["reasoning"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
    for message in [question, answer] {
        assert_eq!((&message["sibling_index"], &message["sibling_count"]), (&json!(0), &json!(1)));
        assert_eq!(
            (&message["conversation_id"], &message["type"]),
            (&json!(conversation), &json!("message"))
        );
        assert_eq!(ada.get(&format!("/api/messages/{}", id(message))).await.expect(200), *message);
    }
    assert_eq!(response["status"], "completed");
    assert_eq!(
        (&response["user_message_id"], &response["message_id"]),
        (&question["id"], &answer["id"])
    );
    assert!(response["usage"]["output_tokens"].as_u64().is_some_and(|n| n > 0), "{response}");
    assert_eq!(ada.response(&id(response)).await, *response);
    assert_eq!(ada.list_messages(&conversation).await, [question.clone(), answer.clone()]);
    let stored = ada.conversation(&conversation).await;
    assert_eq!((&stored["head_id"], &stored["active_response_id"]), (&answer["id"], &Value::Null));
}

#[testkit::test]
async fn a_sender_follows_the_answer(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let body = json!({"content": "Go.", "model": "mock:ticks=20,fault=stall@5", "stream": true});
    let mut stream = ada.stream(ada.request(Method::POST, &path(&conversation)).json(&body)).await;

    // The very first event names both messages, and they are stored.
    let first = stream.next().await.unwrap();
    assert_eq!((first.event.as_str(), first.id.as_deref()), ("response.created", Some("0")));
    let created = first.json()["response"].clone();
    for (field, is_user) in [("user_message_id", true), ("message_id", false)] {
        let id = created[field].as_str().unwrap_or_else(|| panic!("no {field}: {created}"));
        let message = ada.get(&format!("/api/messages/{id}")).await.expect(200);
        assert_eq!(
            (&message["is_user"], &message["conversation_id"]),
            (&json!(is_user), &json!(conversation))
        );
    }
    // What is read meanwhile shows the text so far.
    let text = stream.read_text(5).await;
    let answer = created["message_id"].as_str().unwrap();
    let so_far = ada.get(&format!("/api/messages/{answer}")).await.expect(200);
    assert_eq!((&so_far["content"], &so_far["status"]), (&json!(text), &json!("in_progress")));
    let running = ada.conversation(&conversation).await["active_response_id"].clone();
    assert_eq!(running, created["id"]);
    ada.cancel(created["id"].as_str().unwrap()).await;
    let frames = stream.finish().await;
    assert_valid(&frames);

    let frames = ada.send_stream(&conversation, "And on.").await.finish().await;
    assert_valid(&frames);
    assert!(frames.last().unwrap().is_done_marker());
    let end = frames[frames.len() - 2].json();
    assert_eq!(
        (&end["type"], &end["response"]["status"]),
        (&json!("response.completed"), &json!("completed"))
    );
}

#[testkit::test]
async fn a_sender_goes_on_at_once(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    for prefer in ["respond-async", "Respond-Async; wait=10, handling=lenient"] {
        let request = ada
            .request(Method::POST, &path(&conversation))
            .header("prefer", prefer)
            .json(&json!({"content": "later", "model": "mock:ticks=9,fault=stall@2"}));
        let reply = ada.send(request).await;
        assert_eq!(reply.header("preference-applied"), Some("respond-async"));
        let location = reply.header("location").unwrap().to_owned();
        let turn = reply.expect(202);
        assert_eq!(turn["response"]["status"], "in_progress");
        assert_eq!(
            (&turn["message"]["status"], &turn["user_message"]["content"]),
            (&json!("in_progress"), &json!("later"))
        );
        let response = id(&turn["response"]);
        assert_eq!(location, format!("/api/responses/{response}"));
        assert_eq!(ada.get(&location).await.expect(200)["status"], "in_progress");
        // Whoever comes later gets everything.
        let mut stream = ada.follow(&response, None).await;
        assert_eq!(stream.next().await.unwrap().event, "response.created");
        stream.read_text(2).await;
        assert_eq!(ada.cancel(&response).await["status"], "cancelled");
        assert_eq!(
            ada.cancel(&response).await["status"],
            "cancelled",
            "stopping twice is stopping"
        );
        let messages = ada.list_messages(&conversation).await;
        assert_eq!(messages.last().unwrap()["status"], "incomplete");
    }
    // An unknown preference is ignored (RFC 7240, section 2).
    let request = ada.request(Method::POST, &path(&conversation)).header("prefer", "wait=1");
    ada.send(request.json(&json!({"content": "now"}))).await.expect(201);
}

fn last_call(app: &TestApp) -> ReceivedCall {
    app.upstream().calls().pop().expect("the upstream was asked")
}

fn pairs(call: &ReceivedCall) -> Vec<(&str, &str)> {
    call.messages.iter().map(|(role, content)| (role.as_str(), content.as_str())).collect()
}

#[testkit::test]
async fn the_model_is_given_the_branch_and_the_instructions_first(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let body = json!({"instructions": "Speak Latin.", "model": "mock:echo,reasoning=2"});
    let conversation = id(&ada.post("/api/conversations", body).await.expect(201));
    let first = ada.send_and_wait(&conversation, "one").await;
    ada.send_and_wait(&conversation, "two").await;
    ada.send_and_wait(&conversation, "three").await;
    let call = last_call(&app);
    assert_eq!(
        pairs(&call),
        [
            ("system", "Speak Latin."),
            ("user", "one"),
            ("assistant", "one"),
            ("user", "two"),
            ("assistant", "two"),
            ("user", "three"),
        ]
    );
    assert_eq!(call.authorization.as_deref(), Some("Bearer sk-0123456789abcdef"));

    // Another branch: what hangs below the other one is not part of it.
    let turn = reply_to(&ada, &conversation, &id(&first["message"]), "zwei").await;
    let below_first =
        [("system", "Speak Latin."), ("user", "one"), ("assistant", "one"), ("user", "zwei")];
    assert_eq!(pairs(&last_call(&app)), below_first);
    assert_eq!(turn["response"]["context"], json!({"messages_sent": 3, "messages_omitted": 0}));

    let path = format!("/api/conversations/{conversation}");
    ada.patch(&path, json!({"instructions": null})).await.expect(200);
    ada.send_and_wait(&conversation, "drei").await;
    assert_eq!(
        pairs(&last_call(&app)),
        [
            ("user", "one"),
            ("assistant", "one"),
            ("user", "zwei"),
            ("assistant", "zwei"),
            ("user", "drei"),
        ]
    );
}

#[testkit::test]
async fn the_model_is_the_messages_then_the_conversations_then_the_servers(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let asked = async |body: Value| {
        let turn = send(&ada, &conversation, body).await.expect(201);
        let model = last_call(&app).model;
        assert_eq!(
            (&turn["message"]["model"], &turn["response"]["model"]),
            (&json!(model), &json!(model))
        );
        model
    };
    assert_eq!(asked(json!({"content": "x"})).await, "test-model");
    let path = format!("/api/conversations/{conversation}");
    ada.patch(&path, json!({"model": "mock:words=3"})).await.expect(200);
    assert_eq!(asked(json!({"content": "x"})).await, "mock:words=3");
    assert_eq!(asked(json!({"content": "x", "model": "mock:ticks=1"})).await, "mock:ticks=1");
    assert_eq!(asked(json!({"content": "x", "model": null})).await, "mock:words=3");

    let models = ada.get("/api/models").await.expect(200);
    let names: Vec<_> = models["data"].as_array().unwrap().iter().map(|m| &m["id"]).collect();
    assert!(names.contains(&&json!("mock:echo")), "{models}");
    // A model that the provider does not have is its answer to give.
    let turn = send(&ada, &conversation, json!({"content": "x", "model": "mock:nonsense=1"})).await;
    let turn = turn.expect(201);
    assert_eq!(turn["response"]["status"], "failed");
    assert_eq!(turn["response"]["error"]["code"], "model_not_found", "{turn}");
}

#[testkit::test]
async fn pages_of_messages_go_back_in_time(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let body = json!({"model": "mock:echo"});
    let conversation = id(&ada.post("/api/conversations", body).await.expect(201));
    assert_eq!(list(&ada, &conversation, "").await, (vec![], false));
    for n in 0..12 {
        ada.send_and_wait(&conversation, &format!("{n}")).await;
    }
    let expected: Vec<String> = (0..12).flat_map(|n| [n.to_string(), n.to_string()]).collect();
    for limit in [1, 3, 8, 24, 100] {
        let (mut all, mut before) = (Vec::new(), String::new());
        loop {
            let (page, has_more) =
                list(&ada, &conversation, &format!("?limit={limit}{before}")).await;
            assert!(page.len() == limit || !has_more, "a short page is the last one");
            before = format!("&before={}", id(&page[0]));
            all.splice(0..0, page);
            if !has_more {
                break;
            }
        }
        assert_eq!(contents(&all), expected, "pages of {limit}");
    }
    let (newest, has_more) = list(&ada, &conversation, "").await;
    assert_eq!(
        (contents(&newest), has_more),
        (expected[4..].iter().map(String::as_str).collect(), true)
    );
    let oldest = id(&list(&ada, &conversation, "?limit=100").await.0[0]);
    assert_eq!(list(&ada, &conversation, &format!("?before={oldest}")).await, (vec![], false));

    for (query, param) in [
        (format!("?after={oldest}"), "after"),
        (format!("?all=true&after={oldest}&before={oldest}"), "after"),
        ("?before=x".to_owned(), "before"),
        (format!("?before={}", unknown_id("msg")), "before"),
        (format!("?before={}", unknown_id("conv")), "before"),
        ("?all=yes".to_owned(), "all"),
        ("?all=".to_owned(), "all"),
    ] {
        let reply = ada.get(&format!("{}{query}", path(&conversation))).await;
        let json = reply.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], param, "{query}: {json}");
    }
}

#[testkit::test]
async fn all_rows_are_listed_in_both_directions(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let root =
        send(&ada, &conversation, json!({"content": "a", "model": "mock:echo"})).await.expect(201);
    let root = id(&root["message"]);
    for content in ["b", "c", "d"] {
        reply_to(&ada, &conversation, &root, content).await;
    }
    let expected = ["a", "a", "b", "b", "c", "c", "d", "d"];
    let (all, more) = list(&ada, &conversation, "?all=true").await;
    assert_eq!((contents(&all), more), (expected.to_vec(), false));
    let seqs: Vec<_> = all.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, [0, 1, 2, 3, 4, 5, 6, 7]);
    let (branch, _) = list(&ada, &conversation, "").await;
    assert_eq!(contents(&branch), ["a", "a", "d", "d"], "the selected branch is the newest");

    let (mut down, mut before) = (Vec::new(), String::new());
    loop {
        let (page, more) = list(&ada, &conversation, &format!("?all=true&limit=3{before}")).await;
        before = format!("&before={}", id(&page[0]));
        down.splice(0..0, page);
        if !more {
            break;
        }
    }
    assert_eq!(down, all);
    let (mut up, mut more) = (vec![all[0].clone()], true);
    while more {
        let after = id(up.last().unwrap());
        let (page, rest) =
            list(&ada, &conversation, &format!("?all=true&limit=3&after={after}")).await;
        up.extend(page);
        more = rest;
    }
    assert_eq!(up, all);
    let last = id(all.last().unwrap());
    assert_eq!(
        list(&ada, &conversation, &format!("?all=true&after={last}")).await,
        (vec![], false)
    );
}

#[testkit::test]
async fn an_answered_message_may_be_answered_again(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let body = json!({"content": "root", "model": "mock:echo"});
    let root = id(&send(&ada, &conversation, body).await.expect(201)["message"]);
    let mut branches = Vec::new();
    for n in 0..3_u32 {
        let turn = reply_to(&ada, &conversation, &root, &format!("branch {n}")).await;
        let question = &turn["user_message"];
        assert_eq!(question["parent_id"], root);
        assert_eq!(
            (&question["sibling_index"], &question["sibling_count"]),
            (&json!(n), &json!(n + 1))
        );
        assert_eq!(
            (&turn["message"]["sibling_index"], &turn["message"]["sibling_count"]),
            (&json!(0), &json!(1))
        );
        branches.push(turn);
    }
    for (n, turn) in branches.iter().enumerate() {
        let message =
            ada.get(&format!("/api/messages/{}", id(&turn["user_message"]))).await.expect(200);
        assert_eq!((&message["sibling_index"], &message["sibling_count"]), (&json!(n), &json!(3)));
    }
    // The list agrees, and going on happens where the last message was.
    let (branch, _) = list(&ada, &conversation, "").await;
    assert_eq!(contents(&branch), ["root", "root", "branch 2", "branch 2"]);
    assert_eq!((&branch[2]["sibling_index"], &branch[2]["sibling_count"]), (&json!(2), &json!(3)));
    let turn = reply_to(&ada, &conversation, &id(&branches[0]["message"]), "on").await;
    assert_eq!(turn["user_message"]["parent_id"], branches[0]["message"]["id"]);
    let (branch, _) = list(&ada, &conversation, "").await;
    assert_eq!(contents(&branch), ["root", "root", "branch 0", "branch 0", "on", "on"]);
    assert_eq!(ada.conversation(&conversation).await["head_id"], turn["message"]["id"]);
}

#[testkit::test]
async fn a_conversation_takes_one_message_at_a_time(world: World) {
    // Each attempt counts as an answer of its user until it is refused.
    let app =
        TestApp::builder(&world).set("CHATAPP_LIMITS__GENERATIONS_PER_USER", "20").start().await;
    let ada = app.user("ada").await;
    let body = json!({"model": "mock:ticks=9,fault=stall@3"});
    let conversation = id(&ada.post("/api/conversations", body).await.expect(201));
    let attempts = (0..10).map(|n| {
        let request = ada
            .request(Method::POST, &path(&conversation))
            .header("prefer", "respond-async")
            .json(&json!({"content": format!("attempt {n}")}));
        ada.send(request)
    });
    let (mut running, mut locked) = (Vec::new(), Vec::new());
    for reply in futures_util::future::join_all(attempts).await {
        if reply.status == 202 {
            running.push(id(&reply.json["response"]));
        } else {
            assert_eq!(reply.header("x-should-retry"), Some("false"));
            let json = reply.expect_error(409, "conversation_locked");
            locked.push(json["error"]["response_id"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!((running.len(), locked.len()), (1, 9));
    assert!(locked.iter().all(|id| *id == running[0]), "{running:?} {locked:?}");
    assert_eq!(ada.list_messages(&conversation).await.len(), 2, "the refused left nothing behind");
    // Another conversation is not held up.
    let other = ada.create_conversation().await;
    ada.send_and_wait(&other, "meanwhile").await;

    assert_eq!(ada.cancel(&running[0]).await["status"], "cancelled");
    let next = ada.send_async(&conversation, "again").await;
    ada.cancel(&next).await;
    let messages = ada.list_messages(&conversation).await;
    let seqs: Vec<_> = messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, [0, 1, 2, 3]);
}

#[testkit::test]
async fn what_cannot_be_a_message_is_refused(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let long = "a".repeat(524_289);
    for (body, code, param, words) in [
        (json!({"content": ""}), "invalid_value", "content", "empty"),
        (json!({"content": " \n\t\u{3000}"}), "invalid_value", "content", "empty"),
        (json!({"content": long}), "invalid_value", "content", "524288"),
        (json!({"content": "a".repeat(520_000)}), "context_length_exceeded", "content", "28672"),
        (json!({"content": "a\0b"}), "invalid_value", "content", "U+0000"),
        (json!({"content": null}), "invalid_value", "content", "a string"),
        (json!({"content": ["x"]}), "invalid_value", "content", "a string"),
        (json!({}), "missing_required_parameter", "content", "required"),
        (json!({"content": "x", "model": ""}), "invalid_value", "model", "empty"),
        (json!({"content": "x", "model": "two words"}), "invalid_value", "model", "spaces"),
        (json!({"content": "x", "model": "line\nbreak"}), "invalid_value", "model", "spaces"),
        (json!({"content": "x", "model": "m".repeat(256)}), "invalid_value", "model", "255"),
        (json!({"content": "x", "stream": "yes"}), "invalid_value", "stream", "a boolean"),
        (
            json!({"content": "x", "parent_id": unknown_id("msg")}),
            "invalid_value",
            "parent_id",
            "this conversation",
        ),
        (
            json!({"content": "x", "parent_id": unknown_id("conv")}),
            "invalid_value",
            "parent_id",
            "msg_",
        ),
        (json!({"content": "x", "parent_id": "x"}), "invalid_value", "parent_id", "msg_"),
        (json!({"content": "x", "parent_id": 5}), "invalid_value", "parent_id", ""),
    ] {
        let json = send(&ada, &conversation, body).await.expect_error(400, code);
        assert_eq!(json["error"]["param"], param, "{json}");
        let message = json["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{words:?} is not in {message:?}");
    }
    let nowhere = unknown_id("conv");
    send(&ada, &nowhere, json!({"content": "x"})).await.expect_error(404, "not_found");
    assert_eq!(world.sql().await.value("SELECT COUNT(*) FROM messages").await, "0");
    assert!(app.upstream().calls().is_empty(), "nobody was asked");
    let stored = ada.conversation(&conversation).await;
    assert_eq!((&stored["title"], &stored["active_response_id"]), (&json!(""), &Value::Null));
}

#[testkit::test]
async fn a_failed_answer_is_a_turn_that_says_so(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let body = json!({"content": "fail", "model": "mock:ticks=9,fault=truncate@3"});
    let turn = send(&ada, &conversation, body).await.expect(201);
    assert_eq!(
        (&turn["response"]["status"], &turn["response"]["error"]["code"]),
        (&json!("failed"), &json!("upstream_truncated"))
    );
    let answer = &turn["message"];
    assert_eq!(answer["status"], "incomplete");
    assert_eq!(answer["content"].as_str().unwrap().lines().count(), 3, "the text so far is kept");
    // The conversation goes on, with what there is.
    let body = json!({"content": "go on", "model": "mock:echo"});
    send(&ada, &conversation, body).await.expect(201);
    let call = last_call(&app);
    assert_eq!(pairs(&call)[1], ("assistant", answer["content"].as_str().unwrap()));
}
