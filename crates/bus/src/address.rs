//! Where Redis is.

use std::fmt;
use std::str::FromStr;

use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

/// Where Redis is and how to log in. `Debug` and `Display` leave out the account.
#[derive(Clone)]
pub struct Address(ConnectionInfo);

/// What is wrong with an address; never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Another kind of address.
    #[error("it must begin with redis://, rediss:// or redis+unix://")]
    Scheme,
    /// A part of it.
    #[error("it has no host or path, or a database that is not a number")]
    Part,
    /// What follows `#`.
    #[error("`#` is not supported: certificates are always verified")]
    Fragment,
    /// No TLS in this process.
    #[error("TLS cannot be used")]
    Tls,
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let url = redis::parse_redis_url(text).ok_or(BadAddress::Scheme)?;
        if url.fragment().is_some() {
            return Err(BadAddress::Fragment);
        }
        let info = url.into_connection_info().map_err(|_| BadAddress::Part)?;
        // Subscriptions need the newer protocol. Without TCP_NODELAY small writes may wait for 40 ms.
        let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let tcp = TcpSettings::default().set_nodelay(true);
        Ok(Self(info.set_redis_settings(redis).set_tcp_settings(tcp)))
    }
}

impl Address {
    pub(crate) fn client(self) -> Result<Client, BadAddress> {
        Client::open(self.0).map_err(|_| BadAddress::Tls)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.addr() {
            ConnectionAddr::Tcp(host, port) => write!(f, "{host}:{port}"),
            ConnectionAddr::TcpTls { host, port, .. } => write!(f, "{host}:{port} (TLS)"),
            ConnectionAddr::Unix(path) => write!(f, "{}", path.display()),
            _ => f.write_str("redis"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_the_account() {
        for (text, shown) in [
            ("redis://localhost", "localhost:6379"),
            ("redis://user:canary@host.example:7000/3", "host.example:7000"),
            ("rediss://:canary@host.example", "host.example:6379 (TLS)"),
            ("redis+unix:///run/redis.sock?pass=canary", "/run/redis.sock"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            let debug = format!("{address:?} {:?}", address.clone().client().map(|_| ()));
            assert!(!debug.contains("canary"), "{debug}");
        }
    }

    #[test]
    fn small_writes_are_sent_at_once() {
        let address: Address = "redis://localhost".parse().unwrap();
        let client = address.client().unwrap();
        assert!(client.get_connection_info().tcp_settings().nodelay());
    }

    #[test]
    fn what_is_wrong_is_named_and_not_quoted() {
        for (text, wrong) in [
            ("canary", BadAddress::Scheme),
            ("http://canary", BadAddress::Scheme),
            ("redis://canary/x", BadAddress::Part),
            ("redis://", BadAddress::Part),
            ("rediss://canary/#insecure", BadAddress::Fragment),
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert_eq!(error, wrong, "{text}");
            assert!(!error.to_string().contains("canary"));
        }
    }
}
