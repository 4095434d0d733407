//! A user who is logged in.

use std::ops::Deref;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Anonymous, EventStream};

/// A session of a user: everything [`Anonymous`] can do, with the access token sent along,
/// and the verbs of the domain.
#[derive(Clone, Debug)]
pub struct User {
    client: Anonymous,
    /// `user_…`.
    pub id: String,
    /// The canonical address.
    pub email: String,
    /// The access token of every request.
    pub access_token: String,
    /// The refresh token as last received.
    pub refresh_token: String,
}

impl Deref for User {
    type Target = Anonymous;

    fn deref(&self) -> &Anonymous {
        &self.client
    }
}

impl User {
    /// The session that `tokens`, the answer to a login, belong to.
    pub(super) fn new(server: &Anonymous, tokens: &Value) -> Self {
        let access_token = field(tokens, "access_token");
        Self {
            client: server.with_bearer(Some(&access_token)),
            id: field(&tokens["user"], "id"),
            email: field(&tokens["user"], "email"),
            access_token,
            refresh_token: field(tokens, "refresh_token"),
        }
    }

    /// The same session with its next pair of tokens.
    #[must_use]
    pub async fn refresh(&self) -> Self {
        let body = json!({"refresh_token": self.refresh_token});
        let tokens = self.with_bearer(None).post("/api/auth/refresh", body).await.expect(200);
        Self::new(&self.client, &tokens)
    }

    /// Makes an API key with these scopes: what the server answers.
    pub async fn create_key(&self, scopes: &[&str]) -> Value {
        let key = json!({"name": "a key", "scopes": scopes, "current_password": super::PASSWORD});
        self.post("/api/keys", key).await.expect(201)
    }

    /// A client with a new API key of this user with these scopes.
    pub async fn with_key(&self, scopes: &[&str]) -> Anonymous {
        self.with_bearer(Some(&field(&self.create_key(scopes).await, "key")))
    }

    /// Makes a conversation and returns its id.
    pub async fn create_conversation(&self) -> String {
        field(&self.post("/api/conversations", json!({})).await.expect(201), "id")
    }

    /// The user's conversations: the first page, newest activity first.
    pub async fn list_conversations(&self) -> Vec<Value> {
        list(&self.get("/api/conversations").await.expect(200))
    }

    /// A conversation.
    pub async fn conversation(&self, id: &str) -> Value {
        self.get(&format!("/api/conversations/{id}")).await.expect(200)
    }

    /// Sends a message and waits for its answer: `{user_message, message, response}`.
    pub async fn send_and_wait(&self, conversation: &str, content: &str) -> Value {
        self.post(&messages_path(conversation), json!({"content": content})).await.expect(201)
    }

    /// Sends a message and follows its answer.
    pub async fn send_stream(&self, conversation: &str, content: &str) -> EventStream {
        let body = json!({"content": content, "stream": true});
        self.stream(self.request(Method::POST, &messages_path(conversation)).json(&body)).await
    }

    /// Sends a message without waiting (`Prefer: respond-async`) and returns the response's id.
    pub async fn send_async(&self, conversation: &str, content: &str) -> String {
        let request = self
            .request(Method::POST, &messages_path(conversation))
            .header("prefer", "respond-async")
            .json(&json!({"content": content}));
        let turn = self.send(request).await.expect(202);
        field(turn.get("response").unwrap_or(&turn), "id")
    }

    /// The messages of the selected branch: the newest page, in time order.
    pub async fn list_messages(&self, conversation: &str) -> Vec<Value> {
        list(&self.get(&messages_path(conversation)).await.expect(200))
    }

    /// A response.
    pub async fn response(&self, id: &str) -> Value {
        self.get(&format!("/api/responses/{id}")).await.expect(200)
    }

    /// Follows a response: from its beginning, or after the event numbered `after`.
    pub async fn follow(&self, response: &str, after: Option<u64>) -> EventStream {
        self.stream(self.follow_request(response, after)).await
    }

    /// The request of [`User::follow`], for tests of what it is answered when it is wrong.
    pub fn follow_request(&self, response: &str, after: Option<u64>) -> RequestBuilder {
        let request = self.request(Method::GET, &format!("/api/responses/{response}/events"));
        match after {
            Some(after) => request.header("last-event-id", after.to_string()),
            None => request,
        }
    }

    /// Stops a response and returns it as it ended.
    pub async fn cancel(&self, response: &str) -> Value {
        self.post(&format!("/api/responses/{response}/cancel"), json!({})).await.expect(200)
    }

    /// Puts a conversation into the trash.
    pub async fn delete_conversation(&self, id: &str) {
        self.delete(&format!("/api/conversations/{id}")).await.expect(200);
    }

    /// Deletes a conversation for good.
    pub async fn remove_conversation(&self, id: &str) {
        self.delete(&format!("/api/conversations/{id}?permanent=true")).await.expect(200);
    }
}

fn messages_path(conversation: &str) -> String {
    format!("/api/conversations/{conversation}/messages")
}

#[track_caller]
fn field(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name}: {value}")).into()
}

#[track_caller]
fn list(page: &Value) -> Vec<Value> {
    assert_eq!(page["object"], "list", "{page}");
    page["data"].as_array().cloned().unwrap_or_default()
}
