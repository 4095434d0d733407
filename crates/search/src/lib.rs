//! What it means that a text is found.
//!
//! A text is a row of [units](mod@unit): words, characters of scripts that put no spaces between
//! words, and signs. A [`Query`] is what a person types, read the same way; [`Query::find`] alone
//! decides what it finds. A database's index only has to propose: every text that a query finds
//! has all of [`Query::terms`] among its [`terms`], and what is proposed in vain is thrown away.
//! So every engine gives the same answers.
//!
//! ```
//! let query = search::Query::parse("strasse").unwrap();
//! assert!(query.find("Die Straße ist frei.").is_some());
//! ```
//!
//! Knows no database and nothing of ours.

mod fold;
mod query;
mod snippet;
mod term;
mod unit;

pub use query::{Found, MAX_CHARS, MAX_PIECES, Query, QueryError, Rank};
pub use snippet::{Segment, marked, snippet};
pub use term::{Term, terms};
pub use unit::MAX_TEXT_CHARS;

#[cfg(test)]
mod tests;
