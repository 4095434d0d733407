//! What the operator decides about this layer.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

use crate::allowed_host::AllowedHost;

/// Limits and switches of the HTTP layer; `server` fills it from its configuration.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Web origins that may call the API from a browser, such as `https://chat.example.org`.
    pub cors_origins: Vec<String>,
    /// Peers that are believed when they say in `X-Forwarded-For` whom they pass a request on for.
    pub trusted_proxies: Vec<IpNet>,
    /// Where people reach the server, such as `https://chat.example.org`; none for whatever a
    /// request names.
    pub public_url: Option<String>,
    /// Names under which the server answers beside its own; empty for any, unless it listens on a
    /// loopback address.
    pub allowed_hosts: Vec<AllowedHost>,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// The largest request body of the sign-up, login and refresh routes, in bytes.
    pub max_auth_body_bytes: usize,
    /// The largest file that can be imported, in bytes.
    pub max_import_bytes: u64,
    /// Where a file is kept while it is imported.
    pub upload_dir: PathBuf,
    /// How long an event stream is silent before a comment is sent.
    pub heartbeat: Duration,
    /// How long a client may take no byte off its socket before the connection is closed.
    pub write_stall: Duration,
    /// How long a client may take to send a whole body.
    pub body_timeout: Duration,
    /// How long a client may take to send the head of a request, the first included.
    pub header_timeout: Duration,
    /// How long a connection is kept without a request.
    pub keep_alive: Duration,
    /// How many connections are served at once. A few more are taken for health checks; whatever
    /// else they ask is refused for the moment.
    pub max_connections: usize,
    /// How many connections one address (of IPv6: one /64 network) may have. Those of trusted
    /// proxies count until their first request only.
    pub connections_per_address: u32,
    /// How many bodies are received at once from one address, or for one that a trusted proxy
    /// names.
    pub bodies_per_address: u32,
    /// How many bytes a second a body has to bring, once the time for a head has passed.
    pub body_min_rate: u64,
    /// Opens `/metrics` to clients that send it as a bearer token.
    pub metrics_token: Option<SecretString>,
    /// Whether the server listens on a loopback address only.
    pub loopback_bind: bool,
    /// What `/api/version` answers.
    pub version: VersionInfo,
}

impl Default for ApiConfig {
    /// The documented defaults; a loopback bind.
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            public_url: None,
            allowed_hosts: Vec::new(),
            max_body_bytes: 1024 * 1024,
            max_auth_body_bytes: 64 * 1024,
            max_import_bytes: 1024 * 1024 * 1024,
            upload_dir: std::env::temp_dir(),
            heartbeat: Duration::from_secs(15),
            write_stall: Duration::from_secs(20),
            body_timeout: Duration::from_mins(1),
            header_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            max_connections: 16_384,
            connections_per_address: 2048,
            bodies_per_address: 128,
            body_min_rate: 4096,
            metrics_token: None,
            loopback_bind: true,
            version: VersionInfo { version: env!("CARGO_PKG_VERSION"), commit: None },
        }
    }
}

/// Which build this is.
#[derive(Debug, Clone, Copy)]
pub struct VersionInfo {
    /// The version of the package.
    pub version: &'static str,
    /// The commit it was built from, where the build knew it.
    pub commit: Option<&'static str>,
}
