//! People who send messages, again and again until they are accepted.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chance::Chance;
use crate::client::{self, Connection, Outcome};
use crate::follower::{Shared, follow};
use crate::history::{Ack, Following, Received, Sent};

/// How long a person tries to get a message accepted.
const PERSISTENCE: Duration = Duration::from_secs(20);
/// How long a person watches before writing elsewhere.
const ATTENTION: (u64, u64) = (200, 3_000);
/// Number of ticks and ticks a second of the answers.
const ANSWERS: [(u32, u32); 6] = [(3, 0), (40, 0), (40, 50), (100, 50), (150, 60), (200, 50)];

/// A person's place at a keyboard.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) person: usize,
    /// Different in each seat and round; part of everything written there.
    pub(crate) name: String,
    pub(crate) chance: Chance,
}

/// A stream that the server opened at once, and what was read of it.
type OpenStream = Option<(Connection, Vec<Received>)>;

impl Seat {
    /// Writes until `pause`; what follows the answers goes on in `tasks`.
    pub(crate) async fn write(
        mut self,
        shared: Arc<Shared>,
        tasks: TaskTracker,
        pause: CancellationToken,
    ) {
        let mut conversation = None;
        let mut number = 0_u32;
        while !pause.is_cancelled() {
            number += 1;
            let name = format!("{}-message-{number}", self.name);
            let open = match conversation.take() {
                Some(open) => open,
                None => match self.begin(&shared, &name).await {
                    Some(begun) => begun,
                    None => continue,
                },
            };
            let Some((response, stream)) = self.send(&shared, &open, &name).await else {
                continue;
            };
            let mut following = Following::new(&response);
            let connection = stream.map(|(connection, events)| {
                following.extend(events);
                connection
            });
            if self.chance.percent(40) {
                // The same answer on another device.
                let second = Following::new(&response);
                let chance = Chance::new(self.chance.below(u64::MAX), "second device");
                tasks.spawn(follow(Arc::clone(&shared), self.person, second, None, chance));
            }
            let chance = Chance::new(self.chance.below(u64::MAX), "device");
            let watch = follow(Arc::clone(&shared), self.person, following, connection, chance);
            let mut watching = tasks.spawn(watch);
            let attention = self.chance.millis(ATTENTION.0, ATTENTION.1);
            tokio::select! {
                ended = &mut watching => {
                    if ended.is_ok() && self.chance.percent(80) {
                        conversation = Some(open);
                    }
                }
                () = tokio::time::sleep(attention) => {}
            }
        }
    }

    /// Makes a conversation.
    async fn begin(&mut self, shared: &Shared, name: &str) -> Option<String> {
        let key = format!("{name}-conversation");
        let deadline = Instant::now() + PERSISTENCE;
        while Instant::now() < deadline {
            let Some(address) = shared.roster.pick(&mut self.chance) else {
                self.breathe().await;
                continue;
            };
            let request = shared
                .client
                .request(Method::POST, &address, "/api/conversations", shared.token(self.person))
                .header("idempotency-key", &key)
                .json(&json!({}));
            match client::send(request, &address).await {
                Outcome::Reply(StatusCode::CREATED, body) => {
                    return body.get("id").and_then(Value::as_str).map(str::to_owned);
                }
                Outcome::Reply(status, body) => self.refused(shared, status, &body),
                Outcome::Stream(_) => shared.history.complain("a conversation streams".to_owned()),
                Outcome::Unreachable => {}
            }
            self.breathe().await;
        }
        None
    }

    /// Sends a message with one key until it is accepted, and now and then once more after that.
    /// Returns the id of the response; `None` when nobody will try it again.
    async fn send(
        &mut self,
        shared: &Shared,
        conversation: &str,
        name: &str,
    ) -> Option<(String, OpenStream)> {
        let content = format!("What happened in {name}?");
        let place = shared.history.sending(Sent {
            person: self.person,
            conversation: conversation.to_owned(),
            key: name.to_owned(),
            content: content.clone(),
            asked: Vec::new(),
            acks: Vec::new(),
        });
        let (ticks, rate) = self.chance.pick(&ANSWERS).copied().unwrap_or((1, 0));
        let stream = self.chance.percent(50);
        let body = json!({
            "content": content, "model": format!("mock:ticks={ticks},rate={rate}"), "stream": stream,
        });
        let path = format!("/api/conversations/{conversation}/messages");
        let deadline = Instant::now() + PERSISTENCE;
        while Instant::now() < deadline {
            let Some(address) = shared.roster.pick(&mut self.chance) else {
                self.breathe().await;
                continue;
            };
            let mut request = shared
                .client
                .request(Method::POST, &address, &path, shared.token(self.person))
                .header("idempotency-key", name)
                .json(&body);
            if !stream {
                request = request.header("prefer", "respond-async");
            }
            shared.history.asking(place, address.life);
            match client::send(request, &address).await {
                Outcome::Stream(mut connection) => {
                    if let Some((ack, events)) = first(&mut connection).await {
                        let response = ack.response.clone();
                        shared.history.accepted(place, ack);
                        if !self.chance.percent(20) {
                            return Some((response, Some((connection, events))));
                        }
                    }
                }
                Outcome::Reply(StatusCode::ACCEPTED | StatusCode::CREATED, body) => {
                    let Some(ack) = body.get("response").and_then(Ack::read) else {
                        shared.history.complain(format!("not a turn: {body}"));
                        return None;
                    };
                    let response = ack.response.clone();
                    shared.history.accepted(place, ack);
                    if !self.chance.percent(20) {
                        return Some((response, None));
                    }
                }
                // The conversation waits for the end of an answer whose server is dead.
                Outcome::Reply(StatusCode::CONFLICT, _) => return None,
                Outcome::Reply(status, body) => self.refused(shared, status, &body),
                Outcome::Unreachable => {}
            }
            self.breathe().await;
        }
        None
    }

    /// Notes refusals that no fault explains.
    fn refused(&self, shared: &Shared, status: StatusCode, body: &Value) {
        let busy = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
        if !busy.contains(&status) {
            shared.history.complain(format!("{} was answered {status}: {body}", self.name));
        }
    }

    async fn breathe(&mut self) {
        tokio::time::sleep(self.chance.millis(20, 150)).await;
    }
}

/// Reads the first event of a stream, which names what was stored.
async fn first(connection: &mut Connection) -> Option<(Ack, Vec<Received>)> {
    loop {
        let events = connection.next().await?;
        let Some(first) = events.first() else { continue };
        let ack = first.frame.json().get("response").and_then(Ack::read)?;
        return Some((ack, events));
    }
}

/// Makes an account for each person and returns their access tokens.
pub(crate) async fn sign_up(url: &str, count: usize) -> Vec<String> {
    let server = testkit::client::Anonymous::new(url);
    let mut tokens = Vec::new();
    for person in 0..count {
        let user = server.signup(&format!("person{person}@example.org")).await;
        tokens.push(user.access_token);
    }
    tokens
}
