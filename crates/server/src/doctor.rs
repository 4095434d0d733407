//! `chatapp doctor`: looks at an installation and says what is wrong with it and what to do.
//!
//! It changes nothing. Each check is a function that adds findings to a [`Report`]; none of them
//! stops the others, and all of them work beside a running server.

mod answer;
mod backups;
mod clock;
mod connections;
mod data;
mod database;
mod exposure;
mod network;
mod outside;
mod provider;
mod proxy;
mod redis;
mod report;

use std::time::Duration;

use ::provider::OpenAiConfig;
use models::Context;

pub use self::report::{Finding, Report, Verdict};

use crate::config::{Config, Sources};

/// How long anybody outside may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at everything. `url`: how people reach the server, if that is through a proxy.
pub async fn examine(sources: &Sources, context: &Context, url: Option<&str>) -> Report {
    let mut report = Report::default();
    let config = match Config::load(sources) {
        Ok(config) => config,
        Err(error) => {
            for problem in error.problems() {
                report.fail(
                    "configuration",
                    problem.clone(),
                    "Correct it; docs/CONFIGURATION.md explains every key. Nothing else was \
                     checked.",
                );
            }
            return report;
        }
    };
    report.ok("configuration", "It can be read.");
    data::check(&mut report, &config, sources);
    database::check(&mut report, &config, context).await;
    backups::check(&mut report, &config, context);
    connections::check(&mut report, &config);
    exposure::check(&mut report, &config);
    let client = match client() {
        Ok(client) => client,
        Err(error) => {
            report.fail("network", error.to_string(), "This program cannot make requests here.");
            return report;
        }
    };
    network::check(&mut report, &config, &client).await;
    provider::check(&mut report, &config, context).await;
    redis::check(&mut report, &config).await;
    if let Some(url) = url {
        proxy::check(&mut report, &config, url, &client).await;
    }
    report
}

/// Looks at providers, and has `model` of each answer; without a name its default model.
pub async fn examine_providers(
    config: &Config,
    providers: &[OpenAiConfig],
    model: Option<&str>,
    context: &Context,
) -> Report {
    let mut report = Report::default();
    for one in providers {
        let listed = provider::examine(&mut report, one, context).await;
        let keys = answer::Keys::of(config, one);
        answer::check(&mut report, one, &keys, model, &listed).await;
    }
    report
}

fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(PATIENCE)
        .read_timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// A text of an answer; empty if it is not there.
fn text<'a>(answer: &'a serde_json::Value, path: &str) -> &'a str {
    answer.pointer(path).and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// An error and its causes on one line, without the address, which may hold a key.
fn why(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
