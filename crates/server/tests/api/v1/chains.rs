//! Responses behind each other, in chains and in conversations.

use serde_json::{Value, json};
use testkit::validator::assert_valid;
use testkit::{TestApp, World};

use super::{create, follow, id, pairs, stream, text, told, with_key};
use crate::unknown_id;

/// How many conversations and items there are.
async fn rows(world: &World) -> (String, String) {
    let mut sql = world.sql().await;
    let conversations = sql.value("SELECT COUNT(*) FROM conversations").await;
    (conversations, sql.value("SELECT COUNT(*) FROM messages").await)
}

fn behind(previous: &Value, input: &str) -> Value {
    json!({"model": "mock:echo", "input": input, "previous_response_id": previous["id"]})
}

#[testkit::test]
async fn a_chain_remembers_forks_are_branches_and_no_list_shows_it(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let key = with_key(&ada).await;
    let body = json!({"model": "mock:echo", "input": "One", "instructions": "Be brief."});
    let first = create(&key, body).await;
    assert_eq!((text(&first).as_str(), &first["conversation"]), ("One", &Value::Null));
    assert_eq!(first["instructions"], "Be brief.");
    assert_eq!(told(&app), pairs(&[("system", "Be brief."), ("user", "One")]));

    // Instructions hold for their response alone.
    let second = create(&key, behind(&first, "Two")).await;
    assert_eq!(second["previous_response_id"], first["id"]);
    assert_eq!(second["instructions"], Value::Null);
    assert_eq!(told(&app), pairs(&[("user", "One"), ("assistant", "One"), ("user", "Two")]));

    // Two behind the same one know nothing of each other.
    let fork = create(&key, behind(&first, "Other")).await;
    assert_eq!(told(&app), pairs(&[("user", "One"), ("assistant", "One"), ("user", "Other")]));
    let third = create(&key, behind(&second, "Three")).await;
    let all = ["One", "One", "Two", "Two", "Three"];
    let said: Vec<String> = told(&app).into_iter().map(|(_, text)| text).collect();
    assert_eq!(said, all);
    create(&key, behind(&fork, "Four")).await;
    let said: Vec<String> = told(&app).into_iter().map(|(_, text)| text).collect();
    assert_eq!(said, ["One", "One", "Other", "Other", "Four"]);

    assert_eq!(ada.list_conversations().await, [Value::Null; 0]);
    assert_eq!(rows(&world).await, ("1".to_owned(), "10".to_owned()));
    let calls = app.upstream().calls().len();
    assert_eq!(calls, 5, "no title is asked for");

    // What a response answers: all of its branch, newest first, in pages.
    let path = format!("/v1/responses/{}/input_items", id(&third));
    let texts = |page: &Value| -> Vec<String> {
        let items = page["data"].as_array().unwrap().iter();
        items.map(|item| item["content"][0]["text"].as_str().unwrap().to_owned()).collect()
    };
    let page = key.get(&format!("{path}?limit=2&include[]=x")).await.expect(200);
    assert_eq!(
        (texts(&page).as_slice(), &page["has_more"]),
        (["Three", "Two"].map(str::to_owned).as_slice(), &json!(true))
    );
    assert_eq!(page["first_id"], page["data"][0]["id"]);
    let next = format!("{path}?after={}", page["last_id"].as_str().unwrap());
    let page = key.get(&next).await.expect(200);
    assert_eq!((texts(&page).len(), &page["has_more"]), (3, &json!(false)));
    assert_eq!(page["data"][0]["role"], "user");
    let page = key.get(&format!("{path}?order=asc")).await.expect(200);
    assert_eq!(texts(&page), all);
    for (query, param) in [("limit=0", "limit"), ("limit=101", "limit"), ("order=up", "order")] {
        let error = key.get(&format!("{path}?{query}")).await.expect_error(400, "invalid_value");
        assert_eq!(error["error"]["param"], param);
    }
}

#[testkit::test]
async fn a_conversation_goes_on_from_either_door(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let key = with_key(&ada).await;
    let conversation = ada.post("/api/conversations", json!({"instructions": "Be kind."})).await;
    let conversation = id(&conversation.expect(201)).to_owned();
    let said = json!({"content": "Hello", "model": "mock:echo"});
    let turn =
        ada.post(&format!("/api/conversations/{conversation}/messages"), said).await.expect(201);

    for named in [json!(conversation), json!({"id": conversation})] {
        let body = json!({"model": "mock:echo", "input": "More", "conversation": named});
        let response = create(&key, body).await;
        assert_eq!(response["conversation"]["id"], conversation);
        assert_eq!(response["instructions"], "Be kind.");
    }
    assert_eq!(
        told(&app)[..3],
        pairs(&[("system", "Be kind."), ("user", "Hello"), ("assistant", "Hello")])
    );
    let body = json!({
        "model": "mock:echo", "input": "Now", "conversation": conversation,
        "instructions": "Be rude.",
    });
    let last = create(&key, body).await;
    assert_eq!(told(&app)[0], ("system".to_owned(), "Be rude.".to_owned()));
    let messages = ada.list_messages(&conversation).await;
    let said: Vec<&Value> = messages.iter().map(|message| &message["content"]).collect();
    assert_eq!(said, ["Hello", "Hello", "More", "More", "More", "More", "Now", "Now"]);

    // Behind a response of a conversation it goes into that conversation.
    let fork = create(&key, behind(&turn["response"], "Fork")).await;
    assert_eq!(fork["conversation"]["id"], conversation);
    assert_eq!(told(&app).len(), 4, "{:?}", told(&app));
    // A response of this door is one of the other, too.
    assert_eq!(ada.response(id(&last)).await["output"], last["output"]);
}

#[testkit::test]
async fn what_cannot_be_gone_on_from_is_told_as_openai_does(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let key = with_key(&ada).await;
    let conversation = ada.create_conversation().await;
    let body = json!({"model": "mock:ticks=9,fault=stall@3", "input": "Wait", "conversation": conversation});
    let mut running = stream(&key, body).await;
    running.read_text(2).await;
    let response = running.response_id().await;
    let more =
        |field: &str, value: &str| json!({"model": "mock:echo", "input": "More", field: value});
    for body in [more("conversation", &conversation), more("previous_response_id", &response)] {
        let reply = key.post("/v1/responses", body).await;
        assert_eq!(reply.header("x-should-retry"), Some("false"));
        let error = reply.expect_error(400, "conversation_locked");
        assert_eq!(error["error"]["type"], "invalid_request_error");
        assert_eq!(error["error"]["param"], "conversation");
    }
    key.post(&format!("/v1/responses/{response}/cancel"), json!({})).await.expect(200);
    for previous in [unknown_id("resp"), "nonsense".to_owned()] {
        let error = key.post("/v1/responses", more("previous_response_id", &previous)).await;
        let error = error.expect_error(400, "previous_response_not_found");
        assert_eq!(error["error"]["param"], "previous_response_id");
        assert_eq!(error["error"]["type"], "invalid_request_error");
    }
    for unknown in [unknown_id("conv"), "nonsense".to_owned()] {
        key.post("/v1/responses", more("conversation", &unknown))
            .await
            .expect_error(404, "not_found");
    }
    let mut both = more("conversation", &conversation);
    both["previous_response_id"] = json!(response);
    key.post("/v1/responses", both).await.expect_error(400, "mutually_exclusive_parameters");
    // A stopped one can be gone on from.
    create(&key, more("previous_response_id", &response)).await;
}

#[testkit::test]
async fn a_result_needs_its_call(world: World) {
    let app = TestApp::start(&world).await;
    let key = with_key(&app.user("ada").await).await;
    let result =
        |call: &str| json!([{"type": "function_call_output", "call_id": call, "output": "Sunny"}]);
    let first =
        create(&key, json!({"model": "mock:calls=2,ticks=0", "input": "The weather?"})).await;
    let call = first["output"][1]["call_id"].as_str().unwrap();
    let mut body = behind(&first, "");
    body["input"] = result("call_unknown");
    let error = key.post("/v1/responses", body.clone()).await.expect_error(400, "invalid_value");
    assert_eq!(error["error"]["param"], "input");
    let message = error["error"]["message"].as_str().unwrap();
    assert_eq!(message, "No tool call found for function call output with call_id call_unknown.");
    body["input"] = result(call);
    create(&key, body.clone()).await;
    let alone = json!({"model": "mock:echo", "input": result(call)});
    key.post("/v1/responses", alone).await.expect_error(400, "invalid_value");
    // A client that keeps the history itself tells the call.
    let history = json!([
        {"role": "user", "content": "The weather?"},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "Sunny"},
    ]);
    let told = create(&key, json!({"model": "mock:ticks=1", "input": history})).await;
    assert_eq!(told["status"], "completed");
    let next = create(&key, behind(&told, "Thanks")).await;
    assert_eq!(next["status"], "completed");
}

#[testkit::test]
async fn an_item_of_the_caller_is_said_once_more(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let (key, other) = (with_key(&ada).await, with_key(&app.user("bob").await).await);
    let first = create(&key, json!({"model": "mock:echo", "input": "Hello"})).await;
    let path = format!("/v1/responses/{}/input_items", id(&first));
    let asked = key.get(&path).await.expect(200)["data"][0]["id"].clone();
    let input = json!([
        {"type": "item_reference", "id": asked},
        {"id": first["output"][0]["id"]},
        {"role": "user", "content": "More"},
    ]);
    let body = json!({"model": "mock:echo", "input": input});
    create(&key, body.clone()).await;
    assert_eq!(told(&app), pairs(&[("user", "Hello"), ("assistant", "Hello"), ("user", "More")]));
    let refused = other.post("/v1/responses", body).await.expect_error(400, "invalid_value");
    assert_eq!(refused["error"]["param"], "input[0].id");
}

#[testkit::test]
async fn deleting_a_chain_leaves_nothing_that_nobody_can_find(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let key = with_key(&ada).await;
    let delete = async |response: &Value| {
        let path = format!("/v1/responses/{}", id(response));
        let gone = key.delete(&path).await.expect(200);
        assert_eq!(gone, json!({"id": response["id"], "object": "response", "deleted": true}));
        key.get(&path).await.expect_error(404, "not_found");
        key.get(&format!("{path}/input_items")).await.expect_error(404, "not_found");
        key.post(&format!("{path}/cancel"), json!({})).await.expect_error(404, "not_found");
        key.delete(&path).await.expect_error(404, "not_found");
        ada.get(&format!("/api/responses/{}", id(response))).await.expect_error(404, "not_found");
        let more = key.post("/v1/responses", behind(response, "More")).await;
        more.expect_error(400, "previous_response_not_found");
    };
    let first = create(&key, json!({"model": "mock:echo", "input": "One"})).await;
    let second = create(&key, behind(&first, "Two")).await;
    let fork = create(&key, behind(&first, "Fork")).await;
    let count = |conversations: u32, items: u32| (conversations.to_string(), items.to_string());
    assert_eq!(rows(&world).await, count(1, 6));
    // Others hang below it.
    delete(&first).await;
    assert_eq!(rows(&world).await, count(1, 6));
    create(&key, behind(&fork, "More")).await;
    assert_eq!(told(&app).len(), 5, "what was deleted is still what was said before");
    delete(&second).await;
    assert_eq!(rows(&world).await, count(1, 6));
    let mut left = create(&key, behind(&fork, "Last")).await;
    // One that runs is stopped first.
    let body = json!({"model": "mock:ticks=9,fault=stall@3", "input": "Wait", "background": true,
        "previous_response_id": left["id"]});
    let running = create(&key, body).await;
    let follower = follow(&key, id(&running), None).await;
    delete(&running).await;
    assert_valid(&follower.finish().await);
    delete(&left).await;
    assert_eq!(rows(&world).await, count(1, 6));
    delete(&fork).await;
    assert_eq!(rows(&world).await, count(1, 6), "one still hangs below it");
    left = app_items(&ada, &world).await;
    assert_eq!(left["status"], "completed");
    delete(&left).await;
    testkit::eventually("the chain is gone", async || rows(&world).await == count(0, 0)).await;
}

/// The one response that is left.
async fn app_items(ada: &testkit::client::User, world: &World) -> Value {
    let query = "SELECT LOWER(HEX(id)) FROM responses WHERE purpose = 'answer'";
    let left = world.sql().await.value(query).await;
    ada.response(&format!("resp_{left}")).await
}

#[testkit::test]
async fn the_messages_of_a_conversation_outlive_their_response(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let key = with_key(&ada).await;
    let conversation = ada.create_conversation().await;
    let body = json!({"model": "mock:echo", "input": "Hello", "conversation": conversation});
    let response = create(&key, body.clone()).await;
    key.delete(&format!("/v1/responses/{}", id(&response))).await.expect(200);
    let messages = ada.list_messages(&conversation).await;
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[1]["content"], "Hello");
    let more = create(&key, body).await;
    assert_eq!(more["status"], "completed");
    assert_eq!(told(&app).len(), 3);
    let all = ada.get("/api/export").await.text;
    assert!(all.contains("Hello"), "{all}");
    ada.remove_conversation(&conversation).await;
}
