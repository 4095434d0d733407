//! A name under which the server answers.

use std::fmt;
use std::str::FromStr;

use axum::http::uri::Authority;

/// A name under which the server answers: `chat.example.org`, perhaps with a port, or every name
/// below one, as `*.example.org`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    /// In lower case.
    name: String,
    /// Whether names below `name` are meant, and not itself.
    below: bool,
    port: Option<u16>,
}

impl FromStr for AllowedHost {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (below, host) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let authority: Authority = host.parse().map_err(|_| ())?;
        let name = authority.host().to_ascii_lowercase();
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b".-_[]:".contains(&b);
        // What stands behind the host must be a port, so nothing else may be there.
        let rest = authority.as_str().get(name.len()..).unwrap_or_default();
        let port = rest.strip_prefix(':').map(|port| port.parse().map_err(|_| ())).transpose()?;
        if name.is_empty() || !name.bytes().all(is_name) || (port.is_none() && !rest.is_empty()) {
            return Err(());
        }
        Ok(Self { name, below, port })
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (star, name) = (if self.below { "*." } else { "" }, &self.name);
        write!(f, "{star}{name}")?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl AllowedHost {
    /// The same name whatever port is asked for.
    pub(crate) fn on_any_port(self) -> Self {
        Self { port: None, ..self }
    }

    /// Whether the name that was asked for is meant.
    pub(crate) fn fits(&self, asked: &Authority) -> bool {
        let host = asked.host().to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let name = if self.below {
            host.strip_suffix(self.name.as_str())
                .is_some_and(|front| front.len() > 1 && front.ends_with('.'))
        } else {
            host == self.name
        };
        name && self.port.is_none_or(|port| asked.port_u16() == Some(port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_host_is_not_read_as_one() {
        for text in ["", "*", "*.", "http://x", "a/b", "a b", "a:port", "a@b", "*.*.x", "a:99999"] {
            assert_eq!(text.parse::<AllowedHost>(), Err(()), "{text}");
        }
        for text in ["chat.example.org", "*.example.com", "[::1]:8000", "chat:8080"] {
            assert_eq!(text.parse::<AllowedHost>().unwrap().to_string(), text);
        }
    }
}
