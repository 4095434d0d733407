//! The one canonical form of an e-mail address.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// The longest address, in bytes (RFC 5321 section 4.5.3.1.3, less the angle brackets).
const MAX_BYTES: usize = 254;
/// The longest part before the `@`, in bytes (RFC 5321 section 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;
/// Nothing longer is looked at; an internationalised domain is longer before its translation.
const MAX_INPUT_BYTES: usize = 1024;

/// The form under which an address is stored, compared and unique.
///
/// White space around it is dropped; the part before the `@` is ASCII (RFC 5322 `dot-atom`) in
/// lower case; the domain is IDNA ASCII (UTS #46) in lower case. Everything else is refused, so
/// that look-alikes, other normal forms and full-width letters cannot make a second account.
///
/// Errors are the broken rule in words, fit for the client.
pub fn canonical_email(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("email must not be empty");
    }
    if text.len() > MAX_INPUT_BYTES {
        return Err("email must be at most 254 characters long");
    }
    let (local, domain) =
        text.rsplit_once('@').ok_or("email must contain an @, like ada@example.org")?;
    let local = local_part(local)?;
    let domain = domain_part(domain)?;
    let email = format!("{local}@{domain}");
    if email.len() > MAX_BYTES {
        return Err("email must be at most 254 characters long");
    }
    Ok(email)
}

fn local_part(local: &str) -> Result<String, &'static str> {
    if local.is_empty() || local.len() > MAX_LOCAL_BYTES {
        return Err("email must have 1 to 64 characters before the @");
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&b);
    if !local.bytes().all(allowed) {
        return Err(
            "email may contain only ASCII letters, digits and . ! # $ % & ' * + - / = ? ^ _ ` { | } ~ before the @",
        );
    }
    if local.split('.').any(str::is_empty) {
        return Err("email must not begin or end with a dot or have two in a row before the @");
    }
    Ok(local.to_ascii_lowercase())
}

fn domain_part(domain: &str) -> Result<String, &'static str> {
    const RULE: &str = "email must have a valid domain after the @, like example.org";
    let domain = Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .map_err(|_| RULE)?;
    let last = domain.rsplit('.').next().unwrap_or_default();
    // A last label of digits would be an IPv4 address.
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(RULE);
    }
    Ok(domain.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn variants_of_one_address_have_one_form() {
        let cases = [
            ("ada@example.org", "ada@example.org"),
            ("  Ada@Example.ORG \n", "ada@example.org"),
            ("ADA+news@EXAMPLE.org", "ada+news@example.org"),
            ("o'hara@example.org", "o'hara@example.org"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
            ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
            // The same letters in the other normal form (NFD).
            ("ada@bu\u{308}cher.example", "ada@xn--bcher-kva.example"),
            ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
            // Full-width letters, an ideographic full stop, the Kelvin sign.
            ("ada@ｅｘａｍｐｌｅ。org", "ada@example.org"),
            ("ada@\u{212a}elvin.example", "ada@kelvin.example"),
            ("ada@localhost", "ada@localhost"),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical_email(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long_local = format!("{}@example.org", "a".repeat(65));
        let label = "a".repeat(60);
        let long = format!("{}@{label}.{label}.{label}.example", "a".repeat(64));
        let huge = format!("ada@{}", "ü".repeat(1 << 20));
        let cases = [
            "",
            "  ",
            "ada",
            "@example.org",
            "ada@",
            "ada@@example.org",
            "ada@b@example.org",
            "ada@example.org.",
            "ada@example..org",
            "ada@.example.org",
            "ada@-example.org",
            "ada@exam ple.org",
            "ada@exam_ple.org",
            "ada@192.0.2.1",
            "ada@[192.0.2.1]",
            "a da@example.org",
            "\"ada\"@example.org",
            ".ada@example.org",
            "ada.@example.org",
            "a..da@example.org",
            "ada\0@example.org",
            "ada@example.org\0",
            "ada\r\nbcc:x@example.org",
            // Look-alikes before the @: Cyrillic a, dotless i, full-width a, NFD, Kelvin sign.
            "\u{430}da@example.org",
            "ad\u{131}@example.org",
            "ａda@example.org",
            "ade\u{301}@example.org",
            "\u{212a}@example.org",
            // A full-width commercial at is none.
            "ada＠example.org",
            // A zero-width joiner and a right-to-left override in the domain.
            "ada@exa\u{200d}mple.org",
            "ada@exa\u{202e}mple.org",
            &long_local,
            &long,
            &huge,
        ];
        for text in cases {
            assert!(canonical_email(text).is_err(), "{text:?} -> {:?}", canonical_email(text));
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own_canonical_form(
            local in "[A-Za-z0-9+._-]{1,10}",
            domain in "\\PC{1,12}",
        ) {
            if let Ok(email) = canonical_email(&format!("{local}@{domain}")) {
                prop_assert!(email.is_ascii());
                prop_assert_eq!(canonical_email(&email), Ok(email.clone()));
                prop_assert_eq!(canonical_email(&email.to_uppercase()), Ok(email));
            }
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = canonical_email(&text);
        }
    }
}
