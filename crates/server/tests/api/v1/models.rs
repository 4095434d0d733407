//! `/v1/models`, and what every reply below `/v1` has.

use mock::MockServer;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::Anonymous;
use testkit::{TestApp, World};

#[testkit::test]
async fn models_are_listed_and_found_by_names_with_slashes_and_colons(world: World) {
    let other = MockServer::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    other.set_models(&[("team/kimi:free", None)]);
    let app = TestApp::builder(&world)
        .set("CHATAPP_PROVIDERS__GROQ__BASE_URL", other.base_url())
        .set("CHATAPP_PROVIDERS__GROQ__API_KEY", "sk-of-groq")
        .start()
        .await;
    let ada = app.user("ada").await;
    let key = ada.with_key(&["read"]).await;
    let list = key.get("/v1/models?limit=3&unknown=1").await.expect(200);
    assert_eq!(list["object"], "list");
    let names: Vec<&Value> =
        list["data"].as_array().unwrap().iter().map(|model| &model["id"]).collect();
    assert_eq!(
        (names.first(), names.last()),
        (Some(&&json!("test-model")), Some(&&json!("groq/team/kimi:free")))
    );
    for path in ["groq/team/kimi:free", "groq%2Fteam%2Fkimi%3Afree", "groq/team%2Fkimi:free"] {
        let model = key.get(&format!("/v1/models/{path}")).await.expect(200);
        let expected = json!({
            "id": "groq/team/kimi:free", "object": "model", "created": 0, "owned_by": "groq",
        });
        assert_eq!(model, expected, "{path}");
    }
    for path in ["nothing", "groq/nothing", "groq", "test-model/"] {
        let error = key.get(&format!("/v1/models/{path}")).await;
        let error = error.expect_error(404, "model_not_found");
        assert_eq!(error["error"]["type"], "invalid_request_error", "{path}");
        assert_eq!(error["error"]["param"], "model", "{path}");
    }
}

#[testkit::test]
async fn a_key_is_taken_from_the_headers_of_other_clients_too(world: World) {
    let app = TestApp::start(&world).await;
    let key = app.user("ada").await.create_key(&["read"]).await["key"].as_str().unwrap().to_owned();
    let anonymous = app.anonymous();
    let get = |client: &Anonymous, headers: &[(&str, &str)]| {
        let request = client.request(Method::GET, "/v1/models");
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    for name in ["api-key", "x-api-key"] {
        anonymous.send(get(&anonymous, &[(name, &key)])).await.expect(200);
        let wrong = anonymous.send(get(&anonymous, &[(name, "sk-wrong")])).await;
        assert!(wrong.header("www-authenticate").is_some());
        wrong.expect_error(401, "invalid_api_key");
    }
    // The bearer token decides where there is one, and of two keys none does.
    let bearer = anonymous.with_bearer(Some("sk-wrong"));
    anonymous.send(get(&bearer, &[("api-key", &key)])).await.expect_error(401, "invalid_api_key");
    let twice = get(&anonymous, &[("api-key", &key), ("x-api-key", &key)]);
    anonymous.send(twice).await.expect_error(401, "invalid_token");
}

#[testkit::test]
async fn every_reply_has_the_headers_that_openai_clients_read(world: World) {
    let app = TestApp::builder(&world)
        .set("CHATAPP_SERVER__CORS_ORIGINS", "https://chat.example.org")
        .set("CHATAPP_LIMITS__REQUESTS_PER_USER", "1000")
        .start()
        .await;
    let ada = app.user("ada").await;
    for path in ["/v1/models", "/v1/models/nothing"] {
        let reply = ada.get(path).await;
        let number = |name: &str| reply.header(name).and_then(|value| value.parse::<u64>().ok());
        assert!(reply.header("x-request-id").is_some_and(|id| id.starts_with("req_")), "{path}");
        assert!(number("openai-processing-ms").is_some(), "{path}");
        assert_eq!(number("x-ratelimit-limit-requests"), Some(1000), "{path}");
    }
    ada.delete("/v1/models").await.expect_error(405, "method_not_supported");
    ada.get("/v1/nothing").await.expect_error(404, "unknown_url");

    let asked = "authorization,content-type,openai-organization,x-stainless-read-timeout,\
                 x-client-request-id,x-conversation-id";
    let preflight = app
        .anonymous()
        .request(Method::OPTIONS, "/v1/models")
        .header("origin", "https://chat.example.org")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", asked);
    let preflight = app.anonymous().send(preflight).await;
    let allowed = preflight.header("access-control-allow-headers").unwrap().to_owned();
    for header in asked.split(',') {
        assert!(allowed.split(',').any(|name| name == header), "{header}: {allowed}");
    }
    let shown = ada.request(Method::GET, "/v1/models").header("origin", "https://chat.example.org");
    let shown = ada.send(shown).await;
    let exposed = shown.header("access-control-expose-headers").unwrap();
    for header in ["x-request-id", "openai-processing-ms", "retry-after-ms"] {
        assert!(exposed.split(',').any(|name| name == header), "{header}: {exposed}");
    }
}
