//! Where a request comes from, as far as it can be trusted.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Uri, header};
use ipnet::IpNet;
use services::Client;

use super::address::named_host;
use crate::state::AppState;

/// The most characters of a `User-Agent` that are kept.
const MAX_USER_AGENT_CHARS: usize = 255;
/// In what proxies say whom they pass a request on for.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of the connection.
///
/// [`serve()`](crate::serve()) puts it into every request's extensions; a test that calls the router
/// directly inserts its own. Without it a request has no address and is never local.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// In the extensions of a request whose connection is one of those kept for health checks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptForHealth;

/// The client as the account use cases want it.
///
/// The address is that of the peer, or whom a trusted proxy passes the request on for. A forwarding
/// header never gives the `local` privilege; whoever sends one takes it away.
#[derive(Debug)]
pub(crate) struct ClientInfo(pub(crate) Client);

impl FromRequestParts<AppState> for ClientInfo {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip().to_canonical());
        let local =
            peer_is_local(peer, &parts.headers) && host_is_local(&parts.uri, &parts.headers);
        let address =
            peer.map(|peer| client_address(peer, &parts.headers, &state.config.trusted_proxies));
        Ok(Self(Client {
            user_agent: user_agent(&parts.headers),
            address: address.map(|ip| ip.to_string()).unwrap_or_default(),
            host: host(state.config.public_url.as_deref(), &parts.uri, &parts.headers),
            local,
        }))
    }
}

/// Who is at the far end of the proxies that are trusted. Each adds whom it talks to at the right
/// end of `X-Forwarded-For`; what stands left of the first untrusted one anybody can write.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let lines: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let mut address = peer.to_canonical();
    while trusted.iter().any(|network| network.contains(&address)) {
        // What is no address says nothing, so the last one known stays.
        let Some(hop) = hops.next().and_then(hop) else { break };
        address = hop;
    }
    address
}

/// An address, perhaps with a port, as proxies write them.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    Some(address?.to_canonical())
}

/// Whether the request was made on this machine and not passed on by a proxy on it.
pub(super) fn peer_is_local(peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
    peer.is_some_and(|ip| ip.to_canonical().is_loopback())
        && !headers.keys().any(is_forwarding_header)
}

/// Whether proxies, tunnels and content networks add a header of this name, and clients do not.
pub(super) fn is_forwarding_header(name: &HeaderName) -> bool {
    const NAMES: [&str; 6] =
        ["forwarded", "via", "x-real-ip", "cdn-loop", "x-amzn-trace-id", "x-azure-clientip"];
    const BEGINNINGS: [&str; 5] = ["x-forwarded-", "x-original-", "cf-", "x-envoy-", "tailscale-"];
    let name = name.as_str();
    NAMES.contains(&name)
        || name.ends_with("client-ip")
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// Whether the one host that a request names is this machine; a page under another name must not
/// get through by pointing its DNS at loopback.
pub(super) fn host_is_local(uri: &Uri, headers: &HeaderMap) -> bool {
    named_host(uri, headers).is_some_and(|host| is_local_name(&host))
}

fn is_local_name(authority: &Authority) -> bool {
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || bare.parse().is_ok_and(|ip: IpAddr| ip.to_canonical().is_loopback())
}

/// The host that people know, without its port: the configured one, or the one that was asked;
/// empty where none is named.
fn host(public_url: Option<&str>, uri: &Uri, headers: &HeaderMap) -> String {
    let configured = public_url.and_then(|url| url.parse::<Uri>().ok()?.into_parts().authority);
    let known = configured.or_else(|| named_host(uri, headers));
    known.map(|authority| authority.host().to_owned()).unwrap_or_default()
}

fn user_agent(headers: &HeaderMap) -> String {
    let Some(value) = headers.get(header::USER_AGENT) else {
        return String::new();
    };
    String::from_utf8_lossy(value.as_bytes())
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_USER_AGENT_CHARS)
        .collect()
}
