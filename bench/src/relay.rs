//! What it costs to pass tokens on: nothing in between, a bare proxy, the server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use futures_util::future::try_join_all;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::client::{self, Format};
use crate::process::{Program, free_port, wait_for};
use crate::report::{self, Line};

/// What `relay` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many answers are streamed at once
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    streams: u32,
    /// How many tokens each has
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    tokens: u32,
    /// How many of them come in a second; 0 for as fast as possible
    #[arg(long, default_value_t = 40)]
    rate: u32,
    /// The server program, which is also the provider
    #[arg(long, default_value = "target/release/chatapp")]
    program: PathBuf,
    /// A MySQL or MariaDB database for the server instead of SQLite
    #[arg(long)]
    database_url: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The way that the others are compared with.
const BASELINE: &str = "proxy";

/// Measures each way, one after another; the report.
pub(crate) async fn run(options: &Options) -> anyhow::Result<String> {
    let program = options.program.canonicalize().with_context(|| {
        let program = options.program.display();
        format!("{program}: build it with `cargo build --release -p chatapp`")
    })?;
    let directory = tempfile::tempdir()?;
    let load = Load::new(options)?;
    let port = free_port()?;
    let provider = SocketAddr::from(([127, 0, 0, 1], port));
    let _provider = Program::start(
        &program,
        &["mock-provider", "--port", &port.to_string()],
        &[],
        directory.path(),
    )?;
    wait_for(&load.client, &format!("http://{provider}/v1/models")).await?;

    let lines = [
        load.direct(provider).await?,
        load.proxy(provider, directory.path()).await?,
        load.server(&program, provider, directory.path(), options).await?,
    ];
    Ok(if options.json {
        format!("{}\n", report::json(&lines, BASELINE))
    } else {
        report::table(&lines, BASELINE)
    })
}

/// The same load on every way.
struct Load {
    client: Client,
    streams: u32,
    tokens: u32,
    model: String,
}

impl Load {
    fn new(options: &Options) -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::builder().no_proxy().tcp_nodelay(true).build()?,
            streams: options.streams,
            tokens: options.tokens,
            model: format!("mock:ticks={},rate={}", options.tokens, options.rate),
        })
    }

    async fn direct(&self, provider: SocketAddr) -> anyhow::Result<Line> {
        self.measure("direct", None, Format::Provider, |_| self.completion(provider)).await
    }

    async fn proxy(&self, provider: SocketAddr, directory: &Path) -> anyhow::Result<Line> {
        let ourselves = std::env::current_exe()?;
        let arguments = ["proxy", &provider.to_string()];
        let mut proxy = Program::start(&ourselves, &arguments, &[], directory)?;
        let address = proxy.first_line().await?.parse()?;
        self.measure(BASELINE, Some(&proxy), Format::Provider, |_| self.completion(address)).await
    }

    async fn server(
        &self,
        program: &Path,
        provider: SocketAddr,
        directory: &Path,
        options: &Options,
    ) -> anyhow::Result<Line> {
        let port = free_port()?;
        let url = format!("http://127.0.0.1:{port}");
        let streams = self.streams.to_string();
        let mut environment = vec![
            ("CHATAPP_SERVER__PORT", port.to_string()),
            ("CHATAPP_LIMITS__GENERATIONS", streams.clone()),
            ("CHATAPP_LIMITS__GENERATIONS_PER_USER", streams),
            ("CHATAPP_STORAGE__DATA_DIR", directory.join("data").display().to_string()),
            ("OPENAI_BASE_URL", format!("http://{provider}/v1")),
            ("OPENAI_MODEL", self.model.clone()),
        ];
        environment.extend(options.database_url.clone().map(|url| ("DATABASE_URL", url)));
        let server = Program::start(program, &["serve"], &environment, directory)?;
        wait_for(&self.client, &format!("{url}/health/ready")).await?;
        let account = json!({"email": "bench@example.org", "password": "correct horse battery"});
        let signed_up = self.client.post(format!("{url}/api/auth/signup")).json(&account);
        let token = text(&ask(signed_up).await?, "access_token")?;
        let mut conversations = Vec::new();
        for _ in 0..self.streams {
            let create = self.client.post(format!("{url}/api/conversations"));
            let created = ask(create.bearer_auth(&token).json(&json!({}))).await?;
            conversations.push(text(&created, "id")?);
        }
        self.measure("chatapp", Some(&server), Format::Events, |place| {
            let id = conversations.get(place).map_or("", String::as_str);
            let message = json!({"content": "Go", "model": self.model, "stream": true});
            let url = format!("{url}/api/conversations/{id}/messages");
            self.client.post(url).bearer_auth(&token).json(&message)
        })
        .await
    }

    fn completion(&self, address: SocketAddr) -> RequestBuilder {
        let messages = [json!({"role": "user", "content": "Go"})];
        let request = json!({"model": self.model, "messages": messages, "stream": true});
        self.client.post(format!("http://{address}/v1/chat/completions")).json(&request)
    }

    /// Reads all streams at once.
    async fn measure(
        &self,
        way: &'static str,
        process: Option<&Program>,
        format: Format,
        request: impl Fn(usize) -> RequestBuilder,
    ) -> anyhow::Result<Line> {
        let before = process.map(Program::usage).transpose()?;
        let began = Instant::now();
        let streams = (0..usize::try_from(self.streams)?)
            .map(|place| client::read(request(place), format, self.tokens));
        let read = try_join_all(streams).await.with_context(|| format!("on the way {way}"))?;
        let took = began.elapsed();
        let after = process.map(Program::usage).transpose()?;
        let mut first: Vec<_> = read.iter().map(|read| read.first).collect();
        first.sort_unstable();
        Ok(Line {
            way,
            tokens: read.iter().map(|read| read.tokens).sum(),
            took,
            cpu: before.zip(after).map(|(before, after)| after.cpu.saturating_sub(before.cpu)),
            peak_kib: after.map(|usage| usage.peak_kib),
            first,
        })
    }
}

/// What a request is answered with.
async fn ask(request: RequestBuilder) -> anyhow::Result<Value> {
    let reply = request.send().await?;
    let status = reply.status();
    let body = reply.text().await?;
    anyhow::ensure!(status.is_success(), "{status}: {body}");
    Ok(serde_json::from_str(&body)?)
}

fn text(value: &Value, key: &str) -> anyhow::Result<String> {
    let text = value.get(key).and_then(Value::as_str).with_context(|| format!("no {key}"))?;
    Ok(text.to_owned())
}
