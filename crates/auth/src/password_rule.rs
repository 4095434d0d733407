//! Which passwords may be chosen (ASVS 6.2, NIST SP 800-63B: length counts, composition does not).

/// The shortest password, in characters.
pub const MIN_PASSWORD_CHARS: usize = 8;
/// The longest password, in bytes of UTF-8.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// The most common passwords of at least eight characters, one a line, in lower case.
const COMMON: &str = include_str!("common_passwords.txt");

/// Whether `text` may become a password. It is taken as it is: no trimming, no case change.
///
/// The error is the broken rule in words, fit for the client; it never contains the text.
pub fn password_rule(text: &str) -> Result<(), &'static str> {
    if text.len() > MAX_PASSWORD_BYTES {
        return Err("password must be at most 1024 bytes long");
    }
    if text.chars().count() < MIN_PASSWORD_CHARS {
        return Err("password must be at least 8 characters long");
    }
    if text.contains('\0') {
        return Err("password must not contain the character U+0000");
    }
    let mut chars = text.chars();
    let first = chars.next();
    if chars.all(|c| Some(c) == first) {
        return Err("password must not be one character repeated");
    }
    let lower = text.to_lowercase();
    if COMMON.lines().any(|common| common == lower) {
        return Err("password is one of the most common ones; choose another");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_the_rule_and_composition_is_free() {
        let longest = format!("ab{}", "x".repeat(1022));
        let accepted = [
            "correct horse battery staple",
            "lower ok",
            "        x",
            "日本語のパスワード",
            "👩‍👩‍👧‍👦 emoji",
            &longest,
        ];
        for text in accepted {
            assert_eq!(password_rule(text), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn short_long_common_and_nul_are_refused() {
        let too_long = "ab".repeat(513);
        let many = "x".repeat(1 << 20);
        let refused = [
            "",
            "seven77",
            "七文字です",
            "aaaaaaaa",
            "😀😀😀😀😀😀😀😀😀",
            "password",
            "Password1",
            "12345678",
            "QWERTYUIOP",
            "with\0nul byte",
            &too_long,
            &many,
        ];
        for text in refused {
            assert!(password_rule(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_list_is_sorted_lower_case_and_long_enough() {
        let lines: Vec<_> = COMMON.lines().collect();
        assert!(lines.is_sorted() && lines.len() > 100);
        assert!(lines.iter().all(|l| l.chars().count() >= 8 && *l == l.to_lowercase()));
    }
}
