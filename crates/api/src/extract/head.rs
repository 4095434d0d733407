//! What the head of a request says of who sent it and whom it is for, as far as it can be trusted.

use std::net::{IpAddr, SocketAddr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Uri, header};
use ipnet::IpNet;

/// In what proxies say whom they pass a request on for.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of the connection.
///
/// [`serve()`](crate::serve()) puts it into every request's extensions; a test that calls the router
/// directly inserts its own. Without it a request has no address and is never local.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

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

/// The one host that a request names (RFC 9112, section 3.2; `:authority` in HTTP/2).
pub(crate) fn named_host(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match hosts.next() {
        Some(value) => Some(value.to_str().ok()?.parse::<Authority>().ok()?),
        None => None,
    };
    let same =
        |host: &Authority, other: &Authority| host.as_str().eq_ignore_ascii_case(other.as_str());
    if hosts.next().is_some() {
        return None;
    }
    let found = match (host, uri.authority()) {
        (Some(host), Some(other)) if !same(&host, other) => return None,
        (Some(host), _) => host,
        (None, other) => other?.clone(),
    };
    is_host(&found).then_some(found)
}

/// Whether an authority is a host, perhaps with a port. The parser takes more: `user@host`,
/// `[::1].example.org` for `[::1]`, and any text for a port.
pub(super) fn is_host(authority: &Authority) -> bool {
    let rest = authority.as_str().strip_prefix(authority.host());
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
    })
}
