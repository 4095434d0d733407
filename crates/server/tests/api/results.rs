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
