//! Which passwords may be chosen (ASVS 6.2, NIST SP 800-63B: length counts, composition does not).

/// The shortest password, in characters.
pub const MIN_PASSWORD_CHARS: usize = 8;
/// The longest password, in bytes of UTF-8.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// Common passwords of at least eight characters, one a line, in lower case and in order: words that
/// many take with what they put behind them, ways over the keyboard, and rows of digits.
const COMMON: &str = include_str!("common_passwords.txt");
/// What this server is called.
const PRODUCT: &str = "chatapp";
/// The shortest part of an address that counts as a word.
const MIN_WORD_CHARS: usize = 4;
/// How many letters and digits a password needs beside the words that are known of its owner.
const MIN_OWN_CHARS: usize = 6;

/// Whether `text` may become the password of the account with this e-mail address on a server with
/// this host name. It is taken as it is: no trimming, no case change.
///
/// The error is the broken rule in words, fit for the client; it never contains the text.
pub fn password_rule(text: &str, email: &str, host: &str) -> Result<(), &'static str> {
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
    let dense: String = lower.chars().filter(|c| !is_blank(*c)).collect();
    if COMMON.lines().any(|common| common == lower || common == dense) {
        return Err("password is one of the most common ones; choose another");
    }
    if is_made_of(&lower, email, host) {
        return Err(
            "password must not be made of your e-mail address or the name of this server; \
                    choose another",
        );
    }
    Ok(())
}

/// Whether a character is seen as a gap, or not at all.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Whether hardly anything is left of a password, in lower case, without what anybody knows who
/// knows its owner and this server.
fn is_made_of(password: &str, email: &str, host: &str) -> bool {
    let (email, host) = (email.to_lowercase(), host.to_lowercase());
    let parts = email.split(|c: char| !c.is_alphanumeric());
    let labels = host.split(|c: char| !c.is_alphanumeric());
    let wholes = [email.as_str(), host.as_str(), PRODUCT];
    let local = email.split('@').take(1);
    let mut words: Vec<&str> = wholes.into_iter().chain(local).chain(parts).chain(labels).collect();
    words.retain(|word| word.chars().count() >= MIN_WORD_CHARS);
    // The long ones first, or a part would leave something of the whole.
    words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    let mut left = password.to_owned();
    for word in words {
        left = left.replace(word, " ");
    }
    left.len() < password.len()
        && left.chars().filter(|c| c.is_alphanumeric()).count() < MIN_OWN_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Result<(), &'static str> {
        password_rule(text, "ada.lovelace@example.org", "chat.analytical.net")
    }

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
            assert_eq!(rule(text), Ok(()), "{text:?}");
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
            assert!(rule(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_list_is_sorted_lower_case_and_long_enough() {
        let lines: Vec<_> = COMMON.lines().collect();
        assert!(lines.is_sorted_by(|a, b| a < b), "each is there once");
        assert!(lines.len() >= 3_000, "{}", lines.len());
        assert!(lines.iter().all(|l| l.chars().count() >= 8 && *l == l.to_lowercase()));
    }

    #[test]
    fn s18_every_common_password_is_refused_in_any_case() {
        for line in COMMON.lines() {
            assert!(rule(line).is_err() && rule(&line.to_uppercase()).is_err(), "{line}");
        }
        for text in [
            "Iloveyou1",
            "sunshine123",
            "qwertyuiop",
            "Dragon2024",
            "p@ssw0rd123!",
            " password ",
            "i love you 1",
            "password\u{200b}",
        ] {
            assert!(rule(text).is_err(), "{text}");
        }
    }

    #[test]
    fn s18_what_anybody_knows_makes_no_password() {
        for text in [
            "ada.lovelace@example.org",
            "Ada.Lovelace",
            "lovelace1815",
            "LovelaceAda!",
            "example-2024",
            "chatapp4711",
            "ChatAppLovelace",
            "analytical99",
            "chat.analytical.net",
        ] {
            let error = rule(text).unwrap_err();
            assert!(error.contains("e-mail address"), "{text}: {error}");
        }
        for text in ["lovelace met babbage", "an example of horses", "analytical engine no. 1"] {
            assert_eq!(rule(text), Ok(()), "{text}");
        }
        assert_eq!(password_rule("correct horse", "", ""), Ok(()));
    }
}
