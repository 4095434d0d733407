//! Section `server`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use api::AllowedHost;
use ipnet::IpNet;
use secrecy::SecretString;

use super::section::section;
use super::setting::WebOrigin;

section! {
    /// Where the server listens and what it allows a client.
    ServerConfig = "server";

    /// Address to listen on. Anything but a loopback address makes the server reachable by
    /// others; whether they can make accounts is up to `auth.signup`.
    host: IpAddr = "127.0.0.1", flag "--host";
    /// TCP port to listen on; 0 takes a free one.
    port: u16 = "8000", env "PORT", flag "--port", range "0" to "65535";
    /// How many connections are served at once. Beyond them a few are taken for health checks, and
    /// whatever else they ask is refused for the moment. They are fewer, and the log says so, where
    /// the system lets the process open fewer files.
    max_connections: usize = "16384", range "1" to "1000000";
    /// How many connections one address (of IPv6: one /64 network) may have, and at most three
    /// quarters of all. Those of trusted proxies count until their first request only.
    connections_per_address: u32 = "2048", range "1" to "1000000";
    /// How many request bodies are received at once from one address, or for one that a trusted
    /// proxy names. Behind a proxy that is not trusted everybody has the proxy's address.
    bodies_per_address: u32 = "128", range "1" to "1000000";
    /// How many bytes a second a request body has to bring at least, once `header_timeout` has
    /// passed. So a small body has little time, and a large one has up to `body_timeout`.
    body_min_rate: u64 = "4096", range "1" to "1048576";
    /// The largest request body, in bytes.
    max_body_bytes: usize = "1048576", range "65536" to "67108864";
    /// The largest request body of the sign-up, login and refresh routes, in bytes.
    max_auth_body_bytes: usize = "65536", range "4096" to "1048576";
    /// The largest file that can be imported, in bytes. It is kept in the data folder while it is
    /// received and read.
    max_import_bytes: usize = "1073741824", range "65536" to "1099511627776";
    /// How long a client may take to send the head of a request.
    header_timeout: Duration = "10s", range "100ms" to "10m";
    /// How long a connection is kept without a request. A load balancer in front must give up its
    /// idle connections earlier (60 seconds is usual), or it meets one that is being closed.
    keep_alive: Duration = "75s", range "1s" to "1h";
    /// How long a client may take to send a whole body.
    body_timeout: Duration = "60s", range "100ms" to "1h";
    /// How long an event stream is silent before a comment is sent, so that proxies keep it open.
    heartbeat: Duration = "15s", range "100ms" to "10m";
    /// How long a client may take nothing from its socket before the connection is closed. The
    /// answer is generated on; the client can resume it.
    write_stall: Duration = "20s", range "100ms" to "10m";
    /// A folder with a built web client, served instead of the one in the program.
    web_dir: Option<PathBuf>, flag "--web-dir";
    /// Web origins whose pages may call the API from a browser.
    cors_origins: Vec<String>;
    /// Reverse proxies that are believed when they say in `X-Forwarded-For` whom they pass a request
    /// on for, as networks. Empty: nobody is. Everybody behind a proxy that is not named here
    /// shares its address, and so the waits after wrong passwords.
    trusted_proxies: Vec<IpNet> = "127.0.0.0/8, ::1/128", keep_empty true;
    /// Where people reach the server, such as `https://chat.example.org`, without a path: links
    /// that are made here begin with it, its name is allowed, and its pages are the server's own.
    /// Behind a proxy set it. Not set: the address that a request names.
    public_url: Option<WebOrigin>;
    /// Names under which the server answers beside `localhost`, addresses in numbers and the name
    /// of `server.public_url`, with or without a port; `*.example.org` is every name below that.
    /// Others are refused with 421. Empty: none, if the server listens on a loopback address, so
    /// that no web page can point its name at it; any, if it listens elsewhere.
    allowed_hosts: Vec<AllowedHost>;
    /// Opens `/metrics` to clients that send it as a bearer token. Without it every request there is
    /// refused.
    metrics_token: Option<SecretString>;
    /// How long new requests are still taken once the server was told to stop, while
    /// `/health/ready` says 503 already: with several servers, longer than the load balancer needs
    /// to notice.
    shutdown_delay: Duration = "0s", range "0s" to "5m";
    /// How long running answers may take to finish once the server was told to stop.
    shutdown_grace: Duration = "25s", range "0s" to "10m";
}

impl ServerConfig {
    /// Where a server of this configuration is reached from its own machine.
    pub fn own_address(&self) -> SocketAddr {
        let host = match self.host {
            IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            host => host,
        };
        SocketAddr::new(host, self.port)
    }
}
