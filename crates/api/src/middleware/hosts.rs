//! Under which names the server answers.
//!
//! A page of another site can have its name point at this machine (DNS rebinding); its requests
//! then come from a browser here, but name that site. Such a name is always a name: an address in
//! numbers cannot be made to point elsewhere, so it is answered everywhere, as health checks want.
//! What proxies say of the host does not count, since such a page can say it, too.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::ApiConfig;
use crate::allowed_host::AllowedHost;
use crate::error::ApiError;
use crate::extract::named_host;

/// Which requests are answered.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    /// Whether other names are refused.
    strict: bool,
    allowed: Arc<[AllowedHost]>,
    /// Whether the log has said that a name was refused.
    said: Arc<AtomicBool>,
}

impl Hosts {
    pub(crate) fn new(config: &ApiConfig) -> Self {
        let public = config.public_url.as_deref().and_then(|url| url.split_once("://"));
        // A proxy may leave the port out.
        let public = public.and_then(|(_, host)| host.parse::<AllowedHost>().ok());
        let public = public.map(AllowedHost::on_any_port);
        Self {
            strict: config.loopback_bind || !config.allowed_hosts.is_empty(),
            allowed: config.allowed_hosts.iter().cloned().chain(public).collect(),
            said: Arc::default(),
        }
    }

    /// Whether a request with this head is answered. One that names no host is no browser's.
    fn answers(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        if !self.strict || (!headers.contains_key(header::HOST) && uri.authority().is_none()) {
            return true;
        }
        named_host(uri, headers).is_some_and(|asked| {
            let host = asked.host();
            let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            host.eq_ignore_ascii_case("localhost")
                || bare.unwrap_or(host).parse::<IpAddr>().is_ok()
                || self.allowed.iter().any(|allowed| allowed.fits(&asked))
        })
    }
}

/// Refuses a request under a name that is not the server's.
pub(crate) async fn known_hosts(
    State(hosts): State<Hosts>,
    request: Request,
    next: Next,
) -> Response {
    if hosts.answers(request.uri(), request.headers()) {
        return next.run(request).await;
    }
    if !hosts.said.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "a request under a name that is not this server's was refused; if people reach it \
             under that name, set server.public_url or server.allowed_hosts (chatapp doctor --url)"
        );
    }
    ApiError::misdirected().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(loopback_bind: bool, allowed: &[&str], public_url: Option<&str>) -> Hosts {
        Hosts::new(&ApiConfig {
            loopback_bind,
            allowed_hosts: allowed.iter().map(|host| host.parse().unwrap()).collect(),
            public_url: public_url.map(str::to_owned),
            ..ApiConfig::default()
        })
    }

    fn answers(hosts: &Hosts, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        hosts.answers(&Uri::from_static("/api/me"), &headers)
    }

    #[test]
    fn s7_a_loopback_server_answers_its_own_names_and_no_other() {
        let hosts = hosts(true, &[], None);
        for own in ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000", "192.0.2.7"] {
            assert!(answers(&hosts, own), "{own}");
        }
        for foreign in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil@localhost",
            "localhost, evil.example",
            "",
            "0x7f.1.evil.example:8000",
            "[::1].evil.example",
            "[::1]evil.example:8000",
            "localhost:evil",
            "localhost:99999",
        ] {
            assert!(!answers(&hosts, foreign), "{foreign}");
        }
        let none = HeaderMap::new();
        assert!(hosts.answers(&Uri::from_static("/"), &none), "no browser leaves it out");
        assert!(!hosts.answers(&Uri::from_static("http://evil.example/"), &none));
        let mut two = HeaderMap::new();
        two.append(header::HOST, "localhost".parse().unwrap());
        two.append(header::HOST, "evil.example".parse().unwrap());
        assert!(!hosts.answers(&Uri::from_static("/"), &two));
    }

    #[test]
    fn s7_names_are_allowed_one_by_one_or_all_below_one() {
        let list = ["chat.example.org", "*.example.com", "other.example:8443"];
        for bind in [true, false] {
            let hosts = hosts(bind, &list, Some("https://public.example:444"));
            for own in [
                "chat.example.org",
                "Chat.Example.org.:80",
                "a.example.com",
                "a.b.example.com:8000",
                "other.example:8443",
                "public.example",
                "public.example:444",
                "10.0.0.1",
            ] {
                assert!(answers(&hosts, own), "{own}");
            }
            for foreign in [
                "example.org",
                "xchat.example.org",
                "example.com",
                ".example.com",
                "evilexample.com",
                "other.example",
                "chat.example.org.evil.example",
            ] {
                assert!(!answers(&hosts, foreign), "{foreign}");
            }
        }
        assert!(answers(&hosts(false, &[], Some("https://a.example")), "any.example"));
    }
}
