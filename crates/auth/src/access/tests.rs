//! Forged, expired and foreign tokens, made by hand.

use aws_lc_rs::hmac;
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const SECRET: &str = "3d1c5e7f9b2a4860d1e3f5a7b9c2d4e6";
const OTHER: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";

fn secret(text: &str) -> SecretKey {
    SecretKey::parse(SecretString::from(text)).unwrap()
}

fn tokens() -> AccessTokens {
    AccessTokens::new(&secret(SECRET), None, Duration::from_mins(10))
}

fn now() -> Time {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn later(seconds: i64) -> Time {
    now() + TimeDelta::seconds(seconds)
}

fn claims() -> AccessClaims {
    AccessClaims {
        user_id: UserId(Uuid::from_u128(7)),
        session_id: SessionId(Uuid::from_u128(8)),
        token_version: 3,
    }
}

/// Makes tokens, right in everything that a test does not change.
struct Factory {
    header: Value,
    claims: Value,
    key: Vec<u8>,
    algorithm: hmac::Algorithm,
}

impl Factory {
    fn new() -> Self {
        let secret = secret(SECRET);
        let at = now().timestamp();
        Self {
            header: json!({
                "typ": "at+jwt",
                "alg": "HS256",
                "kid": hex::encode(secret.derive::<8>("access token key id")),
            }),
            claims: json!({
                "iss": "chatapp",
                "aud": "chatapp-api",
                "sub": claims().user_id.to_string(),
                "sid": claims().session_id.to_string(),
                "ver": 3,
                "exp": at + 600,
                "nbf": at,
                "iat": at,
                "jti": "n0nce",
            }),
            key: secret.derive::<32>("access token HS256").to_vec(),
            algorithm: hmac::HMAC_SHA256,
        }
    }

    fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    fn no_header(mut self, name: &str) -> Self {
        self.header.as_object_mut().unwrap().remove(name);
        self
    }

    fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    fn no_claim(mut self, name: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(name);
        self
    }

    fn key(mut self, key: &[u8]) -> Self {
        self.key = key.to_vec();
        self
    }

    fn algorithm(mut self, algorithm: hmac::Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    fn build(&self) -> String {
        self.sign(&self.header.to_string(), &self.claims.to_string())
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let key = hmac::Key::new(self.algorithm, &self.key);
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
        format!("{message}.{signature}")
    }
}

fn verdict(token: &str) -> &'static str {
    match tokens().verify(now(), token) {
        Ok(got) => {
            assert_eq!(got, claims());
            "valid"
        }
        Err(AuthError::InvalidToken) => "invalid",
        Err(AuthError::Expired) => "expired",
        Err(other) => panic!("unexpected: {other:?}"),
    }
}

#[track_caller]
fn refused(cases: impl IntoIterator<Item = (&'static str, String)>) {
    for (what, token) in cases {
        assert_eq!(verdict(&token), "invalid", "{what}");
    }
}

#[test]
fn issued_and_handmade_tokens_are_valid() {
    assert_eq!(verdict(&tokens().issue(now(), &claims()).unwrap()), "valid");
    assert_eq!(verdict(&Factory::new().build()), "valid");
    assert_eq!(verdict(&Factory::new().claim("scope", "later release").build()), "valid");
}

#[test]
fn two_tokens_of_the_same_second_differ() {
    let issue = || tokens().issue(now(), &claims()).unwrap();
    assert_ne!(issue(), issue());
    assert!(issue().len() < MAX_TOKEN_BYTES / 4);
}

#[test]
fn c27_algorithm_and_signature_attacks_are_refused() {
    let good = Factory::new().build();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let unsigned = |alg: &str| {
        let token = Factory::new().header("alg", alg).build();
        let (message, _) = token.rsplit_once('.').unwrap();
        format!("{message}.")
    };
    refused([
        ("none", unsigned("none")),
        ("NONE", unsigned("NONE")),
        ("nOnE", unsigned("nOnE")),
        ("no signature", unsigned("HS256")),
        ("none, signed", Factory::new().header("alg", "none").build()),
        ("alg missing", Factory::new().no_header("alg").build()),
        ("alg null", Factory::new().header("alg", Value::Null).build()),
        ("alg list", Factory::new().header("alg", json!(["HS256"])).build()),
        ("alg lower case", Factory::new().header("alg", "hs256").build()),
        ("HS384", Factory::new().header("alg", "HS384").algorithm(hmac::HMAC_SHA384).build()),
        ("HS512", Factory::new().header("alg", "HS512").algorithm(hmac::HMAC_SHA512).build()),
        ("HS512 called HS256", Factory::new().algorithm(hmac::HMAC_SHA512).build()),
        ("RS256", Factory::new().header("alg", "RS256").build()),
        ("ES256", Factory::new().header("alg", "ES256").build()),
        ("EdDSA", Factory::new().header("alg", "EdDSA").build()),
        ("public key as key", Factory::new().key(b"-----BEGIN PUBLIC KEY-----\nMIIB").build()),
        ("empty key", Factory::new().key(b"").build()),
        ("the secret itself as key", Factory::new().key(SECRET.as_bytes()).build()),
        ("header twice, second alg none", {
            let factory = Factory::new();
            let header = factory.header.to_string().replace('}', r#","alg":"none"}"#);
            factory.sign(&header, &factory.claims.to_string())
        }),
        ("JWE", format!("{message}.{signature}.{signature}.{signature}")),
        ("four parts", format!("{good}.")),
        ("two parts", message.to_owned()),
        ("one part", signature.to_owned()),
        ("empty", String::new()),
        ("dots", "..".to_owned()),
        ("padding", format!("{good}=")),
        ("white space", format!(" {good}")),
        ("standard base64 alphabet", {
            let mut nonces = (0..).map(|n| Factory::new().claim("jti", n.to_string()).build());
            let url_safe = nonces.find(|token| token.contains(['-', '_'])).unwrap();
            url_safe.replace('-', "+").replace('_', "/")
        }),
        ("not UTF-8 header", format!("{}.e30.e30", URL_SAFE_NO_PAD.encode([0xff, 0xfe]))),
        ("claims not an object", Factory::new().sign(&Factory::new().header.to_string(), "[]")),
        ("opaque token", crate::OpaqueToken::generate("rt_").reveal().to_owned()),
        ("too long", Factory::new().claim("pad", "x".repeat(MAX_TOKEN_BYTES)).build()),
    ]);
}

#[test]
fn c27_no_single_changed_character_is_accepted() {
    let good = Factory::new().build();
    for (at, old) in good.char_indices() {
        for new in ['A', 'B', 'Q', 'g', '-', '_', '.', '=', '\u{e9}'] {
            if new != old {
                let mut changed = good.clone();
                changed.replace_range(at..=at, new.encode_utf8(&mut [0; 4]));
                assert_eq!(verdict(&changed), "invalid", "{at}: {old} -> {new}");
            }
        }
    }
}

#[test]
fn c28_key_ids_and_key_references_lead_nowhere() {
    let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode("attacker")});
    refused([
        ("no kid", Factory::new().no_header("kid").build()),
        ("unknown kid", Factory::new().header("kid", "0000000000000000").build()),
        ("empty kid", Factory::new().header("kid", "").key(b"").build()),
        ("path", Factory::new().header("kid", "../../../dev/null").key(b"").build()),
        ("SQL", Factory::new().header("kid", "x' UNION SELECT 'k").key(b"k").build()),
        ("kid of 1 MB", Factory::new().header("kid", "k".repeat(1 << 20)).build()),
        ("kid number", Factory::new().header("kid", 1).build()),
        ("jku", Factory::new().header("jku", "https://attacker.example/jwks").build()),
        ("x5u", Factory::new().header("x5u", "https://attacker.example/cert").build()),
        ("x5c", Factory::new().header("x5c", json!(["MIIB"])).build()),
        ("jwk", Factory::new().header("jwk", jwk).key(b"attacker").build()),
        ("crit", Factory::new().header("crit", json!(["exp"])).build()),
        (
            "crit unknown",
            Factory::new().header("crit", json!(["b64"])).header("b64", false).build(),
        ),
        ("empty crit", Factory::new().header("crit", json!([])).build()),
        ("zip", Factory::new().header("zip", "DEF").build()),
    ]);
}

#[test]
fn c29_times_must_be_sane_integers() {
    let at = now().timestamp();
    let mut cases = Vec::new();
    for name in ["exp", "nbf", "iat"] {
        cases.push(("missing", Factory::new().no_claim(name).build()));
        for value in [
            json!((at + 600).to_string()), // CVE-2026-25537: a number in quotes skipped the check.
            json!(1_800_000_600.5),
            json!(1e20),
            json!(f64::MAX),
            json!(u64::MAX),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(-1),
            json!(0),
            json!(null),
            json!(true),
            json!([at]),
            json!({"seconds": at}),
            json!(LAST_SECOND + 1),
        ] {
            cases.push((name, Factory::new().claim(name, value).build()));
        }
    }
    cases.push(("nbf future", Factory::new().claim("nbf", at + 31).build()));
    cases.push(("iat future", Factory::new().claim("iat", at + 31).build()));
    cases.push(("nbf 61 s ahead", Factory::new().claim("nbf", at + 61).build()));
    cases
        .push(("exp before iat", Factory::new().claim("exp", at - 1).claim("nbf", at - 9).build()));
    cases.push(("exp twice", {
        let factory = Factory::new();
        let claims = factory.claims.to_string().replace('}', r#","exp":9999999999}"#);
        factory.sign(&factory.header.to_string(), &claims)
    }));
    refused(cases);
}

#[test]
fn c29_clocks_may_differ_by_thirty_seconds() {
    let at = now().timestamp();
    let ended = |ago: i64| {
        let past = Factory::new().claim("iat", at - 900).claim("nbf", at - 900);
        verdict(&past.claim("exp", at - ago).build())
    };
    assert_eq!(ended(29), "valid");
    assert_eq!(ended(30), "expired");
    assert_eq!(ended(61), "expired");
    assert_eq!(verdict(&Factory::new().claim("nbf", at + 30).build()), "valid");
    assert_eq!(verdict(&Factory::new().claim("iat", at + 30).build()), "valid");
}

#[test]
fn c29_a_forged_expired_token_is_invalid_rather_than_expired() {
    let at = now().timestamp();
    let past = Factory::new().claim("iat", at - 900).claim("nbf", at - 900).claim("exp", at - 90);
    refused([("wrong key", past.key(b"wrong").build())]);
}

#[test]
fn the_given_time_decides_and_not_the_machines() {
    let tokens = tokens();
    let token = tokens.issue(now(), &claims()).unwrap();
    assert!(tokens.verify(later(-30), &token).is_ok());
    assert!(matches!(tokens.verify(later(-31), &token), Err(AuthError::InvalidToken)));
    assert!(tokens.verify(later(629), &token).is_ok());
    assert!(matches!(tokens.verify(later(630), &token), Err(AuthError::Expired)));
}

#[test]
fn c30_issuer_audience_type_and_subject_must_be_ours() {
    let user = claims().user_id.to_string();
    refused([
        ("iss", Factory::new().claim("iss", "somebody").build()),
        ("iss missing", Factory::new().no_claim("iss").build()),
        ("iss list", Factory::new().claim("iss", json!(["chatapp"])).build()),
        ("aud", Factory::new().claim("aud", "another-api").build()),
        ("aud missing", Factory::new().no_claim("aud").build()),
        ("aud list", Factory::new().claim("aud", json!(["chatapp-api", "x"])).build()),
        ("typ JWT", Factory::new().header("typ", "JWT").build()),
        ("typ missing", Factory::new().no_header("typ").build()),
        ("typ refresh", Factory::new().header("typ", "rt+jwt").build()),
        ("typ in another case", Factory::new().header("typ", "AT+JWT").build()),
        ("sub missing", Factory::new().no_claim("sub").build()),
        ("sub of another kind", Factory::new().claim("sub", "conv_00").build()),
        ("sub upper case", Factory::new().claim("sub", user.to_uppercase()).build()),
        ("sid missing", Factory::new().no_claim("sid").build()),
        ("sid is a user", Factory::new().claim("sid", user).build()),
        ("ver missing", Factory::new().no_claim("ver").build()),
        ("ver string", Factory::new().claim("ver", "3").build()),
        ("ver too large", Factory::new().claim("ver", 1_i64 << 40).build()),
        ("jti missing", Factory::new().no_claim("jti").build()),
        ("jti empty", Factory::new().claim("jti", "").build()),
    ]);
}

#[test]
fn c30_keys_rotate_with_an_overlap() {
    let lifetime = Duration::from_mins(10);
    let (first, second, third) = (secret(SECRET), secret(OTHER), secret(&OTHER.replace('f', "9")));
    let before = AccessTokens::new(&first, None, lifetime);
    let during = AccessTokens::new(&second, Some(&first), lifetime);
    let after = AccessTokens::new(&third, Some(&second), lifetime);
    let old = before.issue(now(), &claims()).unwrap();
    let new = during.issue(now(), &claims()).unwrap();
    assert!(during.verify(now(), &old).is_ok() && during.verify(now(), &new).is_ok());
    assert!(after.verify(now(), &new).is_ok());
    // A token of another deployment, or of a secret long gone.
    assert!(matches!(before.verify(now(), &new), Err(AuthError::InvalidToken)));
    assert!(matches!(after.verify(now(), &old), Err(AuthError::InvalidToken)));
}

#[test]
fn debug_shows_key_ids_only() {
    let text = format!("{:?}", tokens());
    assert!(text.contains("kid") || text.contains("current"));
    assert!(!text.contains(&SECRET[..8]), "{text}");
}

proptest! {
    #[test]
    fn no_text_panics_the_verifier(text in ".{0,300}") {
        prop_assert!(tokens().verify(now(), &text).is_err());
    }

    #[test]
    fn no_header_or_claims_panic_the_verifier(header in ".{0,99}", claims in ".{0,99}") {
        let token = Factory::new().sign(&header, &claims);
        prop_assert!(tokens().verify(now(), &token).is_err());
    }

    #[test]
    fn every_issued_token_says_what_it_was_given(user: u128, session: u128, version: i32) {
        let claims = AccessClaims {
            user_id: UserId(Uuid::from_u128(user)),
            session_id: SessionId(Uuid::from_u128(session)),
            token_version: version,
        };
        let token = tokens().issue(now(), &claims).unwrap();
        prop_assert_eq!(tokens().verify(now(), &token).unwrap(), claims);
    }
}
