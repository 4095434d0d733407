//! Random tokens that mean nothing by themselves: refresh tokens, invitations, API keys.

use std::fmt;
use std::io;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::random;

/// A prefix and 256 random bits in base64url. Shown once; only its hash is stored.
///
/// A plain SHA-256 is enough for the hash: nobody can try 2^256 tokens.
#[derive(Clone)]
pub struct OpaqueToken(SecretString);

impl OpaqueToken {
    /// A new token beginning with `prefix`, which lets people and scanners tell kinds apart
    /// (`rt_`, `invite_`, `sk-`).
    pub fn generate(prefix: &str) -> Self {
        let mut text = String::from(prefix);
        URL_SAFE_NO_PAD.encode_string(random::bytes::<32>(), &mut text);
        Self(SecretString::from(text))
    }

    /// A token that was made elsewhere in this crate.
    pub(crate) fn from_text(text: SecretString) -> Self {
        Self(text)
    }

    /// The token itself, for the one answer that carries it.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// What to store: see [`token_hash`].
    pub fn hash(&self) -> Vec<u8> {
        token_hash(self.reveal())
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpaqueToken")
    }
}

/// SHA-256 of the token's text, 32 bytes: what is stored and looked up.
pub fn token_hash(text: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

/// SHA-256 of what `write` writes, 32 bytes: the same as [`token_hash`] of it, without having all
/// of it in memory.
pub fn hash_written(
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<Vec<u8>> {
    struct Hasher(digest::Context);

    impl io::Write for Hasher {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut hasher = Hasher(digest::Context::new(&digest::SHA256));
    write(&mut hasher)?;
    Ok(hasher.0.finish().as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn what_is_written_in_pieces_has_the_hash_of_the_whole() {
        let pieces = hash_written(|out| out.write_all(b"sk-").and_then(|()| out.write_all(b"1")));
        assert_eq!(pieces.unwrap(), token_hash("sk-1"));
    }

    #[test]
    fn tokens_are_prefixed_distinct_and_hold_256_bits() {
        let tokens: HashSet<_> =
            (0..1_000).map(|_| OpaqueToken::generate("rt_").reveal().to_owned()).collect();
        assert_eq!(tokens.len(), 1_000);
        for token in tokens {
            let random = token.strip_prefix("rt_").unwrap();
            assert_eq!(URL_SAFE_NO_PAD.decode(random).unwrap().len(), 32);
        }
    }

    #[test]
    fn the_hash_is_sha_256_of_the_text() {
        let token = OpaqueToken::generate("rt_");
        assert_eq!(token.hash(), token_hash(token.reveal()));
        // FIPS 180-2, appendix B.1.
        assert_eq!(token_hash("abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
    }

    #[test]
    fn debug_hides_the_token() {
        let token = OpaqueToken::generate("rt_");
        assert_eq!(format!("{token:?}"), "OpaqueToken");
    }
}
