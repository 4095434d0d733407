//! Access tokens: short-lived JWTs (RFC 7519, RFC 9068) under the rules of RFC 8725.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use models::{SessionId, Time, UserId};
use serde::{Deserialize, Serialize};

use crate::{AuthError, SecretKey, random};

/// The longest token that is looked at, in bytes. Ours have about 500.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// The one algorithm. It is never read from a token (RFC 8725 section 3.1).
const ALGORITHM: Algorithm = Algorithm::HS256;
/// The explicit type (RFC 8725 section 3.11): nothing else of ours validates as an access token.
const TYPE: &str = "at+jwt";
/// Who issues: `iss`.
const ISSUER: &str = "chatapp";
/// For whom: `aud`.
const AUDIENCE: &str = "chatapp-api";
/// How far the clocks of two servers may differ, in seconds.
const LEEWAY: i64 = 30;
/// The last second of the year 9999; later times are mistakes or attacks.
const LAST_SECOND: i64 = 253_402_300_799;

/// What an access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// Who: `sub`.
    pub user_id: UserId,
    /// The login it belongs to: `sid`.
    pub session_id: SessionId,
    /// The user's `token_version` at the time of issue: `ver`. The token is worth nothing once
    /// the stored version is another.
    pub token_version: i32,
}

/// Issues and verifies access tokens.
///
/// Tokens are signed with the current secret; those of the previous one are still accepted, so
/// that a secret can be changed without logging everybody out.
pub struct AccessTokens {
    current: Key,
    /// The key of `SECRET_KEY_PREVIOUS`, if any.
    previous: Option<Key>,
    lifetime: Duration,
    validation: Validation,
}

/// What one secret leads to.
struct Key {
    /// Names the key in a token's header; looked up in memory only.
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Key {
    fn derive(secret: &SecretKey) -> Self {
        let key = secret.derive::<32>("access token HS256");
        Self {
            id: hex::encode(secret.derive::<8>("access token key id")),
            encoding: EncodingKey::from_secret(&key),
            decoding: DecodingKey::from_secret(&key),
        }
    }
}

/// A header we would have written. Refusing all other members refuses `crit`, `jku`, `jwk`,
/// `x5u`, `x5c`, `enc` and `zip` without knowing them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OurHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// The claims as they are on the wire. Members added by a later release are ignored (RFC 7519
/// section 4); a member given twice, a fraction or a number in quotes is an error.
#[derive(Serialize, Deserialize)]
struct WireClaims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    ver: i32,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
}

impl AccessTokens {
    /// Tokens that live for `lifetime` (whole seconds, at least one).
    pub fn new(current: &SecretKey, previous: Option<&SecretKey>, lifetime: Duration) -> Self {
        // Claims are checked below against the caller's clock; the library would use its own.
        let mut validation = Validation::new(ALGORITHM);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Self {
            current: Key::derive(current),
            previous: previous.map(Key::derive),
            lifetime: Duration::from_secs(lifetime.as_secs().max(1)),
            validation,
        }
    }

    /// How long a token lives: `expires_in` of the token response.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A token that says `claims` from `now` on for the lifetime.
    pub fn issue(&self, now: Time, claims: &AccessClaims) -> Result<String, AuthError> {
        let issued = now.timestamp();
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(LAST_SECOND);
        let wire = WireClaims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: claims.user_id,
            sid: claims.session_id,
            ver: claims.token_version,
            exp: issued.saturating_add(lifetime).min(LAST_SECOND),
            nbf: issued,
            iat: issued,
            jti: URL_SAFE_NO_PAD.encode(random::bytes::<16>()),
        };
        let mut header = Header::new(ALGORITHM);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.current.id.clone());
        jsonwebtoken::encode(&header, &wire, &self.current.encoding).map_err(AuthError::internal)
    }

    /// What a token says, if it is ours and valid at `now`, give or take 30 s.
    ///
    /// [`AuthError::Expired`] is the answer only for a token of ours whose time is over;
    /// everything else is [`AuthError::InvalidToken`].
    pub fn verify(&self, now: Time, token: &str) -> Result<AccessClaims, AuthError> {
        let key = self.key_of(token).ok_or(AuthError::InvalidToken)?;
        let claims = jsonwebtoken::decode::<WireClaims>(token, &key.decoding, &self.validation)
            .map_err(|_| AuthError::InvalidToken)?
            .claims;
        check(now.timestamp(), &claims)?;
        Ok(AccessClaims { user_id: claims.sub, session_id: claims.sid, token_version: claims.ver })
    }

    /// The key a token claims to be signed with, if its header is one of ours.
    fn key_of(&self, token: &str) -> Option<&Key> {
        if token.len() > MAX_TOKEN_BYTES || token.matches('.').count() != 2 {
            return None;
        }
        let (encoded, _) = token.split_once('.')?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let header: OurHeader = serde_json::from_slice(&bytes).ok()?;
        if header.alg != "HS256" || header.typ != TYPE {
            return None;
        }
        std::iter::once(&self.current).chain(&self.previous).find(|key| key.id == header.kid)
    }
}

/// Checks what the signature does not: for whom the token is, and its times.
fn check(now: i64, claims: &WireClaims) -> Result<(), AuthError> {
    let sane = |time: i64| (1..=LAST_SECOND).contains(&time);
    let ours = claims.iss == ISSUER && claims.aud == AUDIENCE && !claims.jti.is_empty();
    let times_are_sane = sane(claims.exp)
        && sane(claims.nbf)
        && sane(claims.iat)
        && claims.iat < claims.exp
        && claims.nbf < claims.exp;
    let from_the_future = claims.nbf > now + LEEWAY || claims.iat > now + LEEWAY;
    if !ours || !times_are_sane || from_the_future {
        return Err(AuthError::InvalidToken);
    }
    if now >= claims.exp.saturating_add(LEEWAY) {
        return Err(AuthError::Expired);
    }
    Ok(())
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens")
            .field("current", &self.current.id)
            .field("previous", &self.previous.as_ref().map(|key| &key.id))
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "fuzz")]
mod fuzz;
#[cfg(test)]
mod tests;
