//! What people log in with.

use std::sync::LazyLock;
use std::time::Duration;

use auth::{AccessClaims, AccessTokens, PasswordParameters, Passwords, Purpose, SecretKey};
use schemas::Time;
use secrecy::SecretString;

use crate::world::block_on;

/// When tokens are looked at: in the year 2026.
const NOW: i64 = 1_780_000_000;

static OURS: LazyLock<Option<AccessTokens>> =
    LazyLock::new(|| tokens("3d1c5e7f9b2a4860d1e3f5a7b9c2d4e6"));
static OTHERS: LazyLock<Option<AccessTokens>> =
    LazyLock::new(|| tokens("q8Zr2LmX7cVw9KtPb4Ny6HsD1fGj3Ewa"));

fn tokens(secret: &str) -> Option<AccessTokens> {
    let key = SecretKey::parse(SecretString::from(secret)).ok()?;
    Some(AccessTokens::new(&key, None, Duration::from_mins(10)))
}

/// An access token, or behind the byte `!` the header and the claims of one, parted by a line feed,
/// which are then signed with our key.
///
/// A token that verifies was signed by us, under a header of ours, and nobody else's key takes it.
/// Whatever else is signed with our key is refused without a panic.
pub(crate) fn token(input: &[u8]) {
    let (Some(ours), Some(others)) = (&*OURS, &*OTHERS) else { panic!("the secrets are good") };
    let Some(now) = Time::from_timestamp(NOW, 0) else { return };
    let Some(rest) = input.strip_prefix(b"!") else {
        let Ok(text) = std::str::from_utf8(input) else { return };
        // The fuzzer does not have the key.
        assert!(ours.verify(now, text).is_err(), "{text} was not signed by us");
        return;
    };
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    // Our own name of the key, which an input cannot know.
    let header = String::from_utf8_lossy(header).replace("KID", &ours.key_id());
    let Some(token) = ours.forge(header.as_bytes(), claims) else { return };
    assert!(others.verify(now, &token).is_err(), "another key's token");
    let Ok(read) = ours.verify(now, &token) else { return };
    let value: serde_json::Value = match serde_json::from_str(&header) {
        Ok(value) => value,
        Err(error) => panic!("{header}: {error}"),
    };
    assert_eq!(value.as_object().map(serde_json::Map::len), Some(3), "{header}");
    let member = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
    assert_eq!((member("alg"), member("typ")), (Some("HS256"), Some("at+jwt")), "{header}");
    let AccessClaims { user_id, session_id, .. } = read;
    let claims = String::from_utf8_lossy(claims);
    assert!(user_id.to_string().len() == 37 && session_id.to_string().len() == 37, "{claims}");
    // Another signature over the same words is no token.
    let end = token.len() - 1;
    let last = if token.ends_with('A') { "E" } else { "A" };
    let changed = format!("{}{last}", token.get(..end).unwrap_or_default());
    assert!(ours.verify(now, &changed).is_err(), "{changed}");
    let issued = ours.issue(now, &read).unwrap_or_default();
    assert_eq!(ours.verify(now, &issued).ok(), Some(read), "what is issued verifies");
}

/// A password hash of another program's database.
///
/// One that is taken can be checked at a login, and at a cost that a login may have.
pub(crate) fn password_hash(input: &[u8]) {
    static PASSWORDS: LazyLock<Option<Passwords>> = LazyLock::new(|| {
        let parameters = PasswordParameters { memory_kib: 8, iterations: 1, parallelism: 1 };
        Passwords::new(parameters, 1, 8).ok()
    });
    let Ok(text) = std::str::from_utf8(input) else { return };
    let stored = match auth::foreign_hash(text) {
        Ok(stored) => stored,
        Err(words) => {
            assert!(words.len() <= 100);
            return;
        }
    };
    assert!(stored.len() <= 255, "longer than its column");
    if !is_cheap(stored) {
        return;
    }
    let Some(passwords) = &*PASSWORDS else { panic!("the parameters are good") };
    let password = SecretString::from("correct horse battery staple");
    let checked = block_on(async {
        let turn = passwords.turn(Purpose::Check, 1).await?;
        turn.verify(password, Some(stored.to_owned())).await
    });
    assert!(checked.is_ok(), "{stored} is taken and cannot be checked: {checked:?}");
}

/// Whether a check takes milliseconds.
fn is_cheap(hash: &str) -> bool {
    let number = |mark: &str| {
        let (_, rest) = hash.split_once(mark)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end)?.parse::<u64>().ok()
    };
    match number("m=").zip(number("t=")) {
        Some((memory, times)) => memory.saturating_mul(times) <= 4096,
        None => number("$2a$").or(number("$2b$")).or(number("$2y$")).is_some_and(|cost| cost <= 5),
    }
}

/// An e-mail address: its canonical form is its own, and one that a mail program can send to.
pub(crate) fn email(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(email) = auth::canonical_email(text) else { return };
    assert!(email.is_ascii() && email.len() <= 254, "{email:?}");
    assert!(!email.contains(|c: char| c.is_ascii_control() || c == ' '), "{email:?}");
    assert_eq!(email.matches('@').count(), 1, "{email:?}");
    assert_eq!(auth::canonical_email(&email).as_deref(), Ok(email.as_str()));
    assert_eq!(auth::canonical_email(&email.to_uppercase()).as_deref(), Ok(email.as_str()));
}
