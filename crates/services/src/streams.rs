//! How many event streams are open on this server, by whom and from where.
//!
//! A stream costs a connection for as long as its client likes. Without a bound one runaway
//! program could take all that the server has.

use std::net::IpAddr;

use auth::Actor;
use models::UserId;

use crate::counts::{Addresses, Counted, Counts};
use crate::error::{Error, Result};

/// How many may be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// Those of one user.
    pub per_user: u32,
    /// Those from one address (of IPv6: one /64 network), of all users.
    pub per_address: u32,
}

/// The event streams that are open on this server. Clones share them.
#[derive(Debug, Clone)]
pub struct Streams {
    limits: StreamLimits,
    users: Counts<UserId>,
    networks: Addresses,
}

/// A place among the open streams, free again when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct OpenStream {
    _user: Counted<UserId>,
    _network: Option<Counted<IpAddr>>,
}

impl Streams {
    pub(crate) fn new(limits: StreamLimits) -> Self {
        Self { limits, users: Counts::default(), networks: Addresses::default() }
    }

    /// Takes a place for a stream of the actor at `address`, or says which limit is reached. An
    /// address that is not known counts for nobody.
    pub fn open(&self, actor: &Actor, address: &str) -> Result<OpenStream> {
        let StreamLimits { per_user, per_address } = self.limits;
        let reached = |what, limit| Error::LimitReached { what, limit };
        let own = self.users.take(&actor.user_id, per_user);
        let own = own.ok_or(reached("event streams of one user open at once", per_user))?;
        let from = address.parse().ok().map(|address| {
            let from = self.networks.take(address, per_address);
            from.ok_or(reached("event streams from one address open at once", per_address))
        });
        Ok(OpenStream { _user: own, _network: from.transpose()? })
    }
}

#[cfg(test)]
mod tests {
    use auth::Credential;
    use models::user::UserRole;

    use super::*;

    fn user(number: u8) -> Actor {
        Actor {
            user_id: format!("user_{number:032x}").parse().unwrap(),
            credential: Credential::Operator,
            role: UserRole::User,
        }
    }

    fn refusal(result: Result<OpenStream>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn places_are_counted_by_user_and_by_network_and_come_back() {
        let streams = Streams::new(StreamLimits { per_user: 2, per_address: 3 });
        let first = streams.open(&user(1), "2001:db8::1").unwrap();
        let second = streams.open(&user(1), "192.0.2.1").unwrap();
        assert!(
            refusal(streams.open(&user(1), "192.0.2.9")).contains("2 event streams of one user")
        );
        let others = [2, 3].map(|n| streams.open(&user(n), "2001:db8::ffff").unwrap());
        let full = refusal(streams.open(&user(4), "2001:db8::2"));
        assert!(full.contains("3 event streams from one address"), "{full}");
        let elsewhere = streams.open(&user(4), "2001:db8:0:1::2").unwrap();
        let unknown = streams.open(&user(4), "").unwrap();
        drop(first);
        let again = streams.open(&user(1), "2001:db8::2").unwrap();
        drop((second, others, elsewhere, unknown, again));
        assert!(streams.users.is_empty() && streams.networks.is_empty(), "{streams:?}");
    }
}
