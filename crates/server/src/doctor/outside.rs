//! What strangers and the web client can do, tried from where people are.

use reqwest::header::{CONTENT_TYPE, ORIGIN};
use reqwest::{Client, Url};
use serde_json::Value;

use super::report::Report;
use super::{exposure, text};
use crate::config::{Config, Signup};

pub(super) async fn check(report: &mut Report, config: &Config, base: &str, client: &Client) {
    if let Some(public) = &config.server.public_url
        && !public.0.eq_ignore_ascii_case(base)
        && !is_direct(config, base)
    {
        report.warn(
            "address",
            format!("server.public_url is {}, and people are said to use {base}.", public.0),
            "Set it to the address that people use: links begin with it.",
        );
    }
    accounts(report, config, base, client).await;
    own_page(report, base, client).await;
    let metrics = client.get(format!("{base}/metrics")).send().await;
    if metrics.is_ok_and(|answer| answer.status().is_success()) {
        let what = format!("{base}/metrics can be read by anybody.");
        report.fail("metrics", what, "Update the server, or have the proxy refuse that path.");
    }
}

/// Whether an address leads to the server's own port on this machine.
fn is_direct(config: &Config, base: &str) -> bool {
    let url = Url::parse(base).ok();
    let port = url.as_ref().and_then(Url::port_or_known_default);
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    port == Some(config.server.port) && exposure::is_local(host)
}

async fn accounts(report: &mut Report, config: &Config, base: &str, client: &Client) {
    let Ok(answer) = client.get(format!("{base}/api/auth/signup")).send().await else { return };
    let state: Value = answer.json().await.unwrap_or_default();
    let Some(open) = state.get("open").and_then(Value::as_bool) else { return };
    if is_direct(config, base) {
        report.ok("accounts", exposure::who(config.auth.signup));
    } else if open && config.auth.signup == Signup::Auto {
        report.fail(
            "accounts",
            format!(
                "Anybody who reaches {base} can make an account and use your provider: the proxy \
                 does not say that it passes requests on, so every client seems to be on this \
                 machine."
            ),
            "Let the proxy set X-Forwarded-For (nginx: proxy_set_header X-Forwarded-For \
             $remote_addr), or set auth.signup to invite.",
        );
    } else if open {
        report.warn(
            "accounts",
            format!("Anybody who reaches {base} can make an account and use your provider."),
            "Set auth.signup to auto or invite, unless that is what you want.",
        );
    } else if state.get("invitations").and_then(Value::as_bool) == Some(true) {
        report.ok("accounts", format!("Through {base} accounts are made by invitation only."));
    } else {
        report.ok("accounts", format!("Through {base} nobody can make an account."));
    }
    if text(&state, "/administrator") == "setup_token" {
        report.ok(
            "administrator",
            "There is none yet: open the link that the server prints at its start.",
        );
    }
}

/// Asks as the web client does over plain HTTP, where browsers do not say whose page it is.
async fn own_page(report: &mut Report, base: &str, client: &Client) {
    let Ok(url) = Url::parse(base) else { return };
    let request = client
        .post(format!("{base}/api/auth/refresh"))
        .header(ORIGIN, url.origin().ascii_serialization())
        .header("x-chatapp-session", "cookie")
        .header(CONTENT_TYPE, "application/json")
        .body("{}");
    let Ok(answer) = request.send().await else { return };
    let answer: Value = answer.json().await.unwrap_or_default();
    let fix = format!(
        "Let the proxy pass Host on with its port (nginx: proxy_set_header Host $http_host), or \
         set server.public_url to {base}."
    );
    match text(&answer, "/error/code") {
        "foreign_page" if url.scheme() == "http" => report.fail(
            "web client",
            format!(
                "Nobody can log in with the web client at {base}: the server does not take the \
                 page for its own."
            ),
            fix,
        ),
        "foreign_page" => report.warn(
            "web client",
            format!("Old browsers cannot log in with the web client at {base}."),
            fix,
        ),
        "" => {}
        _ => report.ok("web client", format!("People can log in with it at {base}.")),
    }
}
