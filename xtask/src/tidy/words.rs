//! Words that were retired: `docs/GLOSSARY.md` says what each thing is called.

use super::{File, Violation};

/// Where the words may stand: the list itself, the glossary that retires them, and the past.
const MAY: [&str; 4] =
    ["docs/GLOSSARY.md", "CHANGELOG.md", "xtask/src/tidy/words.rs", "xtask/src/tidy/tests.rs"];

/// A word that is not used any more.
struct Retired {
    /// In small letters; several words are separated by spaces.
    word: &'static str,
    /// What to write.
    instead: &'static str,
    /// Why it went.
    why: &'static str,
    /// Where it still stands: what these paths begin with.
    except: &'static [&'static str],
}

const fn retired(word: &'static str, instead: &'static str, why: &'static str) -> Retired {
    Retired { word, instead, why, except: &[] }
}

/// A type's name that says nothing: several types had each of them.
const fn vague(word: &'static str) -> Retired {
    retired(word, "a name that says which", "several types had it")
}

/// Only words that are gone from the tree.
const RETIRED: &[Retired] = &[
    retired("bus_looks_total", "chatapp_bus_polls_total", "metrics of ours begin with chatapp_"),
    retired("looks are counted", "servers count polls", "the field's word is poll"),
    retired("ask_to_look", "ask_to_poll", "reading the database for changes is polling"),
    retired("ask_makers_to_look", "ask_makers_to_poll", "reading for changes is polling"),
    retired("bell", "subscription or notification", "the field's words for a channel"),
    retired("bells", "subscriptions or notifications", "the field's words for a channel"),
    retired("rung", "notified", "the field's word"),
    retired("afresh", "from the start, replay or again", "it did not say what begins"),
    retired("begin_afresh", "begin_again", "it did not say what begins"),
    retired("story", "test", "a test is a test"),
    Retired {
        word: "gone on with",
        instead: "continued",
        why: "one word for it",
        // The descriptions of openapi.json, which change with the API only.
        except: &["crates/schemas/", "crates/api/src/routes/", "frontend/src/api/schema.d.ts"],
    },
    retired("none twice", "without duplicates", "the field's words are contiguous and duplicate"),
    vague("struct place"),
    vague("enum place"),
    vague("struct kind"),
    vague("enum kind"),
    vague("struct bearer"),
    vague("struct opened"),
    vague("enum opened"),
    vague("struct call"),
    vague("enum call"),
];

/// Retired words, in code, comments and documents. An underscore ends a word, so names count.
pub(super) fn retired_words(files: &[File]) -> Vec<Violation> {
    let is_read = |file: &&File| {
        matches!(file.extension(), "rs" | "md" | "ts" | "mjs" | "svelte" | "toml")
            && !MAY.contains(&file.path.as_str())
    };
    let mut violations = Vec::new();
    for file in files.iter().filter(is_read) {
        for (line, text) in file.lines() {
            let text = text.to_lowercase();
            for Retired { word, instead, why, except } in RETIRED {
                let may = except.iter().any(|path| file.path.starts_with(path));
                if !may && has(&text, word) {
                    let message = format!("\"{word}\" is retired, write \"{instead}\": {why}");
                    violations.push(file.violation(line, message));
                }
            }
        }
    }
    violations
}

/// Whether a text has a word that neither begins nor ends within another.
fn has(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}
