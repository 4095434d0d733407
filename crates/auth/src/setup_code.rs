//! The code that makes the first administrator.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::opaque::token_hash;
use crate::random;
use crate::secret_key::SecretKey;

/// What a code begins with.
const PREFIX: &str = "setup_";

/// Makes the set-up code of a database from the server's secret and a seed that the database keeps.
///
/// Servers with one secret print one code, and it stays the same until it is used; a person who
/// reads the database alone cannot make it.
#[derive(Clone)]
pub struct SetupCodes(SecretKey);

impl SetupCodes {
    /// Those of servers with this secret.
    pub fn new(secret: &SecretKey) -> Self {
        Self(secret.clone())
    }

    /// A seed for a database that has none.
    pub fn new_seed() -> String {
        hex::encode(random::bytes::<16>())
    }

    /// The code: `setup_` and 128 bits in base64url, 28 characters.
    pub fn code(&self, seed: &str) -> SecretString {
        let bytes = self.0.derive::<16>(&format!("set-up code {seed}"));
        SecretString::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Whether `text` is the code.
    pub fn is_code(&self, seed: &str, text: &str) -> bool {
        // How long hashes take to compare says nothing of what was hashed.
        token_hash(text) == token_hash(self.code(seed).expose_secret())
    }
}

impl fmt::Debug for SetupCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupCodes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes() -> SetupCodes {
        SetupCodes::new(&SecretKey::parse(SecretKey::generate()).unwrap())
    }

    #[test]
    fn a_code_belongs_to_one_secret_and_one_seed() {
        let (codes, others) = (codes(), self::codes());
        let code = codes.code("seed");
        let code = code.expose_secret();
        assert!(code.starts_with("setup_") && code.len() == 28, "{code}");
        assert!(codes.is_code("seed", code) && codes.clone().is_code("seed", code));
        for wrong in ["", "setup_", &code[..27], &format!("{code}A"), &code.to_uppercase()] {
            assert!(!codes.is_code("seed", wrong), "{wrong}");
        }
        assert!(!codes.is_code("another", code) && !others.is_code("seed", code));
        assert_ne!(SetupCodes::new_seed(), SetupCodes::new_seed());
    }
}
