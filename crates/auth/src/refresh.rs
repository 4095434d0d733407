//! Refresh tokens: random at a login, and each leads to one next.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use crate::OpaqueToken;
use crate::secret_key::SecretKey;

/// What refresh tokens begin with, so that a leaked one can be recognised.
const REFRESH_PREFIX: &str = "rt_";

/// Makes refresh tokens.
///
/// The successor of a token is a keyed digest of it (HMAC-SHA256): callers that exchange the same
/// token at the same moment, at whatever server, get the same one, although only hashes are
/// stored. Without the key nobody can tell it from a random one.
#[derive(Clone)]
pub struct RefreshTokens(hmac::Key);

impl RefreshTokens {
    /// With a key derived from the server's secret.
    pub fn new(secret: &SecretKey) -> Self {
        let key = secret.derive::<32>("refresh token successor");
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key))
    }

    /// The first token of a session.
    pub fn generate() -> OpaqueToken {
        OpaqueToken::generate(REFRESH_PREFIX)
    }

    /// What `token` is exchanged for.
    pub fn successor(&self, token: &str) -> OpaqueToken {
        let mut text = String::from(REFRESH_PREFIX);
        let digest = hmac::sign(&self.0, token.as_bytes());
        URL_SAFE_NO_PAD.encode_string(digest, &mut text);
        OpaqueToken::from_text(SecretString::from(text))
    }
}

impl fmt::Debug for RefreshTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshTokens")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_depends_on_the_token_and_the_key_and_looks_like_any_token() {
        let [one, other] =
            [(); 2].map(|()| RefreshTokens::new(&SecretKey::parse(SecretKey::generate()).unwrap()));
        let (first, second) = (RefreshTokens::generate(), RefreshTokens::generate());
        let next = one.successor(first.reveal());
        assert_eq!(next.reveal(), one.successor(first.reveal()).reveal());
        assert_ne!(next.reveal(), one.successor(second.reveal()).reveal());
        assert_ne!(next.reveal(), other.successor(first.reveal()).reveal());
        assert_eq!(next.reveal().len(), first.reveal().len());
        assert!(next.reveal().starts_with(REFRESH_PREFIX));
    }
}
