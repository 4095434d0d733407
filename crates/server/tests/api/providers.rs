//! Several providers: which one is asked, with which key, and what becomes of the others.

use mock::{MockServer, Script, Step, script::Ending};
use serde_json::{Value, json};
use testkit::app::TestAppBuilder;
use testkit::client::User;
use testkit::{TestApp, World};

const DEFAULT_KEY: &str = "Bearer sk-0123456789abcdef";

/// A second upstream, with the variables that make it the provider `name`.
async fn with_provider(app: TestAppBuilder, name: &str) -> (TestAppBuilder, MockServer) {
    let server = MockServer::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let key = |key: &str| format!("CHATAPP_PROVIDERS__{}__{key}", name.to_uppercase());
    let app =
        app.set(&key("BASE_URL"), server.base_url()).set(&key("API_KEY"), format!("sk-of-{name}"));
    (app, server)
}

async fn ask(user: &User, conversation: &str, model: &str) -> Value {
    let path = format!("/api/conversations/{conversation}/messages");
    user.post(&path, json!({"content": "x", "model": model})).await.expect(201)
}

/// The keys that an upstream has seen, of chats and of requests for its list.
fn keys_seen(server: &MockServer) -> Vec<String> {
    let calls = server.calls().into_iter().filter_map(|call| call.authorization);
    let listings = server.listings().into_iter().flatten();
    let listings = listings.filter(|(name, _)| name == "authorization").map(|(_, value)| value);
    let mut keys: Vec<String> = calls.chain(listings).collect();
    keys.sort();
    keys.dedup();
    keys
}

#[testkit::test]
async fn a_name_leads_to_one_provider_with_its_own_key(world: World) {
    let app = TestApp::builder(&world);
    let (app, groq) = with_provider(app, "groq").await;
    let (app, local) = with_provider(app, "local").await;
    groq.set_models(&[("llama", Some(131_072)), ("team/kimi", None)]);
    local.set_models(&[("llama", None), ("qwen", None)]);
    let app = app.start().await;
    app.upstream().set_models(&[("llama-at-home", None), ("groq/mixed", None)]);
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;

    let list = ada.get("/api/models").await.expect(200);
    let names: Vec<&str> =
        list["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    let expected = [
        "test-model",
        "llama-at-home",
        "openai/groq/mixed",
        "groq/llama",
        "groq/team/kimi",
        "local/llama",
        "local/qwen",
    ];
    assert_eq!(names, expected);
    assert_eq!(list["data"][0]["default"], true);
    assert_eq!(
        list["data"][3],
        json!({
            "id": "groq/llama", "object": "model", "provider": "groq", "default": false,
            "available": true, "context_tokens": 131_072, "output_reserve_tokens": 4096,
            "capabilities": {"streaming": true, "reasoning": null, "demo": false},
        })
    );
    assert_eq!(list["providers"][1]["name"], "groq");

    for (asked, provider, id, name) in [
        ("test-model", app.upstream(), "test-model", "test-model"),
        ("llama", &groq, "llama", "groq/llama"),
        ("local/llama", &local, "llama", "local/llama"),
        ("qwen", &local, "qwen", "local/qwen"),
        ("groq/team/kimi", &groq, "team/kimi", "groq/team/kimi"),
        ("groq/unlisted", &groq, "unlisted", "groq/unlisted"),
        ("openai/groq/mixed", app.upstream(), "groq/mixed", "openai/groq/mixed"),
        ("unlisted", app.upstream(), "unlisted", "unlisted"),
    ] {
        let before = provider.calls().len();
        let turn = ask(&ada, &conversation, asked).await;
        assert_eq!(turn["response"]["status"], "completed", "{turn}");
        assert_eq!(turn["response"]["model"], name);
        assert_eq!(turn["message"]["model"], name);
        let calls = provider.calls();
        assert_eq!(calls.len(), before + 1, "{asked}");
        assert_eq!(calls[before].model, id);
        let stored = ada.response(turn["response"]["id"].as_str().unwrap()).await;
        let expected = name.split_once('/').map_or("openai", |(provider, _)| provider);
        assert_eq!(stored["provider"], expected, "{asked}");
    }
    assert_eq!(keys_seen(app.upstream()), [DEFAULT_KEY]);
    assert_eq!(keys_seen(&groq), ["Bearer sk-of-groq"]);
    assert_eq!(keys_seen(&local), ["Bearer sk-of-local"]);
}

#[testkit::test]
async fn an_unknown_model_is_refused_with_suggestions(world: World) {
    let app = TestApp::builder(&world)
        .set("CHATAPP_PROVIDERS__OPENAI__MODELS", "test-model, gpt-4o, gpt-4o-mini");
    let (app, _groq) = with_provider(app, "groq").await;
    let app = app.set("CHATAPP_PROVIDERS__GROQ__MODELS", "llama-3.3").start().await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    for (model, suggestion) in [
        ("gpt4o-mini", "Did you mean \"gpt-4o-mini\""),
        ("groq/lama-3.3", "Did you mean \"groq/llama-3.3\"?"),
        ("zzz", "There is no model \"zzz\". GET /api/models"),
    ] {
        let body = json!({"content": "x", "model": model});
        let error = ada.post(&path, body).await.expect_error(400, "model_not_found");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(suggestion), "{message}");
        assert_eq!(error["error"]["param"], "model");
        // Neither can a conversation have it.
        let body = json!({"model": model});
        ada.post("/api/conversations", body.clone()).await.expect_error(400, "model_not_found");
        let path = format!("/api/conversations/{conversation}");
        ada.patch(&path, body).await.expect_error(400, "model_not_found");
        // Nor is one made for it, also where the first message is for another.
        for body in [
            json!({"content": "x", "model": model}),
            json!({"content": "x", "conversation": {"model": model}}),
            json!({"content": "x", "model": "gpt-4o", "conversation": {"model": model}}),
        ] {
            ada.post("/api/messages", body).await.expect_error(400, "model_not_found");
        }
    }
    assert!(ada.list_messages(&conversation).await.is_empty(), "nothing was stored");
    assert_eq!(ada.list_conversations().await.len(), 1);
    assert!(app.upstream().calls().is_empty());
}

#[testkit::test]
async fn a_provider_that_is_down_takes_no_other_along(world: World) {
    let (app, down) = with_provider(TestApp::builder(&world), "down").await;
    let app = app.set("CHATAPP_PROVIDERS__DOWN__DEFAULT_MODEL", "m").start().await;
    down.stop().await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let list = ada.get("/api/models").await.expect(200);
    let model = |id: &str| {
        let models = list["data"].as_array().unwrap();
        models.iter().find(|model| model["id"] == id).unwrap_or_else(|| panic!("{list}"))
    };
    assert_eq!(model("test-model")["available"], true);
    assert_eq!(model("down/m")["available"], false);
    assert_eq!(
        list["providers"][1],
        json!({"name": "down", "default": false, "available": false,
               "problem": "upstream_unavailable"})
    );
    // More failures than any breaker takes.
    for _ in 0..25 {
        let turn = ask(&ada, &conversation, "down/m").await;
        assert_eq!(turn["response"]["error"]["code"], "upstream_unavailable");
    }
    let turn = ask(&ada, &conversation, "mock:ticks=2").await;
    assert_eq!(turn["message"]["content"], "tick 0 \ntick 1 \n");
}

#[testkit::test]
async fn each_provider_has_its_own_patience(world: World) {
    let (app, hasty) = with_provider(TestApp::builder(&world), "hasty").await;
    let app = app.set("CHATAPP_PROVIDERS__HASTY__FIRST_TOKEN_TIMEOUT", "200ms").start().await;
    let ada = app.user("ada").await;
    let patient = ada
        .post("/api/conversations", json!({"model": "openai/mock:fault=silent"}))
        .await
        .expect(201);
    let waiting = ada.send_async(patient["id"].as_str().unwrap(), "x").await;
    app.upstream().wait_for("the call", |calls| calls.first().map(|_| ())).await;
    let conversation = ada.create_conversation().await;
    let turn = ask(&ada, &conversation, "hasty/mock:fault=silent").await;
    assert_eq!(turn["response"]["error"]["code"], "upstream_timeout");
    assert_eq!(hasty.calls().len(), 1);
    assert_eq!(ada.response(&waiting).await["status"], "in_progress", "the other one waits on");
    assert_eq!(ada.cancel(&waiting).await["status"], "cancelled");
}

#[testkit::test]
async fn the_demo_model_is_offered_beside_providers_only_when_asked_for(world: World) {
    let is_offered = async |app: &TestApp, name: &str| {
        let user = app.user(name).await;
        let list = user.get("/api/models").await.expect(200);
        let demo = list["data"].as_array().unwrap().iter().find(|m| m["provider"] == "demo");
        let demo = demo.map(|model| model["capabilities"]["demo"].clone());
        let conversation = user.create_conversation().await;
        let turn = ask(&user, &conversation, "demo/demo:echo,rate=0").await;
        (demo, turn["response"]["provider"].clone(), turn["message"]["content"].clone())
    };
    let app = TestApp::start(&world).await;
    app.upstream().set_models(&[]);
    let (demo, provider, _) = is_offered(&app, "ada").await;
    assert_eq!((demo, provider), (None, json!("openai")));
    app.finish().await;
    let app = TestApp::builder(&world).set("CHATAPP_MODELS__DEMO", "true").start().await;
    let seen = is_offered(&app, "eve").await;
    assert_eq!(seen, (Some(json!(true)), json!("demo"), json!("x")));
    assert!(app.upstream().calls().is_empty());
}

#[testkit::test]
async fn a_refused_key_shows_in_the_list(world: World) {
    let app = TestApp::start(&world).await;
    app.upstream().refuse_list(401);
    let list = app.user("ada").await.get("/api/models").await.expect(200);
    assert_eq!(list["providers"][0]["problem"], "upstream_auth");
    assert_eq!(list["data"][0]["id"], "test-model", "what is configured is shown all the same");
    assert_eq!(list["data"][0]["available"], false);
}

#[testkit::test]
async fn reasoning_between_tags_is_told_apart(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let texts = ["<thi", "nk>\nLet me", " see.\n</", "think>\n\n", "Yes", "."];
    let texts = texts.into_iter().map(|text| Step::Text(text.to_owned()));
    app.upstream().push(Script::steps(texts.chain([Step::Finish(Ending::Stop), Step::Done])));
    let turn = ask(&ada, &conversation, "any").await;
    assert_eq!(turn["message"]["content"], "Yes.");
    assert_eq!(turn["message"]["reasoning"], "Let me see.");
    // What was reasoned is not sent back.
    ask(&ada, &conversation, "any").await;
    let sent = app.upstream().calls().pop().unwrap().messages;
    assert_eq!(sent[1], ("assistant".to_owned(), "Yes.".to_owned()));
}
