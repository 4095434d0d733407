//! Results of tools: items of their own in a branch, through everything that reads one.

use serde_json::{Value, json};
use testkit::client::User;
use testkit::{TestApp, World};

use crate::sql_id;

/// What the tool returned.
pub(crate) const OUTPUT: &str = "{\"degrees\": 22}";

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

/// Makes a stored message of a person the result of a call: no route takes one yet.
pub(crate) async fn make_result(world: &World, message: &str, call_id: &str) {
    let data = json!({ "call_id": call_id });
    let update = format!(
        "UPDATE messages SET type = 'function_call_output', role = NULL, is_user = FALSE, \
         data = '{data}' WHERE id = {}",
        sql_id(message)
    );
    assert_eq!(world.sql().await.execute(&update).await, 1);
}

/// A conversation in which an answer calls a tool and another one hangs below its result: its id
/// and the two turns.
async fn called(world: &World, user: &User) -> (String, Value, Value) {
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let asked = json!({"content": "How warm is it?", "model": "mock:calls=1,ticks=2"});
    let asked = user.post(&path, asked).await.expect(201);
    let told = user.post(&path, json!({"content": OUTPUT, "model": "mock:ticks=3"})).await;
    let told = told.expect(201);
    let call = asked["message"]["calls"][0]["call_id"].as_str().expect("a call").to_owned();
    make_result(world, &id(&told["user_message"]), &call).await;
    (conversation, asked, told)
}

#[testkit::test]
async fn a_result_is_an_item_of_its_branch(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let (conversation, asked, told) = called(&world, &ada).await;
    let result = id(&told["user_message"]);
    let list = ada.list_messages(&conversation).await;
    let kinds: Vec<&Value> = list.iter().map(|item| &item["type"]).collect();
    assert_eq!(kinds, ["message", "message", "function_call_output", "message"]);
    let item = &list[2];
    assert_eq!(item["call_id"], asked["message"]["calls"][0]["call_id"]);
    assert_eq!(item["content"], OUTPUT);
    assert_eq!((&item["role"], &item["is_user"]), (&Value::Null, &json!(false)));
    assert_eq!((&item["parent_id"], &item["sibling_count"]), (&asked["message"]["id"], &json!(1)));
    assert_eq!(list[3]["parent_id"], result.as_str());
    assert!(list.iter().filter(|other| other.get("call_id").is_some()).eq([item]));
    let one = ada.get(&format!("/api/messages/{result}")).await.expect(200);
    assert_eq!(one, *item);

    // Its branch is found from it, and goes on.
    let path = format!("/api/conversations/{conversation}");
    let row = ada.patch(&path, json!({"head_id": result})).await.expect(200);
    assert_eq!(row["head_id"], told["message"]["id"]);
    let body = json!({"content": "And now?", "model": "mock:ticks=1"});
    let next = ada.post(&format!("{path}/messages"), body).await.expect(201);
    assert_eq!(next["user_message"]["parent_id"], told["message"]["id"]);
    // The model is told of its call and of what it returned.
    let sent = app.upstream().calls().pop().expect("the upstream was asked").messages;
    assert!(sent.iter().any(|(_, content)| content.contains(OUTPUT)), "{sent:?}");
    assert_eq!(next["response"]["context"]["messages_sent"], 5);

    let document = ada.get(&format!("{path}/export?format=markdown")).await.text;
    let call = item["call_id"].as_str().expect("a call");
    assert!(document.contains(&format!("## Tool result ({call})\n")), "{document}");
    assert!(document.contains(&format!("\n    {OUTPUT}\n")), "{document}");

    // It is deleted with all that hangs below it.
    ada.delete(&format!("/api/messages/{result}")).await.expect(200);
    let list = ada.list_messages(&conversation).await;
    assert_eq!(
        list.iter().map(id).collect::<Vec<_>>(),
        [id(&asked["user_message"]), id(&asked["message"])]
    );
    assert_eq!(ada.conversation(&conversation).await["head_id"], asked["message"]["id"]);
}

#[testkit::test]
async fn what_a_tool_returned_can_be_answered_again(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let (conversation, _, told) = called(&world, &ada).await;
    let result = id(&told["user_message"]);
    // By itself, and by the answer to it.
    for (count, message) in [(2, &result), (3, &id(&told["message"]))] {
        let path = format!("/api/messages/{message}/regenerate");
        let again = ada.post(&path, json!({"model": "mock:ticks=1"})).await.expect(201);
        assert_eq!(again["user_message"]["id"], result.as_str());
        assert_eq!(again["user_message"]["type"], "function_call_output");
        assert_eq!(again["message"]["sibling_count"], count);
        assert_eq!(again["response"]["context"]["messages_sent"], 3);
        let sent = app.upstream().calls().pop().expect("the upstream was asked").messages;
        assert!(sent.iter().any(|(_, content)| content.contains(OUTPUT)), "{sent:?}");
    }
    assert_eq!(ada.list_messages(&conversation).await.len(), 4);
}

/// The type and everything that is kept of each item.
fn kept(list: &[Value]) -> Vec<Value> {
    let names = ["type", "role", "is_user", "content", "parts", "call_id", "name", "arguments"];
    let item = |item: &Value| {
        names.iter().map(|name| ((*name).to_owned(), item[*name].clone())).collect::<Value>()
    };
    list.iter().map(item).collect()
}

/// Makes a stored message of a person an item of this type: no route of `/api` takes one.
async fn make(world: &World, message: &str, kind: &str, data: &Value) {
    let (role, is_user) = match kind {
        "message" => ("'user'", "TRUE"),
        _ => ("NULL", "FALSE"),
    };
    let update = format!(
        "UPDATE messages SET type = '{kind}', role = {role}, is_user = {is_user}, \
         data = '{data}' WHERE id = {}",
        sql_id(message)
    );
    assert_eq!(world.sql().await.execute(&update).await, 1);
}

#[testkit::test]
async fn calls_reasoning_and_parts_that_a_client_told_are_shown_exported_and_imported(
    world: World,
) {
    let app = TestApp::start(&world).await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let conversation = ada.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let mut turns = Vec::new();
    for content in ["What is this?", "They ask.", "{\"city\":\"Lisbon\"}", OUTPUT] {
        let said = json!({"content": content, "model": "mock:ticks=1"});
        turns.push(ada.post(&path, said).await.expect(201));
    }
    let items: Vec<String> = turns.iter().map(|turn| id(&turn["user_message"])).collect();
    let picture = json!({"type": "image", "url": "https://example.org/a.png", "detail": "low"});
    let file = json!({"type": "file", "filename": "a.txt", "data": "data:text/plain;base64,QQ=="});
    let parts = json!({"parts": [{"type": "text", "bytes": 13}, picture, file]});
    make(&world, &items[0], "message", &parts).await;
    make(&world, &items[1], "reasoning", &json!({})).await;
    let call = json!({"call_id": "call_7", "name": "get_weather"});
    make(&world, &items[2], "function_call", &call).await;
    make(&world, &items[3], "function_call_output", &json!({"call_id": "call_7"})).await;

    let list = ada.list_messages(&conversation).await;
    assert_eq!(list.len(), 8, "all of them are in the branch");
    let told: Vec<Value> = list.iter().filter(|item| items.contains(&id(item))).cloned().collect();
    let kinds: Vec<&Value> = told.iter().map(|item| &item["type"]).collect();
    assert_eq!(kinds, ["message", "reasoning", "function_call", "function_call_output"]);
    let text = json!({"type": "text", "text": "What is this?"});
    assert_eq!(told[0]["parts"], json!([text, picture, file]));
    assert_eq!(told[0]["content"], "What is this?");
    assert_eq!((&told[1]["content"], &told[1]["role"]), (&json!("They ask."), &Value::Null));
    assert_eq!((&told[2]["call_id"], &told[2]["name"]), (&json!("call_7"), &json!("get_weather")));
    assert_eq!(told[2]["arguments"], "{\"city\":\"Lisbon\"}");
    assert_eq!((&told[2]["content"], told[2].get("calls")), (&json!(""), None));
    for item in &told {
        assert_eq!(item["sibling_count"], 1, "{item}");
        assert_eq!(ada.get(&format!("/api/messages/{}", id(item))).await.expect(200), *item);
    }
    // One of them can end the branch that is selected.
    let row = ada.patch(&path.replace("/messages", ""), json!({"head_id": items[1]})).await;
    assert_eq!(row.expect(200)["head_id"], turns[3]["message"]["id"]);

    let document = ada.get(&path.replace("messages", "export?format=markdown")).await.text;
    for shown in [
        "*Image: [https://example.org/a.png](<https://example.org/a.png>)*",
        "*File: a.txt*",
        "> They ask.",
        "*Tool: get_weather*\n\n    {\"city\":\"Lisbon\"}",
        "## Tool result (call_7)",
    ] {
        assert!(document.contains(shown), "{shown}: {document}");
    }
    let lines = ada.get(&path.replace("messages", "export")).await.text;
    let (entries, summary) = super::transfer::import(&bob, "", lines).await;
    assert_eq!((&summary["imported"], &summary["messages"]), (&json!(1), &json!(8)), "{entries:?}");
    let imported = entries[0]["conversation_id"].as_str().expect("an id");
    assert_eq!(kept(&bob.list_messages(imported).await), kept(&list));

    // It is deleted like any other item, with what hangs below it.
    ada.delete(&format!("/api/messages/{}", items[2])).await.expect(200);
    assert_eq!(ada.list_messages(&conversation).await.len(), 4);
}
