//! `/v1/conversations` and their items, and the same rows through `/api`.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Reply, User};
use testkit::{TestApp, World};

use crate::{sql_id, unknown_id};

/// A picture of one point.
const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap_or_else(|| panic!("no list: {list}")).iter().map(id).collect()
}

fn path(conversation: &str) -> String {
    format!("/v1/conversations/{conversation}")
}

fn items_path(conversation: &str) -> String {
    format!("{}/items", path(conversation))
}

fn said(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}

/// Opens a conversation with these items.
async fn open(user: &User, items: Value) -> String {
    id(&user.post("/v1/conversations", json!({"items": items})).await.expect(200))
}

/// A page of items.
async fn items(user: &User, conversation: &str, query: &str) -> Value {
    let list = user.get(&format!("{}?{query}", items_path(conversation))).await.expect(200);
    assert_eq!(list["object"], "list", "{list}");
    let ids = ids(&list);
    assert_eq!(list["first_id"].as_str(), ids.first().map(String::as_str), "{list}");
    assert_eq!(list["last_id"].as_str(), ids.last().map(String::as_str), "{list}");
    list
}

/// All items, a page after the other.
async fn paged(user: &User, conversation: &str, order: &str, limit: usize) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let query = format!("order={order}&limit={limit}{after}");
        let list = items(user, conversation, &query).await;
        let page = ids(&list);
        assert!(page.len() == limit || list["has_more"] == false, "{list}");
        all.extend(page);
        if list["has_more"] == false {
            return all;
        }
        after = format!("&after={}", list["last_id"].as_str().expect("a last id"));
    }
}

/// The texts of the branch as `/api` shows it.
async fn texts(user: &User, conversation: &str) -> Vec<String> {
    let messages = user.list_messages(conversation).await;
    messages.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

#[testkit::test]
async fn a_conversation_is_opened_shown_changed_and_deleted(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    // A client may send no body at all.
    let request = ada.request(Method::POST, "/v1/conversations");
    let empty = ada.send(request).await.expect(200);
    assert_eq!((&empty["object"], &empty["metadata"]), (&json!("conversation"), &json!({})));

    let body = json!({
        "metadata": {"topic": "sky"}, "title": "Plans", "model": "mock:ticks=2",
        "instructions": "Be brief.", "a_field_of_tomorrow": {"x": 1},
        "items": [said("user", "Hello")],
    });
    let made = ada.post("/v1/conversations", body).await.expect(200);
    let conversation = id(&made);
    assert!(conversation.starts_with("conv_"), "{made}");
    assert_eq!(made["object"], "conversation");
    assert!(made["created_at"].is_i64() && made["updated_at"].is_i64(), "whole seconds: {made}");
    assert_eq!(made["metadata"], json!({"topic": "sky"}));
    assert_eq!((&made["title"], &made["model"]), (&json!("Plans"), &json!("mock:ticks=2")));
    assert_eq!((&made["pinned"], &made["archived"]), (&json!(false), &json!(false)));
    assert_eq!(ada.get(&path(&conversation)).await.expect(200), made);
    let shown = ada.conversation(&conversation).await;
    for field in ["title", "model", "instructions", "metadata", "head_id"] {
        assert_eq!(shown[field], made[field], "{field}");
    }

    // The pairs replace all others; what is not sent stays.
    let change = json!({"metadata": {"a": "b"}, "pinned": true, "unknown": 1});
    let changed = ada.post(&path(&conversation), change).await.expect(200);
    assert_eq!(changed["metadata"], json!({"a": "b"}));
    assert_eq!((&changed["pinned"], &changed["title"]), (&json!(true), &json!("Plans")));
    let cleared = ada.post(&path(&conversation), json!({"metadata": null})).await.expect(200);
    assert_eq!(cleared["metadata"], json!({}));
    let none = ada.post(&path(&conversation), json!({"unknown": 1})).await;
    assert_eq!(none.expect(400)["error"]["param"], "metadata");
    let long = json!({"metadata": {"key": "v".repeat(513)}});
    assert_eq!(
        ada.post(&path(&conversation), long).await.expect(400)["error"]["param"],
        "metadata"
    );

    let deleted = ada.delete(&path(&conversation)).await.expect(200);
    let expected = json!({"id": conversation, "object": "conversation.deleted", "deleted": true});
    assert_eq!(deleted, expected);
    ada.get(&path(&conversation)).await.expect_error(404, "not_found");
    let trash = ada.get("/api/conversations?deleted=true").await.expect(200);
    assert_eq!(trash["data"], json!([]), "it does not go through the trash");
    ada.delete(&path(&conversation)).await.expect_error(404, "not_found");
}

#[testkit::test]
async fn conversations_are_listed_both_ways(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let none = ada.get("/v1/conversations").await.expect(200);
    assert_eq!(
        (&none["data"], &none["first_id"], &none["last_id"], &none["has_more"]),
        (&json!([]), &Value::Null, &Value::Null, &json!(false))
    );
    let mut made = Vec::new();
    for text in ["one", "two", "three"] {
        made.push(open(&ada, json!([said("user", text)])).await);
    }
    let list = ada.get("/v1/conversations?order=asc&limit=2").await.expect(200);
    assert_eq!(ids(&list), made[..2]);
    assert_eq!((&list["has_more"], &list["last_id"]), (&json!(true), &json!(made[1])));
    let rest = format!("/v1/conversations?order=asc&limit=2&after={}", made[1]);
    let rest = ada.get(&rest).await.expect(200);
    assert_eq!((ids(&rest), &rest["has_more"]), (made[2..].to_vec(), &json!(false)));
    made.reverse();
    let list = ada.get("/v1/conversations?limit=2&include[]=x&unknown=1").await.expect(200);
    assert_eq!(ids(&list), made[..2]);
    let next = list["next_cursor"].as_str().expect("a place");
    let rest = ada.get(&format!("/v1/conversations?after={next}")).await.expect(200);
    assert_eq!(ids(&rest), made[2..]);
    ada.post(&path(&made[0]), json!({"archived": true})).await.expect(200);
    assert_eq!(ids(&ada.get("/v1/conversations").await.expect(200)), made[1..]);
    assert_eq!(ids(&ada.get("/v1/conversations?archived=true").await.expect(200)), made[..1]);
    let wrong = ada.get("/v1/conversations?order=up").await.expect(400);
    assert_eq!(wrong["error"]["param"], "order");
}

#[testkit::test]
async fn items_of_every_type_go_in_and_come_out(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = open(&ada, json!([])).await;
    let added = json!({"items": [
        said("developer", "Be brief."),
        {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "How warm is it in Lisbon?"},
            {"type": "input_image", "image_url": PNG, "detail": "low"},
            {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,YQ=="},
        ]},
        {"type": "reasoning", "id": "rs_1", "summary": [
            {"type": "summary_text", "text": "A tool knows."}]},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "get_weather",
         "arguments": "{\"city\":\"Lisbon\"}", "status": "completed"},
        {"type": "function_call_output", "call_id": "call_1", "output": "22"},
        {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "content": [
            {"type": "output_text", "text": "22 degrees.", "annotations": []}]},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No more."}]},
    ]});
    let list = ada.post(&items_path(&conversation), added).await.expect(200);
    assert_eq!((&list["object"], &list["has_more"]), (&json!("list"), &json!(false)));
    let made = ids(&list);
    assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), 7);
    assert!(made.iter().all(|id| id.starts_with("msg_") && id.len() == 36), "{made:?}");
    let mut shown = list["data"].clone();
    for item in shown.as_array_mut().unwrap() {
        assert_eq!(item["status"], "completed", "{item}");
        let item = item.as_object_mut().unwrap();
        item.remove("id");
        item.remove("status");
    }
    let text = |text: &str| json!([{"type": "input_text", "text": text}]);
    let output = |text: &str| json!([{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]);
    assert_eq!(
        shown,
        json!([
            {"type": "message", "role": "system", "content": text("Be brief.")},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "How warm is it in Lisbon?"},
                {"type": "input_image", "image_url": PNG, "detail": "low"},
                {"type": "input_file", "filename": "a.txt",
                 "file_data": "data:text/plain;base64,YQ==", "file_url": null},
            ]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "A tool knows."}]},
            {"type": "function_call", "call_id": "call_1", "name": "get_weather",
             "arguments": "{\"city\":\"Lisbon\"}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "22"},
            {"type": "message", "role": "assistant", "content": output("22 degrees.")},
            {"type": "message", "role": "assistant", "content": output("No more.")},
        ])
    );
    let stored = items(&ada, &conversation, "order=asc").await;
    assert_eq!(stored["data"], list["data"]);
    for item in list["data"].as_array().unwrap() {
        let one = ada.get(&format!("{}/{}", items_path(&conversation), id(item))).await;
        assert_eq!(one.expect(200), *item);
    }
    let mut newest_first = made.clone();
    newest_first.reverse();
    assert_eq!(ids(&items(&ada, &conversation, "").await), newest_first);

    // The user's first line is the title, and what is text is found.
    let row = ada.conversation(&conversation).await;
    let title = "How warm is it in Lisbon?";
    assert_eq!((&row["title"], &row["title_source"]), (&json!(title), &json!("first_line")));
    assert_eq!(row["head_id"], made[6].as_str());
    let found = ada.get("/api/search?q=degrees").await.expect(200);
    assert!(found.to_string().contains(&made[5]), "{found}");

    // What stands here once can be named to be added again.
    let again = json!({"items": [{"type": "item_reference", "id": made[5]}]});
    let again = ada.post(&items_path(&conversation), again).await.expect(200);
    assert_ne!(ids(&again)[0], made[5]);
    assert_eq!(again["data"][0]["content"], list["data"][5]["content"]);
}

#[testkit::test]
async fn a_conversation_begun_here_goes_on_in_the_plain_api_and_back(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let history = json!([said("user", "Why is the sky blue?"), said("assistant", "Light.")]);
    let conversation = open(&ada, history).await;
    assert_eq!(ada.conversation(&conversation).await["title"], "Why is the sky blue?");
    assert_eq!(texts(&ada, &conversation).await, ["Why is the sky blue?", "Light."]);

    // The model gets what was told, and the answer is an item of the same conversation.
    let messages = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": "Go on", "model": "mock:reasoning=2,calls=1,ticks=2"});
    let turn = ada.post(&messages, body).await.expect(201);
    let sent = app.upstream().calls().pop().expect("the upstream was asked").messages;
    let sent: Vec<(&str, &str)> =
        sent.iter().map(|(role, content)| (role.as_str(), content.as_str())).collect();
    assert_eq!(
        sent,
        [("user", "Why is the sky blue?"), ("assistant", "Light."), ("user", "Go on")]
    );
    let list = items(&ada, &conversation, "order=asc").await;
    let kinds: Vec<&str> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["type"].as_str().unwrap())
        .collect();
    let expected = ["message", "message", "message", "reasoning", "function_call", "message"];
    assert_eq!(kinds, expected, "what stands beside the answer is before it: {list}");
    let call = &turn["message"]["calls"][0];
    assert_eq!(list["data"][4]["call_id"], call["call_id"]);
    assert_eq!(list["data"][4]["arguments"], call["arguments"]);
    assert_eq!(list["data"][5]["id"], turn["message"]["id"]);
    assert_eq!(list["data"][5]["content"][0]["text"], turn["message"]["content"]);
    let output = ada.response(turn["response"]["id"].as_str().unwrap()).await["output"].clone();
    assert_eq!(list["data"].as_array().unwrap()[3..], *output.as_array().unwrap());

    // Each of them is an item to page by, both ways.
    let all = ids(&list);
    let mut newest_first = all.clone();
    newest_first.reverse();
    for limit in 1..=7 {
        assert_eq!(paged(&ada, &conversation, "asc", limit).await, all, "{limit}");
        assert_eq!(paged(&ada, &conversation, "desc", limit).await, newest_first, "{limit}");
    }
    for item in list["data"].as_array().unwrap() {
        let one = ada.get(&format!("{}/{}", items_path(&conversation), id(item))).await;
        assert_eq!(one.expect(200), *item);
    }

    // And one begun there is listed here.
    let other = ada.create_conversation().await;
    let turn = ada.send_and_wait(&other, "Hello").await;
    let list = items(&ada, &other, "order=asc").await;
    assert_eq!(ids(&list)[0], id(&turn["user_message"]));
    assert_eq!(ids(&list).last(), Some(&id(&turn["message"])));

    // Another branch, when it is selected.
    let edit = json!({"content": "Hi", "parent_id": null, "model": "mock:ticks=1"});
    ada.post(&format!("/api/conversations/{other}/messages"), edit).await.expect(201);
    let branch = ids(&items(&ada, &other, "order=asc").await);
    assert!(!branch.contains(&id(&turn["message"])));
    let elsewhere = format!("{}?order=asc&after={}", items_path(&other), id(&turn["message"]));
    assert_eq!(ada.get(&elsewhere).await.expect(400)["error"]["param"], "after");
    let select = json!({"head_id": id(&turn["user_message"])});
    ada.post(&path(&other), select).await.expect(200);
    assert_eq!(ids(&items(&ada, &other, "order=asc").await), ids(&list));
}

#[testkit::test]
async fn pages_go_on_where_items_are_missing(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let texts: Vec<Value> = (0..20).map(|n| said("user", &format!("number {n}"))).collect();
    let conversation = open(&ada, json!(texts)).await;
    let more: Vec<Value> = (20..40).map(|n| said("user", &format!("number {n}"))).collect();
    ada.post(&items_path(&conversation), json!({"items": more})).await.expect(200);
    let mut all = paged(&ada, &conversation, "asc", 7).await;
    assert_eq!(all.len(), 40);
    for at in [33, 20, 19, 7, 0] {
        let gone = all.remove(at);
        ada.delete(&format!("{}/{gone}", items_path(&conversation))).await.expect(200);
        let after = format!("{}?after={gone}", items_path(&conversation));
        assert_eq!(ada.get(&after).await.expect(400)["error"]["param"], "after");
    }
    assert_eq!(paged(&ada, &conversation, "asc", 7).await, all);
    assert_eq!(paged(&ada, &conversation, "asc", 35).await, all);
    let default = items(&ada, &conversation, "order=asc").await;
    assert_eq!((ids(&default), &default["has_more"]), (all[..20].to_vec(), &json!(true)));
    let end = items(&ada, &conversation, &format!("order=asc&after={}", all[34])).await;
    assert_eq!((ids(&end), &end["first_id"]), (Vec::new(), &Value::Null));
    all.reverse();
    assert_eq!(paged(&ada, &conversation, "desc", 7).await, all);
    for limit in ["0", "101", "x"] {
        let wrong = ada.get(&format!("{}?limit={limit}", items_path(&conversation))).await;
        assert_eq!(wrong.expect(400)["error"]["param"], "limit");
    }
}

#[testkit::test]
async fn a_deleted_item_leaves_the_others(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let history = json!([said("user", "one"), said("assistant", "two"), said("user", "three")]);
    let conversation = open(&ada, history).await;
    let messages = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": "four", "model": "mock:reasoning=1,calls=2,ticks=1"});
    let turn = ada.post(&messages, body).await.expect(201);
    let answer = turn["message"]["content"].as_str().unwrap().to_owned();
    let all = ids(&items(&ada, &conversation, "order=asc").await);
    assert_eq!(all.len(), 8);
    let delete = async |id: &str| ada.delete(&format!("{}/{id}", items_path(&conversation))).await;

    // In the middle: what hangs below it moves up, the answer's question too.
    for gone in [&all[1], &all[0], &all[3]] {
        let row = delete(gone).await.expect(200);
        assert_eq!((&row["object"], &row["id"]), (&json!("conversation"), &json!(conversation)));
        assert_eq!(row["head_id"], turn["message"]["id"], "the end of the branch stays");
        delete(gone).await.expect_error(404, "not_found");
    }
    assert_eq!(texts(&ada, &conversation).await, ["three", answer.as_str()]);
    let sql = "SELECT depth, parent_id IS NULL FROM messages WHERE type = 'message' ORDER BY seq";
    let rows = world.sql().await.rows(sql).await;
    assert_eq!(rows, [["0", "1"], ["1", "0"]], "depths have no gap");
    let response = ada.response(turn["response"]["id"].as_str().unwrap()).await;
    assert_eq!(response["user_message_id"], all[2].as_str());

    // A call goes alone.
    let row = delete(&all[5]).await.expect(200);
    assert_eq!(row["head_id"], turn["message"]["id"]);
    let left = [&all[2], &all[4], &all[6], &all[7]];
    assert!(ids(&items(&ada, &conversation, "order=asc").await).iter().eq(left));
    let frames = ada.follow(turn["response"]["id"].as_str().unwrap(), None).await.finish().await;
    testkit::validator::assert_valid(&frames);
    let told: String = frames.iter().map(|frame| frame.data.as_str()).collect();
    assert!(!told.contains(&all[5]) && told.contains(&all[6]), "no event tells of it");

    // An answer goes with what belongs to it; the branch ends above it.
    let row = delete(&all[7]).await.expect(200);
    assert_eq!(row["head_id"], all[2].as_str());
    assert_eq!(texts(&ada, &conversation).await, ["three"]);
    let rows = world.sql().await.value("SELECT COUNT(*) FROM messages").await;
    assert_eq!(rows, "1");
    assert_eq!(world.sql().await.value("SELECT COUNT(*) FROM response_events").await, "0");
    let row = delete(&all[2]).await.expect(200);
    assert_eq!(row["head_id"], Value::Null);
    assert_eq!(ids(&items(&ada, &conversation, "").await), [""; 0]);
    // It takes new ones.
    let more = json!({"items": [said("user", "again")]});
    ada.post(&items_path(&conversation), more).await.expect(200);
    assert_eq!(texts(&ada, &conversation).await, ["again"]);
}

#[testkit::test]
async fn the_last_thing_of_an_answer_without_a_text_takes_it_along(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let body = json!({"content": "one", "model": "mock:calls=2,ticks=0"});
    let turn = ada.post(&format!("/api/conversations/{conversation}/messages"), body).await;
    assert_eq!(turn.expect(201)["message"]["content"], "");
    let all = ids(&items(&ada, &conversation, "order=asc").await);
    assert_eq!(all.len(), 3, "the question and two calls");
    let delete = async |id: &str| ada.delete(&format!("{}/{id}", items_path(&conversation))).await;
    delete(&all[2]).await.expect(200);
    assert_eq!(ids(&items(&ada, &conversation, "order=asc").await), all[..2]);
    let row = delete(&all[1]).await.expect(200);
    assert_eq!(row["head_id"], all[0].as_str());
    assert_eq!(world.sql().await.value("SELECT COUNT(*) FROM messages").await, "1");
}

#[testkit::test]
async fn a_conversation_is_locked_while_an_answer_runs(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = open(&ada, json!([said("user", "one")])).await;
    let first = ids(&items(&ada, &conversation, "").await);
    let body = json!({"content": "two", "model": "mock:ticks=5000,rate=50", "stream": true});
    let messages = format!("/api/conversations/{conversation}/messages");
    let mut stream = ada.stream(ada.request(Method::POST, &messages).json(&body)).await;
    let response = stream.response_id().await;
    let before = ada.conversation(&conversation).await;
    let refused = |reply: Reply| {
        assert_eq!(reply.header("x-should-retry"), Some("false"));
        let error = reply.expect_error(400, "conversation_locked")["error"].clone();
        assert_eq!(error["type"], "invalid_request_error", "{error}");
        assert_eq!(error["response_id"], response.as_str());
    };
    let more = json!({"items": [said("user", "three")]});
    refused(ada.post(&items_path(&conversation), more.clone()).await);
    refused(ada.delete(&format!("{}/{}", items_path(&conversation), first[0])).await);
    assert_eq!(ada.conversation(&conversation).await, before, "nothing was changed");
    // What is not there is not there in any case.
    let unknown = format!("{}/{}", items_path(&conversation), unknown_id("msg"));
    ada.delete(&unknown).await.expect_error(404, "not_found");
    let list = items(&ada, &conversation, "order=asc").await;
    assert_eq!(ids(&list).len(), 2, "an answer is an item when it has ended: {list}");
    assert_eq!(ada.get(&path(&conversation)).await.expect(200)["active_response_id"], response);
    ada.cancel(&response).await;
    stream.finish().await;
    ada.post(&items_path(&conversation), more).await.expect(200);
    let list = items(&ada, &conversation, "order=asc").await;
    assert_eq!(list["data"].as_array().unwrap().len(), 4);
    assert_eq!(list["data"][2]["status"], "incomplete", "the answer was cut off");
}

#[testkit::test]
async fn requests_at_the_same_moment_add_one_after_the_other(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let add = async |n: usize| {
        let texts: Vec<Value> = (0..5).map(|at| said("user", &format!("{n} {at}"))).collect();
        let reply = ada.post(&items_path(&conversation), json!({"items": texts})).await;
        ids(&reply.expect(200))
    };
    let added = join_all((0..8).map(add)).await;
    let all = paged(&ada, &conversation, "asc", 100).await;
    assert_eq!(all.len(), 40, "all are on one branch");
    let blocks: BTreeSet<&[String]> = all.chunks(5).collect();
    let expected: BTreeSet<&[String]> = added.iter().map(Vec::as_slice).collect();
    assert_eq!(blocks, expected, "nothing came between the items of a request");
    let depths = world.sql().await.rows("SELECT depth FROM messages ORDER BY seq").await;
    let expected: Vec<Vec<String>> = (0..40).map(|depth: i32| vec![depth.to_string()]).collect();
    assert_eq!(depths, expected);
}

#[testkit::test]
async fn a_repeated_request_adds_once(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let send = async |path: &str, key: &str, body: &Value| {
        let request = ada.request(Method::POST, path).header("idempotency-key", key).json(body);
        ada.send(request).await
    };
    let body = json!({"items": [said("user", "one"), said("user", "two")]});
    let first = send("/v1/conversations", "a", &body).await.expect(200);
    let again = send("/v1/conversations", "a", &body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(200), first);
    let other = json!({"items": [said("user", "other")]});
    send("/v1/conversations", "a", &other).await.expect_error(422, "idempotency_key_reused");

    let path = items_path(&id(&first));
    let both = join_all((0..4).map(|_| send(&path, "b", &body))).await;
    let lists: BTreeSet<Vec<String>> =
        both.into_iter().map(|reply| ids(&reply.expect(200))).collect();
    assert_eq!(lists.len(), 1, "all are told of the same items");
    assert_eq!(paged(&ada, &id(&first), "asc", 10).await.len(), 4);
    send(&path, "b", &other).await.expect_error(422, "idempotency_key_reused");
    send("/v1/conversations", "b", &body).await.expect_error(422, "idempotency_key_reused");
    assert_eq!(ada.list_conversations().await.len(), 1);
}

#[testkit::test]
async fn nobody_finds_the_items_of_others(world: World) {
    let app = TestApp::start(&world).await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let hers = open(&ada, json!([said("user", "a secret")])).await;
    let his = open(&bob, json!([said("user", "mine")])).await;
    let secret = ids(&items(&ada, &hers, "").await).remove(0);
    // The conversation is his, the item is not; and the other way round.
    for wrong in [format!("{his}/items/{secret}"), format!("{hers}/items/{secret}")] {
        let wrong = format!("/v1/conversations/{wrong}");
        bob.get(&wrong).await.expect_error(404, "not_found");
        bob.delete(&wrong).await.expect_error(404, "not_found");
    }
    // An item of his own elsewhere is none of this conversation.
    let other = open(&bob, json!([said("user", "another")])).await;
    let elsewhere = ids(&items(&bob, &other, "").await).remove(0);
    let wrong = format!("{}/{elsewhere}", items_path(&his));
    bob.get(&wrong).await.expect_error(404, "not_found");
    bob.delete(&wrong).await.expect_error(404, "not_found");
    let reference = json!({"items": [{"type": "item_reference", "id": secret}]});
    let refused = bob.post(&items_path(&his), reference).await.expect(400);
    assert_eq!(refused["error"]["param"], "items[0].id");
    assert_eq!(texts(&ada, &hers).await, ["a secret"]);
    assert_eq!(texts(&bob, &his).await, ["mine"]);
}

#[testkit::test]
async fn what_cannot_be_added_is_named(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = open(&ada, json!([said("user", "one")])).await;
    let many: Vec<Value> = (0..21).map(|n| said("user", &n.to_string())).collect();
    for (items, param) in [
        (json!(many), "items"),
        (json!([]), "items"),
        (json!("a text"), "items"),
        (json!(null), "items"),
        (json!([{"type": "web_search_call", "id": "ws_1"}]), "items[0]"),
        (json!([said("user", "ok"), {"role": "critic", "content": "x"}]), "items[1].role"),
        (json!([{"type": "function_call", "name": "x", "arguments": ""}]), "items[0].call_id"),
        (
            json!([{"role": "user", "content": [{"type": "input_image", "image_url": "ftp://x"}]}]),
            "items[0].content[0].image_url",
        ),
    ] {
        for path in ["/v1/conversations", items_path(&conversation).as_str()] {
            // A conversation may begin empty.
            let is_open = path == "/v1/conversations" && (items.is_null() || items == json!([]));
            if !is_open {
                let error =
                    ada.post(path, json!({"items": items})).await.expect(400)["error"].clone();
                assert_eq!(error["param"], param, "{path}: {error}");
                assert_eq!(error["type"], "invalid_request_error", "{path}: {error}");
            }
        }
    }
    assert_eq!(texts(&ada, &conversation).await, ["one"]);
    assert_eq!(ada.list_conversations().await.len(), 1, "nothing was opened");
    // An id is written as a cell of the table has it.
    let sql =
        format!("SELECT COUNT(*) FROM messages WHERE conversation_id = {}", sql_id(&conversation));
    assert_eq!(world.sql().await.value(&sql).await, "1");
}
