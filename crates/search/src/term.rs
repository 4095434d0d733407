//! What an index keeps of a text.

use std::collections::BTreeSet;

use crate::unit::{Unit, UnitKind, units};

/// How many characters of a word an index keeps.
const MAX_TERM_CHARS: usize = 32;
/// The digits that stand for characters outside of ASCII letters and digits.
const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// What a text must have among its terms to be worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// This term.
    Whole(String),
    /// A term that begins so.
    Beginning(String),
}

/// The terms of a text, each once and in order. They consist of ASCII letters and digits.
pub fn terms(text: &str) -> Vec<String> {
    let units = units(text);
    let mut terms = BTreeSet::new();
    for (n, unit) in units.iter().enumerate() {
        match &unit.kind {
            UnitKind::Word { folded, starts } => {
                terms.extend(starts.iter().filter_map(|start| folded.get(*start..)).map(cut));
            }
            UnitKind::Wide(_) => {
                terms.insert(pair(unit, units.get(n + 1)));
            }
            UnitKind::Sign(sign) => {
                terms.insert(cut(sign));
            }
        }
    }
    terms.into_iter().collect()
}

/// A wide character with the one behind it: the pair is what makes it rare.
pub(crate) fn pair(unit: &Unit, next: Option<&Unit>) -> String {
    let mut text = match &unit.kind {
        UnitKind::Wide(text) => text.clone(),
        UnitKind::Word { .. } | UnitKind::Sign(_) => String::new(),
    };
    if let Some(Unit { kind: UnitKind::Wide(next), is_joined: true, .. }) = next {
        text.push_str(next);
    }
    encode(&text)
}

/// A word or sign as an index keeps it.
pub(crate) fn cut(folded: &str) -> String {
    encode(
        folded
            .char_indices()
            .nth(MAX_TERM_CHARS)
            .map_or(folded, |(end, _)| folded.get(..end).unwrap_or(folded)),
    )
}

/// Whether an index keeps less than the whole word.
pub(crate) fn is_cut(folded: &str) -> bool {
    folded.chars().count() > MAX_TERM_CHARS
}

/// Writes a text with ASCII letters and digits. What begins another text also begins its
/// encoding; that two texts may share one does no harm.
fn encode(folded: &str) -> String {
    let mut encoded = String::with_capacity(folded.len());
    for c in folded.chars() {
        if c.is_ascii_alphanumeric() {
            encoded.push(c);
        } else {
            let code = u32::from(c);
            for shift in [15, 10, 5, 0] {
                let digit = usize::try_from((code >> shift) & 31).unwrap_or(0);
                encoded.push(DIGITS.get(digit).map_or('0', |digit| char::from(*digit)));
            }
        }
    }
    encoded
}
