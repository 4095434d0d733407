//! Characters that count as the same.

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

const COMPATIBLE: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();
const DECOMPOSED: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();
const CLASSES: CanonicalCombiningClassMapBorrowed<'static> =
    CanonicalCombiningClassMapBorrowed::new();

/// Whether a character belongs to the one before it: a mark, a part of a Hangul syllable, or the
/// voicing mark of half-width kana.
pub(crate) fn continues(c: char) -> bool {
    !c.is_ascii()
        && (matches!(c, '\u{ff9e}' | '\u{ff9f}' | '\u{1160}'..='\u{11ff}')
            || CLASSES.get_u8(c) != 0)
}

/// Characters that are not seen: joiners, directions, variants.
pub(crate) fn is_ignored(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Accents of Latin, Greek and Cyrillic letters, and the points of Hebrew and Arabic. The marks of
/// other scripts tell letters apart.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{5bf}'..='\u{5c7}'
        | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}')
}

/// Signs that keyboards have in a plain form only.
fn plain(c: char) -> char {
    match c {
        '‘' | '’' | '‛' | 'ʼ' | '′' => '\'',
        '“' | '”' | '„' | '‟' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
        c => c,
    }
}

/// A character with its marks, as it is compared: compatible forms as one (NFKC), without
/// accents, without case (`ß` as `ss`), typographic quotes and dashes as plain ones.
pub(crate) fn fold(cluster: &str) -> String {
    if cluster.is_ascii() {
        return cluster.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(cluster.len());
    for c in COMPATIBLE.normalize(cluster).chars() {
        let mut buffer = [0; 4];
        let parts = DECOMPOSED.normalize(c.encode_utf8(&mut buffer));
        if parts.chars().any(is_accent) {
            parts
                .chars()
                .filter(|part| !is_accent(*part))
                .for_each(|part| caseless(part, &mut folded));
        } else {
            caseless(plain(c), &mut folded);
        }
    }
    folded
}

/// The way over the upper case is the one that makes `ß` and `SS`, `ς` and `σ` the same.
fn caseless(c: char, into: &mut String) {
    into.extend(c.to_uppercase().flat_map(char::to_lowercase).filter(|c| !is_accent(*c)));
}
