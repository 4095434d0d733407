//! The server's secret, from which every key is derived.

use std::fmt;

use aws_lc_rs::hkdf;
use secrecy::{ExposeSecret as _, SecretString};

use crate::random;

/// The shortest secret, in bytes (RFC 8725 section 3.5: as many bits as the hash has).
const MIN_BYTES: usize = 32;
/// A secret with fewer different bytes than this is not random: 32 random hexadecimal digits
/// have fewer than 8 different ones less than once in a million times.
const MIN_DISTINCT: usize = 8;

/// Secrets printed in well-known documentation, in lower case.
const PUBLISHED: &[&str] = &[
    // FastAPI's tutorial on JWT.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // Flask's quick start and tutorial.
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    // jwt.io's debugger.
    "a-string-secret-at-least-256-bits-long",
    "your-256-bit-secret",
];

/// What gives an example away, in lower case without punctuation.
const EXAMPLE_WORDS: &[&str] = &[
    "yoursecret",
    "mysecret",
    "supersecret",
    "topsecret",
    "secretkey",
    "jwtsecret",
    "changeme",
    "changethis",
    "replaceme",
    "replacethis",
    "placeholder",
    "example",
    "insecure",
    "password",
    "notasecret",
    "abcdefghij",
    "0123456789",
    "1234567890",
];

/// A secret of at least 32 bytes that is no known example.
#[derive(Clone)]
pub struct SecretKey {
    secret: SecretString,
}

/// Why a text is not accepted as the secret. Never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    /// Shorter than 32 bytes.
    #[error(
        "the secret is {got} bytes long, at least {MIN_BYTES} are needed; make one with: openssl rand -hex 32"
    )]
    TooShort {
        /// Its length in bytes.
        got: usize,
    },
    /// An example from some documentation, or made of words like `changeme`.
    #[error(
        "the secret is an example value that everybody knows; make your own with: openssl rand -hex 32"
    )]
    Example,
    /// One short pattern, repeated.
    #[error("the secret repeats itself; make a random one with: openssl rand -hex 32")]
    Repetitive,
}

impl SecretKey {
    /// Accepts a secret, without the white space around it.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the caller should not keep the text; this copy is wiped on return"
    )]
    pub fn parse(text: SecretString) -> Result<Self, WeakSecret> {
        let secret = text.expose_secret().trim();
        if is_example(secret) {
            return Err(WeakSecret::Example);
        }
        if secret.len() < MIN_BYTES {
            return Err(WeakSecret::TooShort { got: secret.len() });
        }
        if is_repetitive(secret.as_bytes()) {
            return Err(WeakSecret::Repetitive);
        }
        Ok(Self { secret: SecretString::from(secret) })
    }

    /// A new secret: 32 random bytes as 64 hexadecimal digits.
    pub fn generate() -> SecretString {
        SecretString::from(hex::encode(random::bytes::<32>()))
    }

    /// A short name of the secret, safe to show and to store: 16 hexadecimal digits that do not
    /// lead back to it.
    pub fn fingerprint(&self) -> String {
        hex::encode(self.derive::<8>("fingerprint"))
    }

    /// The key by which the servers that share this secret know each other on the bus.
    pub fn bus_key(&self) -> [u8; 32] {
        self.derive("bus")
    }

    /// `N` bytes (at most 8,160) for one purpose: HKDF-SHA256, RFC 5869. Keys for different
    /// purposes do not validate as each other.
    #[expect(
        clippy::expect_used,
        reason = "HKDF fails only for more than 255 times 32 bytes; N is a small constant"
    )]
    pub(crate) fn derive<const N: usize>(&self, purpose: &str) -> [u8; N] {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"chatapp");
        let key = salt.extract(self.secret.expose_secret().as_bytes());
        let mut output = [0; N];
        key.expand(&[purpose.as_bytes()], Length(N))
            .and_then(|material| material.fill(&mut output))
            .expect("the length is below HKDF's limit");
        output
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.fingerprint())
    }
}

/// How many bytes HKDF should give.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn is_example(secret: &str) -> bool {
    let lower = secret.to_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    letters == "secret"
        || PUBLISHED.contains(&lower.as_str())
        || EXAMPLE_WORDS.iter().any(|word| letters.contains(word))
}

fn is_repetitive(secret: &[u8]) -> bool {
    let mut distinct = secret.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let has_period =
        |period: usize| secret.iter().zip(secret.iter().skip(period)).all(|(a, b)| a == b);
    distinct.len() < MIN_DISTINCT || (1..=secret.len() / 2).any(has_period)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<SecretKey, WeakSecret> {
        SecretKey::parse(SecretString::from(text))
    }

    #[test]
    fn generated_secrets_are_accepted_and_distinct() {
        let first = SecretKey::generate();
        let second = SecretKey::generate();
        assert_eq!(first.expose_secret().len(), 64);
        assert_ne!(first.expose_secret(), second.expose_secret());
        assert_ne!(
            SecretKey::parse(first).unwrap().fingerprint(),
            SecretKey::parse(second).unwrap().fingerprint()
        );
    }

    #[test]
    fn short_example_and_repetitive_secrets_are_refused_with_the_way_out() {
        let short = |got| Err(WeakSecret::TooShort { got });
        let cases: &[(&str, Result<(), WeakSecret>)] = &[
            ("", short(0)),
            ("   ", short(0)),
            ("5f2b9c", short(6)),
            ("3d1c5e7f9b2a4860d1e3f5a7b9c2d4e", short(31)),
            ("secret", Err(WeakSecret::Example)),
            ("changeme", Err(WeakSecret::Example)),
            ("your_secret_key", Err(WeakSecret::Example)),
            ("your-super-secret-key-change-this-in-production", Err(WeakSecret::Example)),
            ("Your_Secret_Key_Your_Secret_Key_1", Err(WeakSecret::Example)),
            ("a-string-secret-at-least-256-bits-long", Err(WeakSecret::Example)),
            (PUBLISHED[0], Err(WeakSecret::Example)),
            (&PUBLISHED[0].to_uppercase(), Err(WeakSecret::Example)),
            ("0123456789abcdef0123456789abcdef", Err(WeakSecret::Example)),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Err(WeakSecret::Repetitive)),
            ("abababababababababababababababababababab", Err(WeakSecret::Repetitive)),
            ("q8Zr2LmX7cVw9KtPq8Zr2LmX7cVw9KtP", Err(WeakSecret::Repetitive)),
            ("3d1c5e7f9b2a4860d1e3f5a7b9c2d4e6", Ok(())),
            ("  3d1c5e7f9b2a4860d1e3f5a7b9c2d4e6\n", Ok(())),
        ];
        for (text, expected) in cases {
            let got = parse(text).map(|_| ());
            assert_eq!(&got, expected, "{text:?}");
            if let Err(error) = got {
                let message = error.to_string();
                assert!(message.contains("openssl rand -hex 32"), "{message}");
                let hidden = text.trim();
                assert!(hidden.len() < 8 || !message.contains(hidden), "{message}");
            }
        }
    }

    #[test]
    fn white_space_around_a_secret_does_not_make_another_key() {
        let text = "3d1c5e7f9b2a4860d1e3f5a7b9c2d4e6";
        let padded = format!(" {text}\r\n");
        assert_eq!(parse(text).unwrap().fingerprint(), parse(&padded).unwrap().fingerprint());
    }

    #[test]
    fn purposes_do_not_share_keys_and_nothing_shows_the_secret() {
        let text = "3d1c5e7f9b2a4860d1e3f5a7b9c2d4e6";
        let key = parse(text).unwrap();
        assert_ne!(key.derive::<32>("a"), key.derive::<32>("b"));
        assert_eq!(key.derive::<32>("a"), key.derive::<32>("a"));
        assert!(!format!("{key:?}").contains(&text[..8]));
    }

    proptest! {
        #[test]
        fn random_secrets_pass(bytes: [u8; 32]) {
            // Shrinking leads to all zeroes, which are rightly refused.
            let text = hex::encode(bytes);
            prop_assume!(!is_repetitive(text.as_bytes()) && !is_example(&text));
            prop_assert!(parse(&text).is_ok());
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = parse(&text);
        }
    }
}
