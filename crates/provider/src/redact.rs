//! Makes a provider's words fit for the log.

mod shape;

pub(crate) use self::shape::shape;

const LONGEST: usize = 500;

/// The beginning of `text`, on one line, without the `secrets` and without anything that looks
/// like a key. For logs only: clients never see a provider's words.
pub(crate) fn for_log<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        if !secret.is_empty() {
            text = text.replace(secret, "[redacted]");
        }
    }
    // Longer than the result may be, so that a key at the cut is seen whole.
    let head: String = text.chars().take(4 * LONGEST).collect();
    let mut out = String::new();
    let mut after_bearer = false;
    for word in head.split_inclusive(|c: char| !is_key_char(c)) {
        let key = word.trim_end_matches(|c: char| !is_key_char(c));
        let looks_secret = ["sk-", "sk_", "key-", "gsk_", "AIza", "xai-", "hf_"]
            .iter()
            .any(|prefix| key.starts_with(prefix) && key.len() > prefix.len() + 3);
        if looks_secret || (after_bearer && !key.is_empty()) {
            out.push_str("[redacted]");
        } else {
            out.push_str(key);
        }
        if !key.is_empty() {
            after_bearer = key.eq_ignore_ascii_case("bearer");
        }
        out.extend(
            word.chars().skip(key.chars().count()).map(|c| if c.is_control() { ' ' } else { c }),
        );
    }
    match out.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", out.get(..cut).unwrap_or_default()),
        None => out,
    }
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '.')
}

#[cfg(test)]
mod tests {
    use super::for_log;

    #[test]
    fn keys_and_length() {
        let text =
            "Incorrect API key provided: sk-abc***xyz9. Authorization: Bearer t0k.en!\nmy-secret";
        assert_eq!(
            for_log(text, ["my-secret"]),
            "Incorrect API key provided: [redacted] Authorization: Bearer [redacted]! [redacted]"
        );
        assert_eq!(
            for_log("plain words, no keys: task-list", []),
            "plain words, no keys: task-list"
        );
        assert_eq!(for_log(&"é".repeat(9000), []).chars().count(), 501);
    }
}
