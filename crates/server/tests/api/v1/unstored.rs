//! `store: false`: nothing is kept.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::validator::assert_valid;
use testkit::{TestApp, World};

use super::{compliance::assert_resource, create, id, pairs, stream, told, with_key};

#[testkit::test]
async fn nothing_is_kept_where_nothing_is_to_be_kept(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let key = with_key(&ada).await;
    let body = json!({"model": "mock:echo", "input": "Hello", "store": false, "instructions": "Be brief."});
    let response = create(&key, body.clone()).await;
    assert_resource(&response);
    assert_eq!((&response["status"], &response["store"]), (&json!("completed"), &json!(false)));
    assert_eq!(response["output"][0]["content"][0]["text"], "Hello");
    assert_eq!(told(&app), pairs(&[("system", "Be brief."), ("user", "Hello")]));
    let frames = stream(&key, body).await.finish().await;
    assert_valid(&frames);
    assert_eq!(frames[frames.len() - 2].json()["response"]["store"], false);

    let path = format!("/v1/responses/{}", id(&response));
    key.get(&path).await.expect_error(404, "not_found");
    let body =
        json!({"model": "mock:echo", "input": "More", "previous_response_id": response["id"]});
    let refused = key.post("/v1/responses", body).await;
    refused.expect_error(400, "previous_response_not_found");
    let mut sql = world.sql().await;
    for table in ["conversations", "messages", "responses"] {
        assert_eq!(sql.value(&format!("SELECT COUNT(*) FROM {table}")).await, "0", "{table}");
    }
}

#[testkit::test]
async fn what_is_not_kept_can_follow_what_is(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let key = with_key(&ada).await;
    let first = create(&key, json!({"model": "mock:echo", "input": "One"})).await;
    let body = json!({"model": "mock:echo", "input": "Two", "store": false,
        "previous_response_id": first["id"]});
    for _ in 0..2 {
        create(&key, body.clone()).await;
        assert_eq!(told(&app), pairs(&[("user", "One"), ("assistant", "One"), ("user", "Two")]));
    }
    let conversation = ada.create_conversation().await;
    for (field, value) in [("conversation", json!(conversation)), ("background", json!(true))] {
        let mut body = json!({"model": "mock:echo", "input": "Two", "store": false});
        body[field] = value;
        let error = key.post("/v1/responses", body).await;
        let error = error.expect_error(400, "unsupported_parameter");
        assert_eq!(error["error"]["param"], "store");
    }
    assert_eq!(ada.list_messages(&conversation).await, [Value::Null; 0]);
}

#[testkit::test]
async fn each_counts_among_the_running_answers_of_its_user(world: World) {
    let app =
        TestApp::builder(&world).set("CHATAPP_LIMITS__GENERATIONS_PER_USER", "1").start().await;
    let ada = app.user("ada").await;
    let key = with_key(&ada).await;
    let first = create(&key, json!({"model": "mock:echo", "input": "One"})).await;
    let body = json!({"model": "mock:ticks=5000,rate=20", "input": "Two", "store": false,
        "previous_response_id": first["id"]});
    let mut running = stream(&key, body.clone()).await;
    running.next().await.expect("it runs");
    let request = key.request(Method::POST, "/v1/responses").json(&body);
    key.send(request).await.expect_error(429, "rate_limit_exceeded");
}
