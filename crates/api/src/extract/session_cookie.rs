//! Refresh tokens for browsers: in a cookie that no script can read (RFC 6265).
//!
//! A page asks for it with `X-ChatApp-Session: cookie`. A page of another site can neither send
//! that header without a preflight, which is never granted, nor is its own name in `Origin`.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::response::AppendHeaders;
use schemas::account::TokenResponse;

use super::Json;
use super::address::Asked;
use crate::error::ApiError;
use crate::state::AppState;

/// What asks for the cookie.
const ASKS: &str = "x-chatapp-session";
/// The only routes that need it. A name with `__Host-` is bound to this very host, and in return
/// seen by every route of it.
const PATH: &str = "/api/auth";
/// What every name of a cookie of ours ends or begins with.
const NAME: &str = "chatapp_refresh";

/// What a browser forgets when a session ends: answers that it kept, for its "back" above all.
/// Not `"cookies"`, which takes those of every program under the same domain, and not `"storage"`,
/// which takes the drafts and unsent messages of other users of this browser; the page takes
/// care of what it has stored itself.
const FORGOTTEN: HeaderValue = HeaderValue::from_static("\"cache\"");

/// An answer with the cookie's headers, if there are any to set.
pub(crate) type WithCookie<T> = (AppendHeaders<Vec<(HeaderName, HeaderValue)>>, T);

/// Where the caller keeps its refresh token.
#[derive(Debug)]
pub(crate) enum SessionCookie {
    /// It takes care of it itself.
    Unused,
    /// In the cookie of our own page.
    Used {
        /// The cookie's name, which depends on the page's address.
        name: String,
        /// Whether the page came over TLS.
        secure: bool,
        /// The token that came with the request.
        token: Option<String>,
        /// The name that the cookie had in earlier releases, if it came under that: read until it
        /// has a successor.
        earlier: Option<String>,
    },
}

impl SessionCookie {
    /// The refresh token to exchange: the body's, or the cookie's where that is used.
    pub(crate) fn token(&self, body: Option<String>) -> Result<String, ApiError> {
        match (self, body) {
            (Self::Unused, Some(token)) => Ok(token),
            (Self::Unused, None) => Err(ApiError::missing_parameter("refresh_token")),
            (Self::Used { token, .. }, None) => token.clone().ok_or_else(ApiError::invalid_token),
            (Self::Used { .. }, Some(_)) => Err(ApiError::invalid_value(
                "refresh_token",
                "The refresh token is in the cookie; leave it out of the body.",
            )),
        }
    }

    /// The answer with the new tokens. A token that goes into the cookie, for as long as it is
    /// valid, is not in the body.
    pub(crate) fn keep(
        &self,
        mut tokens: TokenResponse,
        lifetime: Duration,
    ) -> WithCookie<Json<TokenResponse>> {
        let cookies = match self {
            Self::Unused => Vec::new(),
            Self::Used { .. } => {
                let token = tokens.refresh_token.take();
                token.map(|token| self.cookies(&token, lifetime)).unwrap_or_default()
            }
        };
        (AppendHeaders(cookies), Json(tokens))
    }

    /// The answer after which the browser has no token, nor what it was told with one.
    pub(crate) fn forget<T>(&self, answer: T) -> WithCookie<T> {
        let mut headers = self.cookies("", Duration::ZERO);
        if let Self::Used { .. } = self {
            headers.push((HeaderName::from_static("clear-site-data"), FORGOTTEN));
        }
        (AppendHeaders(headers), answer)
    }

    fn cookies(&self, value: &str, lifetime: Duration) -> Vec<(HeaderName, HeaderValue)> {
        let Self::Used { name, secure, earlier, .. } = self else { return Vec::new() };
        let path = if *secure { "/" } else { PATH };
        let gone = earlier.as_deref().map(|name| cookie(name, "", PATH, Duration::ZERO, *secure));
        let kept = cookie(name, value, path, lifetime, *secure);
        [Some(kept), gone].into_iter().flatten().flatten().collect()
    }
}

fn cookie(
    name: &str,
    value: &str,
    path: &str,
    lifetime: Duration,
    secure: bool,
) -> Option<(HeaderName, HeaderValue)> {
    let seconds = lifetime.as_secs();
    let secure = if secure { "; Secure" } else { "" };
    let text = format!(
        "{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some((header::SET_COOKIE, value))
}

impl FromRequestParts<AppState> for SessionCookie {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let Some(asks) = parts.headers.get(ASKS) else { return Ok(Self::Unused) };
        if asks != "cookie" {
            return Err(ApiError::invalid_value(ASKS, "X-ChatApp-Session can only be `cookie`."));
        }
        let origin = own_origin(parts, state).ok_or_else(ApiError::foreign_page)?;
        let secure = origin.scheme_str() == Some("https");
        // Cookies know no ports: two servers on one machine must not take each other's.
        let port = origin.port_u16().map(|port| format!("_{port}")).unwrap_or_default();
        let prefix = if secure { "__Host-" } else { "" };
        let name = format!("{prefix}{NAME}{port}");
        let old = secure.then(|| format!("__Secure-{NAME}{port}"));
        let earlier = old.as_deref().and_then(|name| presented(&parts.headers, name));
        let token = presented(&parts.headers, &name).or_else(|| earlier.clone());
        Ok(Self::Used { name, secure, token, earlier: earlier.and(old) })
    }
}

/// The origin of the page that makes the request, when it is this server's own.
///
/// The browser's own word (Fetch Metadata) counts where it is given: over TLS, and on this machine.
/// Elsewhere the origin has to be the configured address of this server, or the one that was asked
/// for, as far as proxies that are trusted tell.
fn own_origin(parts: &Parts, state: &AppState) -> Option<Uri> {
    let headers = &parts.headers;
    let text = only(headers, &header::ORIGIN)?;
    let origin: Uri = text.parse().ok()?;
    let site = only(headers, &HeaderName::from_static("sec-fetch-site"));
    let own = if let Some(site) = site {
        site == "same-origin"
    } else {
        let public = state.config.public_url.as_deref();
        public.is_some_and(|public| public.eq_ignore_ascii_case(text))
            || Asked::of(parts, state).is_origin(&origin)
    };
    (own && origin.scheme().is_some() && origin.host().is_some()).then_some(origin)
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// The cookie of this name. Of two with one name the first has the longest path (RFC 6265,
/// section 5.4), which is ours.
fn presented(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}
