//! `/v1`: what the clients of the OpenAI API call.

mod chains;
mod chat;
mod compliance;
mod conversations;
mod models;
mod responses;
mod unstored;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Anonymous, EventStream, User};

/// A response that is made of this, when it has ended.
async fn create(client: &Anonymous, body: Value) -> Value {
    client.post("/v1/responses", body).await.expect(200)
}

/// The events of a response that is made of this.
async fn stream(client: &Anonymous, mut body: Value) -> EventStream {
    body["stream"] = json!(true);
    // As the official clients send it: what is wanted stands in the body alone.
    let request =
        client.request(Method::POST, "/v1/responses").header("accept", "application/json");
    client.stream(request.json(&body)).await
}

/// The events of a response that is there.
async fn follow(client: &Anonymous, id: &str, after: Option<u64>) -> EventStream {
    let after = after.map(|after| format!("&starting_after={after}")).unwrap_or_default();
    let path = format!("/v1/responses/{id}?stream=true{after}");
    client.stream(client.request(Method::GET, &path)).await
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_else(|| panic!("an id in {value}"))
}

/// The text of a response's answer.
fn text(response: &Value) -> String {
    let items = response["output"].as_array().into_iter().flatten();
    let parts = items.filter_map(|item| item["content"].as_array()).flatten();
    parts.filter_map(|part| part["text"].as_str()).collect()
}

/// What the model was told last, as pairs of who speaks and what.
fn told(app: &testkit::TestApp) -> Vec<(String, String)> {
    app.upstream().calls().pop().expect("a call of the model").messages
}

/// The same written down, to be compared.
fn pairs(told: &[(&str, &str)]) -> Vec<(String, String)> {
    told.iter().map(|(role, text)| ((*role).to_owned(), (*text).to_owned())).collect()
}

/// A user with a key that may read and write, as those clients have one.
async fn with_key(user: &User) -> Anonymous {
    user.with_key(&["read", "write"]).await
}
