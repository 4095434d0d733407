//! Hashes that other programs have made and that are checked here until their owner logs in:
//! bcrypt, and Argon2 with other parameters.

use argon2::{Algorithm, Params, PasswordHash, Version};

use crate::AuthError;

/// The longest hash that is stored, in bytes.
const MAX_BYTES: usize = 255;
/// The highest cost of bcrypt: 2^14 rounds take about a second of one core.
const MAX_BCRYPT_COST: u32 = 14;
/// The most memory of Argon2, in KiB, and the most of it times passes: about a second, too.
const MAX_ARGON2_KIB: u32 = 128 * 1024;
const MAX_ARGON2_WORK: u64 = 1024 * 1024;

const BROKEN: &str = "it looks like Argon2 and cannot be read";

/// What frameworks write before a hash to name its kind: LDAP and Spring, and Django, which puts
/// the hash behind a dollar sign.
const MARKS: [&str; 6] = ["{bcrypt}", "{crypt}", "{argon2}", "{argon2id}", "bcrypt$", "argon2"];

/// A hash that another program has made, as it is to be stored, if it can be checked here at a cost
/// that a login may have. What only names its kind is left out.
///
/// The error says why not, in words, and holds nothing of the hash.
pub fn foreign_hash(text: &str) -> Result<&str, &'static str> {
    let text = without_mark(text.trim());
    checkable(text).map(|()| text)
}

fn without_mark(text: &str) -> &str {
    let rest = |mark: &str| {
        let (head, rest) = text.split_at_checked(mark.len())?;
        (head.eq_ignore_ascii_case(mark) && rest.starts_with('$')).then_some(rest)
    };
    MARKS.into_iter().find_map(rest).unwrap_or(text)
}

fn checkable(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it has none");
    }
    if is_bcrypt(text) {
        return bcrypt_parts(text).map(drop);
    }
    if !text.starts_with("$argon2") {
        return Err("it is neither bcrypt nor Argon2");
    }
    if text.len() > MAX_BYTES {
        return Err("it is too long");
    }
    let hash = PasswordHash::new(text).map_err(|_| BROKEN)?;
    Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| BROKEN)?;
    hash.version.map(Version::try_from).transpose().map_err(|_| BROKEN)?;
    let params = Params::try_from(&hash).map_err(|_| BROKEN)?;
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(BROKEN);
    }
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    if params.m_cost() > MAX_ARGON2_KIB || work > MAX_ARGON2_WORK {
        return Err("its cost is higher than a login may have");
    }
    Ok(())
}

/// Whether a hash is meant to be one of bcrypt.
pub(super) fn is_bcrypt(stored: &str) -> bool {
    stored.starts_with("$2")
}

/// Whether `password` leads to the `stored` hash of bcrypt.
///
/// bcrypt looks at the first 72 bytes only, and so did the program that made the hash. No password
/// with U+0000 was ever hashed: to bcrypt it ends the password, so that others would lead to the
/// same.
pub(super) fn matches_bcrypt(password: &[u8], stored: &str) -> Result<bool, AuthError> {
    bcrypt_parts(stored).map_err(AuthError::internal)?;
    let is_right = bcrypt::verify(password, stored).map_err(AuthError::internal)?;
    Ok(is_right && !password.contains(&0))
}

fn bcrypt_parts(text: &str) -> Result<bcrypt::HashParts, &'static str> {
    // `$2x$` marks hashes of an old implementation that took other bytes for non-ASCII letters.
    let is_known = ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix));
    let parts = text.parse::<bcrypt::HashParts>().ok().filter(|_| is_known);
    let parts = parts.ok_or("it looks like bcrypt and cannot be read")?;
    if !(4..=MAX_BCRYPT_COST).contains(&parts.get_cost()) {
        return Err("its cost is higher than a login may have");
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Made by other implementations: the vectors of `crypt_blowfish` and of OpenBSD.
    const KNOWN: [(&[u8], &str); 4] = [
        (b"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        (b"U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        (b"abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"),
        (b"\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"),
    ];

    fn made(password: &[u8], version: bcrypt::Version) -> String {
        let parts = bcrypt::hash_with_salt(password, 4, [7; 16]).unwrap();
        parts.format_for_version(version)
    }

    #[test]
    fn hashes_of_other_programs_are_checked() {
        for (password, hash) in KNOWN {
            assert_eq!(foreign_hash(hash), Ok(hash), "{hash}");
            assert!(matches_bcrypt(password, hash).unwrap(), "{password:?}");
            assert!(!matches_bcrypt(b"U*U*", hash).unwrap(), "{password:?}");
        }
        for version in [bcrypt::Version::TwoA, bcrypt::Version::TwoB, bcrypt::Version::TwoY] {
            let hash = made("häß日本".as_bytes(), version);
            assert_eq!(foreign_hash(&hash), Ok(hash.as_str()));
            assert!(matches_bcrypt("häß日本".as_bytes(), &hash).unwrap(), "{hash}");
            assert!(!matches_bcrypt("haß日本".as_bytes(), &hash).unwrap(), "{hash}");
        }
    }

    #[test]
    fn what_is_behind_72_bytes_counts_as_little_as_it_did() {
        let long = "x".repeat(71);
        for (typed, is_right) in [
            (format!("{long}y"), true),
            (format!("{long}y and more"), true),
            (format!("{long}y and something else"), true),
            (format!("{long}z and more"), false),
            (long.clone(), false),
        ] {
            let hash = made(format!("{long}y and more").as_bytes(), bcrypt::Version::TwoB);
            assert_eq!(matches_bcrypt(typed.as_bytes(), &hash).unwrap(), is_right, "{typed:?}");
        }
        // The 72nd byte is the first of a letter of two.
        let hash = made(format!("{long}é").as_bytes(), bcrypt::Version::TwoB);
        assert!(matches_bcrypt(format!("{long}è").as_bytes(), &hash).unwrap());
    }

    #[test]
    fn u_0000_is_part_of_no_password() {
        let hash = made(b"before", bcrypt::Version::TwoB);
        assert!(matches_bcrypt(b"before", &hash).unwrap());
        for alias in [b"before\0".as_slice(), b"before\0before", b"before\0after"] {
            assert!(!matches_bcrypt(alias, &hash).unwrap(), "{alias:?}");
        }
    }

    #[test]
    fn o3_what_only_names_the_kind_of_a_hash_is_left_out() {
        let hash = made(b"password", bcrypt::Version::TwoB);
        for mark in ["", "{bcrypt}", "{CRYPT}", "bcrypt$", "  "] {
            assert_eq!(foreign_hash(&format!("{mark}{hash}\n")), Ok(hash.as_str()), "{mark}");
        }
        let argon2 = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$MTIzNDU2Nzg5MDEyMzQ1Ng";
        for mark in ["{argon2}", "argon2"] {
            assert_eq!(foreign_hash(&format!("{mark}{argon2}")), Ok(argon2), "{mark}");
        }
        // What these hashed is no password but its digest.
        for other in ["{SSHA}", "{bcrypt}{bcrypt}", "bcrypt_sha256$", "bcrypt", "{bcrypt"] {
            assert!(foreign_hash(&format!("{other}{hash}")).is_err(), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_checked_or_costs_too_much_is_refused() {
        let hash = made(b"password", bcrypt::Version::TwoB);
        let cost = |cost: &str| hash.replacen("$04$", &format!("${cost}$"), 1);
        assert!(foreign_hash(&cost("14")).is_ok());
        let argon2 = |parameters: &str| {
            format!("$argon2id$v=19${parameters}$c29tZXNhbHQ$MTIzNDU2Nzg5MDEyMzQ1Ng")
        };
        for parameters in ["m=65536,t=3,p=4", "m=102400,t=2,p=8", "m=19456,t=2,p=1"] {
            assert!(foreign_hash(&argon2(parameters)).is_ok(), "{parameters}");
        }
        let long = format!("$argon2id${}", "x".repeat(300));
        for refused in [
            "",
            "correct horse",
            "$2b$",
            "$2b$12$abcdefghijklmnopqrstuv",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
            "$bcrypt-sha256$v=2,t=2b,r=12$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2",
            "$argon2id$",
            &cost("15"),
            &cost("31"),
            &cost("03"),
            &cost("xx"),
            &hash.replacen("$2b$", "$2x$", 1),
            &argon2("m=2097152,t=1,p=4"),
            &argon2("m=65536,t=100,p=4"),
            &argon2("m=65536,t=3,p=0"),
            // Found by fuzzing: nothing can check it, so its owner could never log in.
            &argon2("m=65536,t=3,p=1").replacen("v=19", "v=18", 1),
            &long,
        ] {
            assert!(foreign_hash(refused).is_err(), "{refused:?}");
        }
        assert!(matches_bcrypt(b"password", &cost("31")).is_err(), "nobody waits for this");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\$2[abxy]\\$[0-9]{2}\\$)?.{0,60}") {
            let _ = foreign_hash(&text);
        }
    }
}
