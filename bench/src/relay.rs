//! What it costs to pass tokens on: nothing in between, a bare proxy, the server.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use futures_util::future::try_join_all;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::client::{self, Format};
use crate::process::Program;
use crate::report::{self, Line};
use crate::server::{self, Provider, Server, ServerOptions};

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
    #[command(flatten)]
    server: ServerOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The way that the others are compared with.
const BASELINE: &str = "proxy";

/// Measures each way, one after another; the report.
pub(crate) async fn run(options: &Options) -> anyhow::Result<String> {
    let directory = tempfile::tempdir()?;
    let load = Load::new(options)?;
    let provider = Provider::start(&options.server, directory.path()).await?;
    let mut lines = vec![
        load.direct(provider.address).await?,
        load.proxy(provider.address, directory.path()).await?,
    ];
    lines.extend(load.server(&provider, directory.path(), options).await?);
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
            client: server::client()?,
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
        provider: &Provider,
        directory: &Path,
        options: &Options,
    ) -> anyhow::Result<[Line; 2]> {
        let streams = self.streams.to_string();
        let settings = [
            ("CHATAPP_LIMITS__GENERATIONS", streams.clone()),
            ("CHATAPP_LIMITS__GENERATIONS_PER_USER", streams.clone()),
            ("CHATAPP_LIMITS__STREAMS_PER_USER", streams.clone()),
            ("CHATAPP_LIMITS__STREAMS_PER_ADDRESS", streams),
        ];
        let server = Server::start(&options.server, provider, directory, &settings).await?;
        let mut conversations = Vec::new();
        for _ in 0..self.streams {
            conversations.push(server.conversation().await?);
        }
        let message = json!({"content": "Go", "model": self.model, "stream": true});
        let stored = self
            .measure("chatapp", Some(&server.process), Format::Events, |place| {
                server.post(conversations.get(place).map_or("", String::as_str), &message)
            })
            .await?;
        let request = self.request();
        let unstored = self
            .measure("chat completions", Some(&server.process), Format::Provider, |_| {
                server.post("/v1/chat/completions", &request)
            })
            .await?;
        Ok([stored, unstored])
    }

    /// The body of a chat completion.
    fn request(&self) -> Value {
        let messages = [json!({"role": "user", "content": "Go"})];
        json!({"model": self.model, "messages": messages, "stream": true})
    }

    fn completion(&self, address: SocketAddr) -> RequestBuilder {
        self.client.post(format!("http://{address}/v1/chat/completions")).json(&self.request())
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
