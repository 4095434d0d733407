//! What stands between people and the server, seen from people's side.

use futures_util::StreamExt as _;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::time::Instant;

use super::report::Report;
use super::{exposure, outside, text, why};
use crate::config::Config;
use crate::version::VERSION;

/// A reply that has more than this without an event is something else.
const MOST_WITHOUT_EVENT: usize = 64 * 1024;

pub(super) async fn check(report: &mut Report, config: &Config, url: &str, client: &Client) {
    let base = url.trim_end_matches('/');
    let host = base.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    if host.is_some_and(|host| !exposure::is_local(host)) {
        report.warn(
            "proxy",
            format!("{base} is not encrypted: passwords and tokens can be read on their way."),
            "Give the proxy a certificate, and use https://.",
        );
    }
    let version = match client.get(format!("{base}/api/version")).send().await {
        Ok(answer) if answer.status().as_u16() == 421 => {
            return report.fail(
                "proxy",
                format!("The server does not answer under the name of {base}."),
                format!(
                    "Set server.public_url to {base}, or add the name to server.allowed_hosts, and \
                     start the server again."
                ),
            );
        }
        Ok(answer) => answer.json::<Value>().await.unwrap_or_default(),
        Err(error) => {
            let fix = "Check the address, the name server, the certificate and the proxy.";
            return report.fail("proxy", format!("{base} cannot be reached: {}.", why(error)), fix);
        }
    };
    if text(&version, "/name") != "chatapp" {
        return report.fail(
            "proxy",
            format!("{base} is reached, but no chatapp server answers /api/version there."),
            "Let the proxy pass every path on, unchanged, to the server.",
        );
    }
    let theirs = text(&version, "/version");
    if theirs != VERSION.version {
        let fix = "Check that the proxy leads to the server you mean.";
        report.warn("proxy", format!("{base} leads to a server of version {theirs}."), fix);
    }
    outside::check(report, config, base, client).await;
    streaming(report, base, client).await;
    large_body(report, config, base, client).await;
}

/// Reads the test stream and compares when its events arrive with when they were sent.
async fn streaming(report: &mut Report, base: &str, client: &Client) {
    // As a browser asks: what compresses an event stream gathers events before.
    let request = client.get(format!("{base}/health/stream")).header(ACCEPT_ENCODING, "gzip");
    let answer = match request.send().await {
        Ok(answer) if answer.status().is_success() => answer,
        Ok(answer) => {
            let what = format!("The test stream is answered {}.", answer.status().as_u16());
            return report.fail("streaming", what, "Let the proxy pass /health/stream on.");
        }
        Err(error) => {
            let what = format!("The test stream cannot be read: {}.", why(error));
            return report.fail("streaming", what, "Look at the proxy's log.");
        }
    };
    if answer.headers().contains_key(CONTENT_ENCODING) {
        return report.fail(
            "streaming",
            "Something on the way compresses event streams, and keeps events back for that.",
            "Leave text/event-stream out of what the proxy compresses (nginx: gzip_types).",
        );
    }
    let Ticks { sent_ms, arrived_ms, count } = Ticks::read(answer).await;
    if count < 2 {
        report.fail(
            "streaming",
            format!("The test stream broke off after {count} events."),
            "Look at the proxy's log and its timeouts.",
        );
    } else if arrived_ms * 2 < sent_ms {
        report.fail(
            "streaming",
            format!(
                "Something on the way keeps event streams back: what was sent within {sent_ms} ms \
                 arrived within {arrived_ms} ms. Answers appear all at once."
            ),
            "Switch buffering off in the proxy (nginx: proxy_buffering off).",
        );
    } else {
        report.ok("streaming", "Events arrive as they are sent.");
    }
}

/// How the test stream arrived.
#[derive(Default)]
struct Ticks {
    sent_ms: u128,
    arrived_ms: u128,
    count: usize,
}

impl Ticks {
    async fn read(answer: Response) -> Self {
        let mut ticks = Self::default();
        let mut first = None;
        let mut text = String::new();
        let mut body = answer.bytes_stream();
        while let Some(Ok(bytes)) = body.next().await
            && text.len() < MOST_WITHOUT_EVENT
        {
            text.push_str(&String::from_utf8_lossy(&bytes));
            while let Some((line, rest)) = text.split_once("\n\n") {
                let tick =
                    line.strip_prefix("data: ").and_then(|line| serde_json::from_str(line).ok());
                let tick: Value = tick.unwrap_or_default();
                text = rest.to_owned();
                ticks.count += 1;
                let sent = tick.get("after_ms").and_then(Value::as_u64);
                ticks.sent_ms = sent.unwrap_or_default().into();
                ticks.arrived_ms = first.get_or_insert_with(Instant::now).elapsed().as_millis();
            }
        }
        ticks
    }
}

/// Sends a body as large as the server takes. It refuses it for want of a token; a proxy that is
/// in the way refuses it with words of its own.
async fn large_body(report: &mut Report, config: &Config, base: &str, client: &Client) {
    let bytes = config.server.max_body_bytes;
    let body = vec![b' '; bytes];
    let request = client.post(format!("{base}/api/conversations")).body(body);
    let answer = request.header("content-type", "application/json").send().await;
    match answer {
        Ok(answer) if answer.headers().contains_key("x-request-id") => {
            report.ok("proxy", format!("Bodies of {bytes} bytes pass."));
        }
        Ok(answer) if answer.status().as_u16() == 413 => report.warn(
            "proxy",
            format!("A body of {bytes} bytes, which the server takes, is refused by the proxy."),
            "Raise the proxy's limit (nginx: client_max_body_size) to server.max_body_bytes.",
        ),
        // The server may close before it has read what it refuses; nothing is known then.
        Ok(_) | Err(_) => {}
    }
}
