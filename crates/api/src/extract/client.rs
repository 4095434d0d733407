//! The client that makes a request.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use services::Client;

use super::head::{Peer, client_address, host_is_local, named_host, peer_is_local};
use crate::state::AppState;

/// The most characters of a `User-Agent` that are kept.
const MAX_USER_AGENT_CHARS: usize = 255;
/// In the extensions of a request whose connection is one of those kept for health checks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptForHealth;

/// The client as the account use cases want it.
///
/// The address is that of the peer, or whom a trusted proxy passes the request on for. A forwarding
/// header never gives the `local` privilege; a client that sends one loses it.
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
