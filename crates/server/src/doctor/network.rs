//! The address to listen on, and the server that may be there already.

use std::io;
use std::net::{SocketAddr, TcpListener};

use reqwest::Client;
use serde_json::Value;

use super::report::Report;
use super::{text, why};
use crate::config::{Config, ServerConfig};
use crate::version::VERSION;

pub(super) async fn check(report: &mut Report, config: &Config, client: &Client) {
    let address = SocketAddr::new(config.server.host, config.server.port);
    match TcpListener::bind(address) {
        Ok(_) if address.port() == 0 => report.ok("port", "A free one is taken at each start."),
        Ok(_) => report.ok("port", format!("{address} is free; no server runs there.")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            running(report, &config.server, client).await;
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => report.fail(
            "port",
            format!("This account may not listen on port {}.", address.port()),
            "Choose one above 1023 with --port, and let a proxy take 80 and 443.",
        ),
        Err(error) => report.fail(
            "port",
            format!("Nobody can listen on {address} here: {error}."),
            "Check server.host: it must be an address of this machine, or 127.0.0.1, 0.0.0.0, ::.",
        ),
    }
}

/// A program has the port: is it us, of this version, and well.
async fn running(report: &mut Report, server: &ServerConfig, client: &Client) {
    let base = format!("http://{}", server.own_address());
    let foreign = |what: String| {
        (
            what,
            format!(
                "End that program, or choose another port with --port {}.",
                server.port.wrapping_add(1)
            ),
        )
    };
    let version = match get(client, &format!("{base}/api/version")).await {
        Ok((_, version)) if text(&version, "/name") == "chatapp" => version,
        Ok(_) => {
            let (what, fix) = foreign(format!("Another program has port {}.", server.port));
            return report.fail("port", what, fix);
        }
        Err(error) => {
            let what = format!("A program has port {} and does not answer: {error}.", server.port);
            let (what, fix) = foreign(what);
            return report.fail("port", what, fix);
        }
    };
    let theirs = text(&version, "/version");
    report.ok("port", format!("A chatapp server has port {}.", server.port));
    if theirs != VERSION.version {
        report.warn(
            "server",
            format!("The running server is version {theirs}, this program {}.", VERSION.version),
            "Restart the server to finish the upgrade.",
        );
    }
    match get(client, &format!("{base}/health/ready")).await {
        Ok((200, _)) => report.ok("server", format!("It is ready (version {theirs}).")),
        Ok((_, answer)) => {
            let why = text(&answer, "/error/message");
            report.fail("server", format!("It takes no requests: {why}"), "Its log says more.");
        }
        Err(error) => {
            report.fail("server", format!("It does not answer: {error}."), "Its log says more.");
        }
    }
}

async fn get(client: &Client, url: &str) -> Result<(u16, Value), String> {
    let answer = client.get(url).send().await.map_err(why)?;
    let status = answer.status().as_u16();
    Ok((status, answer.json().await.unwrap_or_default()))
}
