//! `chatapp healthcheck`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chatapp::cli::HealthArgs;
use chatapp::config::{Config, ServerConfig};

/// How long the server may take; a supervisor asks again.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks a server whether it is well. An error says why not.
pub(crate) async fn check(config: &Config, arguments: &HealthArgs) -> anyhow::Result<ExitCode> {
    let base = match &arguments.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", own_address(&config.server)),
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

/// Where the server of this configuration is reached from its own machine.
fn own_address(server: &ServerConfig) -> SocketAddr {
    let host = match server.host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, server.port)
}
