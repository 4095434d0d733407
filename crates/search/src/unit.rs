//! Taking a text apart.

use std::ops::Range;

use crate::fold::{continues, fold, is_ignored};

/// How many characters of a text can be found; the rest counts for nothing.
pub const MAX_TEXT_CHARS: usize = 100_000;
/// How many characters of a word count.
pub(crate) const MAX_WORD_CHARS: usize = 64;
/// How many places inside a word count as beginnings.
const MAX_STARTS: usize = 8;

/// A part of a text that is compared as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) kind: UnitKind,
    /// Where it is in the text, in bytes.
    pub(crate) place: Range<usize>,
    /// Whether it follows the unit before it without a space.
    pub(crate) is_joined: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnitKind {
    /// Letters and digits.
    Word {
        folded: String,
        /// Where it may begin, in bytes of `folded`: at 0, and where the capitals of
        /// `getUserName` are.
        starts: Vec<usize>,
    },
    /// One character of a script that puts no spaces between words.
    Wide(String),
    /// One sign.
    Sign(String),
}

/// The units of a text in order.
pub(crate) fn units(text: &str) -> Vec<Unit> {
    let mut reader = Reader { units: Vec::new(), is_joined: false, word: None };
    let text = text
        .char_indices()
        .nth(MAX_TEXT_CHARS)
        .map_or(text, |(end, _)| text.get(..end).unwrap_or(text));
    let mut rest = text.char_indices().peekable();
    while let Some((begin, first)) = rest.next() {
        while rest.next_if(|(_, c)| continues(*c)).is_some() {}
        let end = rest.peek().map_or(text.len(), |(end, _)| *end);
        let next = rest.peek().map(|(_, c)| *c);
        let cluster = text.get(begin..end).unwrap_or_default();
        reader.take(first, cluster, begin..end, next);
    }
    reader.end_word();
    reader.units
}

/// A word being read.
#[derive(Debug)]
struct Word {
    folded: String,
    chars: usize,
    starts: Vec<usize>,
    place: Range<usize>,
    is_joined: bool,
    /// Its last character.
    last: char,
}

struct Reader {
    units: Vec<Unit>,
    /// Whether nothing but what is not seen came since the last unit.
    is_joined: bool,
    word: Option<Word>,
}

impl Reader {
    fn take(&mut self, first: char, cluster: &str, place: Range<usize>, next: Option<char>) {
        if is_ignored(first) {
            return;
        }
        if first.is_whitespace() || first.is_control() {
            self.end_word();
            self.is_joined = false;
            return;
        }
        if cluster.len() == 1 && first.is_ascii_alphanumeric() {
            // Most of most texts.
            let lower = first.to_ascii_lowercase();
            self.extend_word(first, lower.encode_utf8(&mut [0; 4]), place, next);
            return;
        }
        if first.is_alphanumeric() && !is_wide(first) {
            self.extend_word(first, &fold(cluster), place, next);
            return;
        }
        // What is one character here may be several in their plain form, such as ㍿.
        for c in fold(cluster).chars() {
            if continues(c) {
                if let Some(Unit { kind: UnitKind::Wide(text) | UnitKind::Sign(text), .. }) =
                    self.units.last_mut()
                {
                    text.push(c);
                }
            } else if is_wide(c) {
                self.push(UnitKind::Wide(c.to_string()), place.clone());
            } else if c.is_alphanumeric() {
                self.extend_word(c, &c.to_string(), place.clone(), None);
            } else if !c.is_whitespace() {
                self.push(UnitKind::Sign(c.to_string()), place.clone());
            }
        }
    }

    fn push(&mut self, kind: UnitKind, place: Range<usize>) {
        self.end_word();
        self.units.push(Unit { kind, place, is_joined: self.is_joined });
        self.is_joined = true;
    }

    fn extend_word(&mut self, c: char, folded: &str, place: Range<usize>, next: Option<char>) {
        let is_joined = self.is_joined;
        let word = self.word.get_or_insert_with(|| Word {
            folded: String::new(),
            chars: 0,
            starts: vec![0],
            place: place.clone(),
            is_joined,
            last: c,
        });
        word.place.end = place.end;
        let begins_inside =
            c.is_uppercase() && (!word.last.is_uppercase() || next.is_some_and(char::is_lowercase));
        word.last = c;
        if word.chars >= MAX_WORD_CHARS {
            return;
        }
        if begins_inside && word.chars > 0 && word.starts.len() < MAX_STARTS {
            word.starts.push(word.folded.len());
        }
        word.folded.push_str(folded);
        word.chars += folded.chars().count();
    }

    fn end_word(&mut self) {
        let Some(Word { folded, starts, place, is_joined, .. }) = self.word.take() else { return };
        if !folded.is_empty() {
            self.units.push(Unit { kind: UnitKind::Word { folded, starts }, place, is_joined });
            self.is_joined = true;
        }
    }
}

/// Whether a character is of a script whose words no spaces part, or, in Korean, whose endings
/// would hide them.
fn is_wide(c: char) -> bool {
    matches!(c,
        // Thai, Lao, Tibetan, Myanmar, Hangul, Khmer.
        '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}' | '\u{3130}'..='\u{318f}' | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}'
        // Han, kana, bopomofo.
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}'
        | '\u{3038}'..='\u{303b}' | '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}'
        | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}
