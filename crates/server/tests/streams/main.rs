//! Answers: made by the server, kept whatever happens, followed from anywhere.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test a broken expectation is a panic"
)]

mod calls;
mod context;
mod crowd;
mod delete;
mod explain;
mod faults;
mod follow;
mod followers;
mod go_on;
mod idempotency;
mod kept;
mod outage;
mod poison;
mod prune;
mod refusals;
mod replicas;
mod sessions;
mod silence;
mod sources;
mod stop;
mod upstream;
mod waits;

use std::process::ExitCode;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{EventStream, User};

fn main() -> ExitCode {
    testkit::main()
}

/// Sends a message to `model` and follows its answer.
async fn stream(user: &User, conversation: &str, content: &str, model: &str) -> EventStream {
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": content, "model": model, "stream": true});
    user.stream(user.request(Method::POST, &path).json(&body)).await
}

/// Sends a message to `model` and waits for the turn.
async fn turn(user: &User, conversation: &str, content: &str, model: &str) -> Value {
    let path = format!("/api/conversations/{conversation}/messages");
    user.post(&path, json!({"content": content, "model": model})).await.expect(201)
}

/// The answer of a scripted model with this many numbered tokens.
fn ticks(count: usize) -> String {
    (0..count).fold(String::new(), |text, n| format!("{text}tick {n} \n"))
}
