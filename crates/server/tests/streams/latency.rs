//! No 40 ms anywhere: with Nagle's algorithm on any of the sockets between a client, the server,
//! the database and the provider, the first token of a kept-alive connection waits that long.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::json;
use testkit::{Harness, TestApp, World};

/// Turns measured, and as many direct requests between them.
const ROUNDS: usize = 25;
/// Less than the stall, more than a busy machine adds to a median.
const ALLOWED: Duration = Duration::from_millis(30);

pub(crate) fn stories(harness: Harness) -> Harness {
    harness.story("the_first_token_of_a_kept_connection_comes_without_a_stall", first_token)
}

/// Time until the answer's body contains its one token; the rest is read too.
async fn time_to_token(request: reqwest::RequestBuilder) -> Duration {
    let began = Instant::now();
    let mut body = request.send().await.unwrap().bytes_stream();
    let mut seen = Vec::new();
    let mut took = None;
    while let Some(bytes) = body.next().await {
        seen.extend_from_slice(&bytes.unwrap());
        if took.is_none() && seen.windows(6).any(|window| window == b"tick 0") {
            took = Some(began.elapsed());
        }
    }
    took.unwrap()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

async fn first_token(world: World) {
    let app = TestApp::builder(&world).over_tcp().start().await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let direct = reqwest::Client::builder().build().unwrap();
    let (mut ours, mut upstreams) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let body = json!({"content": "Go", "model": "mock:ticks=1", "stream": true});
        ours.push(time_to_token(user.request(Method::POST, &path).json(&body)).await);
        let url = format!("{}/chat/completions", app.upstream().base_url());
        let messages = json!([{"role": "user", "content": "Go"}]);
        let body = json!({"model": "mock:ticks=1", "messages": messages, "stream": true});
        upstreams.push(time_to_token(direct.post(url).json(&body)).await);
    }
    let (ours, upstream) = (median(ours), median(upstreams));
    assert!(ours < upstream + ALLOWED, "{ours:?} against {upstream:?} of the upstream itself");
}
