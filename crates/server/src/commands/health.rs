//! `chatapp healthcheck`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chatapp::cli::HealthArgs;
use chatapp::config::Config;

/// How long the server may take; a supervisor asks again.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks a server whether it is well. An error says why not.
pub(crate) async fn check(config: &Config, arguments: &HealthArgs) -> anyhow::Result<ExitCode> {
    let base = match &arguments.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", config.server.own_address()),
    };
    let path = if arguments.live { "/health/live" } else { "/health/ready" };
    let client = reqwest::Client::builder().timeout(LIMIT).no_proxy().build()?;
    let failed = || format!("no server answers at {base}");
    let answer = client.get(format!("{base}{path}")).send().await.with_context(failed)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(ExitCode::SUCCESS);
    }
    let status = status.as_u16();
    let body: serde_json::Value = answer.json().await.unwrap_or_default();
    let text = |path| body.pointer(path).and_then(serde_json::Value::as_str);
    match (text("/request_id"), text("/error/message")) {
        (Some(_), Some(message)) => bail!("{base} answers {status}: {message}"),
        _ => bail!("{base} answers {status}, and not as a chatapp server does; check the address"),
    }
}
