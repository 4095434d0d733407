//! The server under measurement, with its provider and a user.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::process::{Program, free_port, wait_for};

/// What every measurement of the server can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerOptions {
    /// The server program, which is also the provider
    #[arg(long, default_value = "target/release/chatapp")]
    program: PathBuf,
    /// A MySQL or MariaDB database for the server instead of SQLite
    #[arg(long)]
    database_url: Option<String>,
}

impl ServerOptions {
    /// The program, wherever it is called from.
    fn program(&self) -> anyhow::Result<PathBuf> {
        self.program.canonicalize().with_context(|| {
            let program = self.program.display();
            format!("{program}: build it with `cargo build --release -p chatapp`")
        })
    }
}

/// The load's client: as plain as the ways that are compared.
pub(crate) fn client() -> anyhow::Result<Client> {
    Ok(Client::builder().no_proxy().tcp_nodelay(true).build()?)
}

/// `chatapp mock-provider`.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    _process: Program,
}

impl Provider {
    /// Starts one and waits until it answers.
    pub(crate) async fn start(options: &ServerOptions, directory: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let arguments = ["mock-provider", "--port", &port.to_string()];
        let process = Program::start(&options.program()?, &arguments, &[], directory)?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        wait_for(&client()?, &format!("http://{address}/v1/models")).await?;
        Ok(Self { address, _process: process })
    }
}

/// A server and a user who is logged in.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) process: Program,
    url: String,
    token: String,
    client: Client,
}

impl Server {
    /// Starts one on a database without anything, waits until it is ready, and makes an account.
    pub(crate) async fn start(
        options: &ServerOptions,
        provider: &Provider,
        directory: &Path,
        settings: &[(&'static str, String)],
    ) -> anyhow::Result<Self> {
        let (client, port) = (client()?, free_port()?);
        let url = format!("http://127.0.0.1:{port}");
        let mut environment = vec![
            ("CHATAPP_SERVER__PORT", port.to_string()),
            ("CHATAPP_STORAGE__DATA_DIR", directory.join("data").display().to_string()),
            ("OPENAI_BASE_URL", format!("http://{}/v1", provider.address)),
            ("OPENAI_MODEL", "mock:ticks=1".to_owned()),
            // Everything here is of one user at one address.
            ("CHATAPP_LIMITS__REQUESTS_PER_USER", "0".to_owned()),
            ("CHATAPP_SERVER__CONNECTIONS_PER_ADDRESS", "1000000".to_owned()),
            ("CHATAPP_SERVER__BODIES_PER_ADDRESS", "1000000".to_owned()),
        ];
        environment.extend_from_slice(settings);
        environment.extend(options.database_url.clone().map(|url| ("DATABASE_URL", url)));
        let process = Program::start(&options.program()?, &["serve"], &environment, directory)?;
        wait_for(&client, &format!("{url}/health/ready")).await?;
        let account = json!({"email": "bench@example.org", "password": "correct horse battery"});
        let signed_up = client.post(format!("{url}/api/auth/signup")).json(&account);
        let token = text(&ask(signed_up).await?, "/access_token")?;
        Ok(Self { process, url, token, client })
    }

    /// A request of the user.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    /// The same with a body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.token).json(body)
    }

    /// The same with a file.
    pub(crate) fn post_file(&self, path: &str, file: String) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        request.header("content-type", "application/octet-stream").body(file)
    }

    /// The path of a new conversation's messages.
    pub(crate) async fn conversation(&self) -> anyhow::Result<String> {
        let created = ask(self.post("/api/conversations", &json!({}))).await?;
        Ok(format!("/api/conversations/{}/messages", text(&created, "/id")?))
    }
}

/// What a request is answered with.
pub(crate) async fn ask(request: RequestBuilder) -> anyhow::Result<Value> {
    let reply = request.send().await?;
    let status = reply.status();
    let body = reply.text().await?;
    anyhow::ensure!(status.is_success(), "{status}: {body}");
    Ok(serde_json::from_str(&body)?)
}

/// The text at a place of an answer.
pub(crate) fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    Ok(text.with_context(|| format!("no {pointer}"))?.to_owned())
}
