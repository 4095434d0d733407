//! Under which address a client has asked for this server.
//!
//! Proxies may change the host and always hide the scheme; one that is trusted is believed when it
//! says in `X-Forwarded-Host`, `-Port` and `-Proto` what they were.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use ipnet::IpNet;

use super::head::{Peer, is_forwarding_header, is_host, named_host};
use crate::state::AppState;

/// The address that a client has typed, as far as it can be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Whether it was `https`.
    secure: bool,
    /// The host, perhaps with a port; none if the request names none, or more than one.
    authority: Option<Authority>,
    /// The port where the host has none, if a proxy said it.
    port: Option<u16>,
    /// Whether a trusted proxy says that it passed the request on.
    passed_on: bool,
}

impl Asked {
    /// That of a request to this server.
    pub(super) fn of(parts: &Parts, state: &AppState) -> Self {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
        Self::read(peer, &parts.uri, &parts.headers, &state.config.trusted_proxies)
    }

    /// Reads it from the head of a request. Only a peer in one of the networks `trusted` is
    /// believed about more than `Host`.
    pub(super) fn read(
        peer: Option<IpAddr>,
        uri: &Uri,
        headers: &HeaderMap,
        trusted: &[IpNet],
    ) -> Self {
        let passed_on = headers.keys().any(is_forwarding_header)
            && peer.is_some_and(|peer| {
                trusted.iter().any(|network| network.contains(&peer.to_canonical()))
            });
        let said = |name| forwarded(headers, name).filter(|_| passed_on);
        let authority = match said("x-forwarded-host") {
            Some(host) => host.parse().ok().filter(is_host),
            None => named_host(uri, headers),
        };
        Self {
            secure: said("x-forwarded-proto").is_some_and(|it| it.eq_ignore_ascii_case("https")),
            authority,
            port: said("x-forwarded-port").and_then(|port| port.parse().ok()),
            passed_on,
        }
    }

    /// Whether a page of this origin was loaded from the same address. Behind a proxy that does
    /// not say the port (nginx: `$host`) every port of the host is the same; cookies know none
    /// either.
    pub(super) fn is_origin(&self, origin: &Uri) -> bool {
        let (Some(asked), Some(named)) = (&self.authority, origin.authority()) else {
            return false;
        };
        if !asked.host().eq_ignore_ascii_case(named.host()) {
            return false;
        }
        let usual = if origin.scheme_str() == Some("https") { 443 } else { 80 };
        let port = named.port_u16().unwrap_or(usual);
        match asked.port_u16().or(self.port) {
            Some(asked) => asked == port,
            None => port == usual || self.passed_on,
        }
    }

    /// The address without a path, for links.
    fn base(&self) -> Option<String> {
        let authority = self.authority.as_ref()?;
        let (scheme, usual) = if self.secure { ("https", 443) } else { ("http", 80) };
        let port = self.port.filter(|port| authority.port().is_none() && *port != usual);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{scheme}://{authority}{port}"))
    }
}

/// What the nearest proxy says: the last value, since it is the one that it has added or set.
fn forwarded<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim).filter(|value| !value.is_empty())
}

/// Where people reach this server, without a trailing slash: as configured, or as the request
/// names it.
#[derive(Debug)]
pub(crate) struct OwnAddress(pub(crate) String);

impl FromRequestParts<AppState> for OwnAddress {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        if let Some(configured) = &state.config.public_url {
            return Ok(Self(configured.clone()));
        }
        Ok(Self(Asked::of(parts, state).base().unwrap_or_default()))
    }
}
