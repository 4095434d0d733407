//! An estimate of tokens by what a text is made of.
//!
//! Tokenizers know words, not characters: five letters of prose are one token, five characters of
//! a hash are three. So words, digits, marks and runs of mixed characters are told apart as
//! tokenizers do that. It is made to be rather too high, since what is sent must fit.

/// A token; everything else is a part of it.
const TOKEN: usize = 12;
/// Letters in a row that are no word of any language any more.
const LONGEST_WORD: usize = 24;
/// From this length on a run that changes its kind all the time is a hash, a key or encoded data.
const SHORTEST_BLOB: usize = 8;

/// The tokens of a text: for prose about 1.2 times what tokenizers count, for dense text (JSON,
/// logs, code, digits, encoded data) hardly ever less than that.
pub fn estimate(text: &str) -> u32 {
    let (mut parts, mut word, mut before, mut gap) = (0, Word::default(), ' ', 0);
    for c in text.chars() {
        if let Some((kind, width)) = CharClass::of(c) {
            word.push(kind, width);
        } else {
            parts += word.take();
            parts += match c.len_utf8() {
                1 if c.is_ascii_whitespace() => space(c, gap),
                1 if c == before => 2,
                1 if before.is_ascii_punctuation() => TOKEN / 2,
                2 => TOKEN / 2,
                1 | 3 => TOKEN,
                _ => TOKEN * 2,
            };
        }
        gap = if c.is_ascii_whitespace() { gap + 1 } else { 0 };
        before = c;
    }
    parts += word.take();
    u32::try_from(parts.div_ceil(TOKEN)).unwrap_or(u32::MAX)
}

/// What a text is by the same measure if it is ordinary prose: four ASCII characters a token, two
/// of other alphabets, one of East Asian scripts. Many a dense text has more tokens, hardly one
/// of words has fewer than nine tenths of it.
pub(crate) fn estimate_as_prose(text: &str) -> u32 {
    let quarters: usize = text
        .chars()
        .map(|c| match c.len_utf8() {
            1 => 1,
            2 => 2,
            3 => 4,
            _ => 8,
        })
        .sum();
    u32::try_from(quarters.div_ceil(4)).unwrap_or(u32::MAX)
}

/// A space belongs to the word behind it; several are a token, and so is a new line.
fn space(c: char, before: usize) -> usize {
    match (c, before) {
        (' ', 1) => TOKEN,
        (' ', _) => 0,
        (_, 0) => TOKEN,
        _ => 0,
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum CharClass {
    #[default]
    Lower,
    Upper,
    Digit,
}

impl CharClass {
    /// What a part of a word is, and how many letters it counts for.
    fn of(c: char) -> Option<(Self, usize)> {
        Some(match c {
            'a'..='z' => (Self::Lower, 1),
            'A'..='Z' => (Self::Upper, 1),
            '0'..='9' => (Self::Digit, 1),
            // Latin letters with marks, which words of prose have a few of.
            '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => (Self::Lower, 4),
            _ => return None,
        })
    }
}

/// Letters and digits in a row, with what they cost so far.
#[derive(Debug, Default)]
struct Word {
    length: usize,
    /// How often its kind changed where tokenizers cut.
    changes: usize,
    parts: usize,
    /// The run of one kind at its end; a capital letter begins one.
    kind: CharClass,
    run: usize,
    capitals: usize,
}

impl Word {
    fn push(&mut self, kind: CharClass, width: usize) {
        let goes_on =
            kind == self.kind || (self.kind, kind) == (CharClass::Upper, CharClass::Lower);
        if self.run > 0 && !goes_on {
            self.end_run();
            self.changes += 1;
        }
        self.kind = kind;
        self.length += 1;
        self.run += width;
        self.capitals += usize::from(kind == CharClass::Upper);
    }

    fn end_run(&mut self) {
        let (run, capitals) = (std::mem::take(&mut self.run), std::mem::take(&mut self.capitals));
        self.parts += match self.kind {
            CharClass::Digit => TOKEN * run.div_ceil(3),
            _ if run > LONGEST_WORD => run * TOKEN / 2,
            _ if capitals > 1 => (run * TOKEN / 3).max(TOKEN),
            _ => (run * TOKEN * 5 / 19).max(TOKEN),
        };
    }

    /// What it costs; then there is none.
    fn take(&mut self) -> usize {
        if self.length == 0 {
            return 0;
        }
        self.end_run();
        let Self { length, changes, parts, .. } = std::mem::take(self);
        if length >= SHORTEST_BLOB && changes * 10 >= length * 3 {
            return parts.max(length * TOKEN * 2 / 3);
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that repeat for no reader: the same in every run.
    fn noise(count: usize) -> Vec<u8> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let step = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[4]
        };
        std::iter::repeat_with(step).take(count).collect()
    }

    fn letters(alphabet: &[u8], count: usize) -> String {
        noise(count)
            .iter()
            .map(|b| char::from(alphabet[usize::from(*b) % alphabet.len()]))
            .collect()
    }

    fn dense() -> Vec<(&'static str, String)> {
        let hex = letters(b"0123456789abcdef", 4000);
        let base64 =
            letters(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 4000);
        let part = |at: usize, count: usize| &hex[at..at + count];
        let uuid = |n: usize| {
            let at = n * 32;
            let (a, b, c) = (part(at, 8), part(at + 8, 4), part(at + 12, 4));
            format!("{a}-{b}-{c}-{}-{}", part(at + 16, 4), part(at + 20, 12))
        };
        let lines = |make: &dyn Fn(usize) -> String| -> String { (0..40).map(make).collect() };
        vec![
            ("hex", hex.clone()),
            ("hex in upper case", hex.to_uppercase()),
            ("base64", base64.clone()),
            ("base64 in lines", base64.as_bytes().chunks(76).map(|line| {
                String::from_utf8_lossy(line).into_owned() + "\n"
            }).collect()),
            ("UUIDs", lines(&|n| uuid(n) + "\n")),
            ("random letters", letters(b"abcdefghijklmnopqrstuvwxyz", 2000)),
            ("base32", letters(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 2000)),
            ("digits", letters(b"0123456789", 2000)),
            ("JSON", lines(&|n| format!(
                "{{\"id\":{},\"uuid\":\"{}\",\"is_active\":true,\"tags\":[\"a{n}\",\"b\"],\"score\":{}.{n},\"meta\":null}},",
                n * 7919, uuid(n), n * 31
            ))),
            ("JSON in lines", lines(&|n| format!(
                "    {{\n        \"user_id\": {},\n        \"email\": \"user{n}@example.com\",\n        \"balance\": {}.{},\n        \"roles\": [\n            \"admin\"\n        ]\n    }},\n",
                n * 7919, n * 131, n % 100
            ))),
            ("logs", lines(&|n| format!(
                "2026-11-29T22:{n:02}:17.{:06}Z WARN  [pool-{n}] c.e.s.HttpClient - GET /api/v1/users/{}?page={n} -> 503 in {}ms (trace={})\n",
                n * 7919 % 1_000_000, n * 31, n * 17, part(n * 16, 16)
            ))),
            ("access logs", lines(&|n| format!(
                "192.168.{n}.{} - - [29/Nov/2026:22:41:{n:02} +0000] \"GET /assets/index-{}.js HTTP/1.1\" 200 {} \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n",
                n * 3, part(n * 8, 8), n * 7919
            ))),
            ("minified code", "!function(e,t){\"object\"==typeof exports&&\"undefined\"!=typeof module?t(exports):\"function\"==typeof define&&define.amd?define([\"exports\"],t):t((e=e||self).n={})}(this,function(e){var t=Object.create;function n(e,n){for(var r=0;r<n.length;r++){var o=n[r];o.enumerable=o.enumerable||!1,o.configurable=!0,\"value\"in o&&(o.writable=!0),Object.defineProperty(e,o.key,o)}}e.a=function(e,t,r){return t&&n(e.prototype,t),r&&n(e,r),e}});".repeat(4)),
            ("CSV", lines(&|n| format!(
                "{n},{},{}.{n:02},2026-11-{:02},{}:{n:02},OK,{}\n",
                n * 7919, n * 13, n % 28 + 1, n % 24, part(n * 6, 6)
            ))),
            ("points", lines(&|n| format!("{}.{n},-{}.{}\t", n * 31, n * 17, n * 7919))),
        ]
    }

    const PROSE: [(&str, &str); 5] = [
        (
            "English",
            "The committee had met three times before anybody noticed that the minutes were missing. It was not, as some later claimed, a matter of carelessness; the secretary had simply assumed that somebody else would write them down, and everybody else had assumed the same of her. When the question finally came up, on a rainy afternoon in late October, there was a long and uncomfortable silence.",
        ),
        (
            "plain English",
            "I went to the shop and I got some milk, but they had no bread. Can you tell me how to make it at home? I do not have a lot of time and I've never done it, so it's best if you keep it short.",
        ),
        (
            "German",
            "Die Donaudampfschifffahrtsgesellschaft veröffentlichte gestern ihren Jahresbericht. Darin heißt es, dass die Fahrgastzahlen gegenüber dem Vorjahr erheblich gestiegen seien, obwohl das Hochwasser im Frühjahr den Betrieb mehrere Wochen lang beeinträchtigt hatte.",
        ),
        (
            "French",
            "Le conseil municipal a décidé hier soir, après plusieurs heures de débat, de rénover l'ancienne bibliothèque plutôt que d'en construire une nouvelle. Les habitants du quartier, qui s'étaient mobilisés dès l'été, se félicitent de cette décision.",
        ),
        (
            "Spanish",
            "El ayuntamiento anunció ayer que las obras de la estación comenzarán en primavera, después de varios años de retrasos. Los vecinos, cansados de esperar, recibieron la noticia con cierta desconfianza.",
        ),
    ];

    fn count(text: &str) -> f64 {
        let tables = tiktoken::get_encoding("o200k_base").unwrap();
        f64::from(u32::try_from(tables.count(text)).unwrap())
    }

    #[test]
    fn f1_dense_text_is_not_taken_for_prose() {
        let mut wrong = Vec::new();
        for (what, text) in dense() {
            let ratio = f64::from(estimate(&text)) / count(&text);
            println!("{what}: {ratio:.2}");
            if !(0.9..=2.0).contains(&ratio) {
                wrong.push((what, ratio));
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn f1_prose_is_not_taken_for_dense() {
        let mut wrong = Vec::new();
        for (what, text) in PROSE {
            let ratio = f64::from(estimate(text)) / count(text);
            println!("{what}: {ratio:.2}");
            if !(0.95..=1.6).contains(&ratio) {
                wrong.push((what, ratio));
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
