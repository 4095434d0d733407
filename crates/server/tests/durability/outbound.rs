//! Whom the program connects to: the configured provider, and nobody else (docs/PROMISES.md).

use std::collections::BTreeSet;

use mock::MockServer;
use serde_json::json;
use testkit::client::{PASSWORD, User};
use testkit::process::ProcessBuilder;
use testkit::{Settings, eventually};

use super::{FILE, tracing};

/// What may leave the machine.
const CALLS: &str = "trace=connect,sendto,sendmsg,sendmmsg";

#[testkit::test(needs = tracing())]
async fn nobody_but_the_provider_is_connected_to() {
    let upstream = MockServer::start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let settings = Settings::quick().upstream(&upstream.base_url());
    let reached = session(&settings, &[]).await;
    assert_eq!(reached, BTreeSet::from([address(&upstream)]));
    // Without a provider the demo model answers, and nobody at all is connected to.
    assert_eq!(session(&Settings::quick(), &[]).await, BTreeSet::new());
}

/// Shows that the other test can fail.
#[testkit::test(needs = tracing())]
async fn another_connection_would_be_seen() {
    let upstream = MockServer::start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let other = MockServer::start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let settings = Settings::quick()
        .upstream(&upstream.base_url())
        .set("CHATAPP_PROVIDERS__OTHER__BASE_URL", other.base_url())
        .set("CHATAPP_PROVIDERS__OTHER__MODELS", "planted");
    let reached = session(&settings, &["planted"]).await;
    assert_eq!(reached, BTreeSet::from([address(&upstream), address(&other)]));
}

/// Address and port, as [`addresses`] writes them.
fn address(server: &MockServer) -> String {
    let url = server.base_url();
    url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned()
}

/// A whole session of a person and of an operator's tools; the addresses that were reached.
async fn session(settings: &Settings, models: &[&str]) -> BTreeSet<String> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let server = ProcessBuilder::new("strace", directory.path())
        .args(["-D", "-f", "-o", FILE, "-e", CALLS])
        .arg(env!("CARGO_BIN_EXE_chatapp"))
        .settings(settings)
        .serve()
        .await;
    let user = server.anonymous().signup("ada@example.org").await;
    person(&user, models).await;
    for path in ["/", "/docs", "/openapi.json", "/health/ready", "/api/version"] {
        user.get(path).await.expect(200);
    }
    let server_id = server.id().expect("it runs");
    server.terminate().await;
    let file = directory.path().join(FILE);
    let read = || String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).into_owned();
    let ended = format!("{server_id} ");
    let is_last = |line: &str| line.starts_with(&ended) && line.contains("+++ exited");
    eventually("the trace is complete", async || read().lines().any(is_last)).await;
    addresses(&read())
}

async fn person(user: &User, models: &[&str]) {
    let conversation = user.create_conversation().await;
    user.send_and_wait(&conversation, "Hello").await;
    let path = format!("/api/conversations/{conversation}/messages");
    for model in models {
        user.post(&path, json!({"content": "Hello", "model": model})).await.expect(201);
    }
    let answer = user.list_messages(&conversation).await.pop().expect("an answer");
    let id = answer.get("id").and_then(|id| id.as_str()).expect("an id");
    let _ = user.post(&format!("/api/messages/{id}/regenerate"), json!({})).await;
    user.get("/api/models").await.expect(200);
    user.get("/api/search?q=hello").await.expect(200);
    let key = json!({"name": "a script", "scopes": ["read"], "current_password": PASSWORD});
    user.post("/api/keys", key).await.expect(201);
    user.get(&format!("/api/conversations/{conversation}/export")).await.expect(200);
    user.delete(&format!("/api/conversations/{conversation}")).await.expect(200);
    user.post("/api/auth/logout", json!({})).await;
}

/// The addresses of the internet that calls name, with their ports.
fn addresses(trace: &str) -> BTreeSet<String> {
    trace
        .lines()
        .filter(|line| line.contains("sa_family=AF_INET"))
        .map(|line| {
            let port = between(line, "port=htons(", ")");
            let host = between(line, "inet_addr(\"", "\"").or(between(line, "AF_INET6, \"", "\""));
            format!("{}:{}", host.unwrap_or(line), port.unwrap_or_default())
        })
        .collect()
}

fn between<'a>(line: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(line.split_once(before)?.1.split_once(after)?.0)
}
