//! The people who use the API, over real sockets.
//!
//! Bodies are plain JSON, so that a test notices when the server's types change what is sent.

mod stream;
mod transcript;
mod user;

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::settings::METRICS_TOKEN;

pub use stream::EventStream;
pub use transcript::Transcript;
pub use user::User;

/// Longer than anything a test waits for; a request that takes it is a hang.
const LIMIT: Duration = Duration::from_mins(3);

/// The password of everybody who signs up without naming one.
pub const PASSWORD: &str = "correct horse battery staple";

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
    /// The body as JSON; `null` when it is none.
    pub json: Value,
}

impl Reply {
    async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.expect("the body arrives whole");
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, text, json }
    }

    /// The JSON body, after checking the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json
    }

    /// Checks that this is an error of the one shape all errors have, with this status and code.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Value {
        let request_id = self.header("x-request-id").map(str::to_owned);
        let json = self.expect(status);
        assert_eq!(json["error"]["code"], code, "{json}");
        assert!(json["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{json}");
        assert!(json["error"]["type"].is_string(), "{json}");
        assert_eq!(json["request_id"].as_str().map(str::to_owned), request_id, "{json}");
        json
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A client without an account: the verbs of HTTP on one server. Clones share connections.
#[derive(Clone, Debug)]
pub struct Anonymous {
    http: reqwest::Client,
    url: String,
    bearer: Option<String>,
}

impl Anonymous {
    /// A client of the server at `url` (without a trailing slash).
    pub fn new(url: &str) -> Self {
        let http = reqwest::Client::builder()
            .connect_timeout(LIMIT)
            .read_timeout(LIMIT)
            .tcp_nodelay(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("testkit")
            .build()
            .expect("a client with plain settings");
        Self { http, url: url.to_owned(), bearer: None }
    }

    /// The same server over connections of its own, with or without a token.
    #[must_use]
    pub fn with_bearer(&self, token: Option<&str>) -> Self {
        Self { bearer: token.map(str::to_owned), ..Self::new(&self.url) }
    }

    /// The server's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A request to be completed by the test; `path` begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the answer.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        Reply::read(request.send().await.expect("the server answers")).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST` of a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// The metrics of a server with quick settings.
    pub async fn metrics(&self) -> Reply {
        let request = self.http.get(format!("{}/metrics", self.url)).bearer_auth(METRICS_TOKEN);
        self.send(request).await
    }

    /// Opens an event stream; the status must be 200.
    pub async fn stream(&self, request: RequestBuilder) -> EventStream {
        let accept = HeaderName::from_static("accept");
        let response = request.header(accept, "text/event-stream").send().await;
        EventStream::open(response.expect("the server answers")).await
    }

    /// As [`Anonymous::stream`], for a request that may be refused: `None` then.
    pub async fn try_stream(&self, request: RequestBuilder) -> Option<EventStream> {
        let response = request.send().await.expect("the server answers");
        if response.status() != 200 {
            return None;
        }
        Some(EventStream::open(response).await)
    }

    /// Makes an account and becomes its owner.
    pub async fn signup(&self, email: &str) -> User {
        let body = json!({"email": email, "password": PASSWORD});
        let tokens = self.post("/api/auth/signup", body).await.expect(201);
        User::new(self, &tokens)
    }

    /// Makes the account of a server's first administrator, with the set-up code that it prints.
    pub async fn signup_administrator(&self, email: &str, code: &str) -> User {
        let body = json!({"email": email, "password": PASSWORD, "setup_token": code});
        let tokens = self.post("/api/auth/signup", body).await.expect(201);
        assert_eq!(tokens["user"]["role"], "admin", "{tokens}");
        User::new(self, &tokens)
    }

    /// Logs into an account made by [`Anonymous::signup`]: another session of the same user.
    pub async fn login(&self, email: &str) -> User {
        let body = json!({"email": email, "password": PASSWORD});
        let tokens = self.post("/api/auth/login", body).await.expect(200);
        User::new(self, &tokens)
    }
}
