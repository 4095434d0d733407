//! Choices that let others in, or let them listen.

use super::report::Report;
use crate::config::{Config, ServerConfig, Signup};

/// What password hashing should cost at the least (OWASP's smallest recommendation for argon2id).
const MEMORY_KIB: u32 = 19_456;
const ITERATIONS: u32 = 2;
/// Fewer iterations are enough from here on.
const MEMORY_FOR_ONE_KIB: u32 = 47_104;

pub(super) fn check(report: &mut Report, config: &Config) {
    let (server, auth) = (&config.server, &config.auth);
    if server.host.is_loopback() {
        report.ok("exposure", format!("It listens on {} only: others need a proxy.", server.host));
    } else {
        report.warn(
            "exposure",
            format!(
                "It listens on {} without encryption: anybody who shares a network with it can \
                 read passwords and tokens.",
                server.host
            ),
            "Put a proxy with TLS in front (docs/OPERATING.md has examples) and listen on \
             127.0.0.1, or make sure that only the proxy reaches the port.",
        );
        if auth.signup == Signup::Open {
            report.warn(
                "exposure",
                "auth.signup is open: anybody who reaches the server can make an account and use \
                 your provider.",
                "Set auth.signup to closed or auto, unless that is what you want.",
            );
        }
    }
    report.ok("sign-up", who(auth.signup));
    report.ok("names", names(server));
    let plain = server.cors_origins.iter().find(|origin| {
        let rest = origin.strip_prefix("http://");
        rest.is_some_and(|host| !is_local(host))
    });
    if let Some(origin) = plain {
        report.warn(
            "exposure",
            format!("Pages from {origin} may call the API: anybody on their way can change them."),
            "Name the origin with https:// in server.cors_origins.",
        );
    }
    let memory = auth.argon2_memory_kib;
    let enough = memory >= MEMORY_FOR_ONE_KIB
        || (memory >= MEMORY_KIB && auth.argon2_iterations >= ITERATIONS);
    if !enough {
        report.warn(
            "passwords",
            format!(
                "They are hashed with {memory} KiB in {} passes, which is quick to guess against.",
                auth.argon2_iterations
            ),
            "Remove auth.argon2_memory_kib and auth.argon2_iterations, or raise them.",
        );
    }
}

/// Who may make an account.
pub(super) fn who(signup: Signup) -> &'static str {
    match signup {
        Signup::Open => "Anybody who reaches the server can make an account (auth.signup is open).",
        Signup::Invite => "Accounts are made by invitation (auth.signup is invite).",
        Signup::Closed => "Nobody can make an account (auth.signup is closed).",
        Signup::Auto => {
            "People at this machine can make an account, others by invitation (auth.signup is \
             auto)."
        }
    }
}

/// Under which names the server answers.
fn names(server: &ServerConfig) -> String {
    if !server.host.is_loopback() && server.allowed_hosts.is_empty() {
        return "It answers under every name (server.allowed_hosts is empty).".to_owned();
    }
    let public = server.public_url.iter().map(|url| url.0.clone());
    let allowed = server.allowed_hosts.iter().map(ToString::to_string);
    let more: Vec<String> = public.chain(allowed).collect();
    if more.is_empty() {
        return "It answers under localhost and addresses in numbers only; behind a proxy set \
                server.public_url."
            .to_owned();
    }
    format!("It answers under localhost, addresses in numbers and {}.", more.join(", "))
}

/// Whether a host, with or without a port, is this machine.
pub(super) fn is_local(host: &str) -> bool {
    let host = host.strip_prefix('[').map_or_else(
        || host.split(':').next().unwrap_or_default(),
        |rest| rest.split(']').next().unwrap_or_default(),
    );
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}
