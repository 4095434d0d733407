//! What must hold of every reader of bytes from outside, whatever the bytes are.
//!
//! A [`Target`] takes any bytes, gives them to one reader and panics when something does not hold
//! that always must: two ways to cut a stream give the same answer, a text that is read is written
//! the same way, nothing is larger than its budget. `cargo xtask fuzz` has libFuzzer look for inputs
//! that break one; `cargo test -p fuzz` runs each over its corpus, `fuzz/corpus/NAME`.
//!
//! An input that found a fault stays in the corpus, under a name that says what it shows.

#![expect(clippy::panic, reason = "a target says by panicking that something does not hold")]

mod imports;
mod providers;
mod requests;
mod searches;
mod secrets;
mod settings;
#[cfg(test)]
mod tests;
mod texts;
mod world;

/// A reader and what must hold of it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// What it reads.
    pub about: &'static str,
    /// Reads `input`; panics when something does not hold.
    pub run: fn(input: &[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target("provider-answer", "the body of a provider's answer, cut anywhere", providers::answer),
    target(
        "provider-refusal",
        "Retry-After and the body of a provider's refusal",
        providers::refusal,
    ),
    target("provider-models", "a provider's list of models", providers::models),
    target("script", "the name of a demo model, and a message to it", providers::script),
    target("request-body", "the JSON body of every route", requests::body),
    target("request-query", "the query string of every route", requests::query),
    target(
        "request-head",
        "header fields: Last-Event-ID, If-Match, Host, X-Forwarded-For and others",
        requests::head,
    ),
    target("cursor", "places in lists and ids", requests::cursor),
    target("token", "access tokens", secrets::token),
    target(
        "password-hash",
        "password hashes of another program's database",
        secrets::password_hash,
    ),
    target("email", "e-mail addresses", secrets::email),
    target("search", "a search query, and a text to look in", searches::query),
    target("import", "a file with conversations: JSON, JSON Lines or ZIP", imports::file),
    target("import-store", "the same, stored", imports::store),
    target("token-count", "a text whose tokens are counted", texts::tokens),
    target("title", "a message or an answer that gives a conversation its title", texts::title),
    target("dot-env", ".env", settings::dot_env),
    target("config-file", "chatapp.toml", settings::file),
];

const fn target(name: &'static str, about: &'static str, run: fn(&[u8])) -> Target {
    Target { name, about, run }
}

/// The target of this name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
