//! A client that follows an answer until its end, through every crash.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::client::{self, Client, Connection, Outcome};
use crate::fleet::Roster;
use crate::history::{Following, History};

/// What everybody in a campaign shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) roster: Arc<Roster>,
    pub(crate) history: History,
    /// The access token of each person.
    pub(crate) tokens: Vec<String>,
    /// The conversation of everybody ends: who has not seen the end of an answer now never will.
    pub(crate) over: CancellationToken,
}

impl Shared {
    /// The access token of a person.
    pub(crate) fn token(&self, person: usize) -> &str {
        self.tokens.get(person).map_or("", String::as_str)
    }
}

/// Follows a response over `connection`, then over new ones to any server, and notes what came.
pub(crate) async fn follow(
    shared: Arc<Shared>,
    person: usize,
    mut following: Following,
    mut connection: Option<Connection>,
    mut chance: Chance,
) {
    let over = shared.over.clone();
    let work = async {
        while !following.ended {
            if let Some(open) = connection.take() {
                read(open, &mut following, &mut chance).await;
            }
            if !following.ended {
                tokio::time::sleep(chance.millis(20, 200)).await;
                connection = connect(&shared, person, &following, &mut chance).await;
            }
        }
    };
    tokio::select! {
        () = over.cancelled() => {}
        () = work => {}
    }
    shared.history.followed(following);
}

/// Reads until the connection or the answer ends, or until this client goes away for a moment.
async fn read(mut connection: Connection, following: &mut Following, chance: &mut Chance) {
    let work = async {
        while let Some(events) = connection.next().await {
            following.extend(events);
            if following.ended {
                return;
            }
        }
    };
    if chance.percent(25) {
        let _ = tokio::time::timeout(chance.millis(50, 1_500), work).await;
    } else {
        work.await;
    }
}

async fn connect(
    shared: &Shared,
    person: usize,
    following: &Following,
    chance: &mut Chance,
) -> Option<Connection> {
    let address = shared.roster.pick(chance)?;
    let path = format!("/api/responses/{}/events", following.response);
    let mut request = shared.client.request(Method::GET, &address, &path, shared.token(person));
    if let Some(cursor) = following.cursor() {
        request = request.header("last-event-id", cursor.to_string());
    }
    match client::send(request.header("accept", "text/event-stream"), &address).await {
        Outcome::Stream(connection) => Some(connection),
        Outcome::Reply(status, body) => {
            let busy = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
            if !busy.contains(&status) {
                let response = &following.response;
                shared.history.complain(format!("I3: following {response}: {status} {body}"));
                // It would be the same over and over.
                shared.over.cancelled().await;
            }
            None
        }
        Outcome::Unreachable => None,
    }
}
