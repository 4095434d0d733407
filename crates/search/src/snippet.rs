//! The part of a text that is shown with a result.

use std::ops::Range;

use crate::query::Found;

/// How much of the text stands before the best place, in characters.
const BEFORE: usize = 60;
/// How long a snippet is, in characters.
const LENGTH: usize = 240;

/// A part of a snippet. Clients show the text as text: nothing in it is markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The text.
    pub text: String,
    /// Whether it is what was looked for.
    pub is_match: bool,
}

/// The surroundings of the best place in `text`, white space made narrow, with `…` where
/// something is left out.
pub fn snippet(text: &str, found: &Found) -> Vec<Segment> {
    let at = found.places.get(found.best).map_or(0, |place| place.start);
    let start = back(text, at, BEFORE);
    let end = text
        .get(start..)
        .and_then(|rest| rest.char_indices().nth(LENGTH))
        .map_or(text.len(), |(end, _)| start + end);
    cut_out(text, start..end, &found.places)
}

/// The whole of `text`, for what is short.
pub fn marked(text: &str, found: &Found) -> Vec<Segment> {
    cut_out(text, 0..text.len(), &found.places)
}

/// `count` characters before `at`, moved to the beginning of a word where one is near.
fn back(text: &str, at: usize, count: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    let Some((start, _)) = before.char_indices().rev().nth(count) else { return 0 };
    let skipped = before.get(start..).unwrap_or_default();
    let word = skipped.char_indices().find(|(_, c)| c.is_whitespace());
    word.map_or(start, |(space, c)| start + space + c.len_utf8())
}

fn cut_out(text: &str, part: Range<usize>, places: &[Range<usize>]) -> Vec<Segment> {
    let mut segments = Segments::default();
    if part.start > 0 {
        segments.push("…", false);
    }
    let mut at = part.start;
    for place in places.iter().filter(|place| place.end > part.start && place.start < part.end) {
        let (start, end) = (place.start.max(at), place.end.min(part.end));
        segments.push(text.get(at..start).unwrap_or_default(), false);
        segments.push(text.get(start..end).unwrap_or_default(), true);
        at = end;
    }
    segments.push(text.get(at..part.end).unwrap_or_default(), false);
    if part.end < text.len() {
        segments.push("…", false);
    }
    segments.done
}

#[derive(Default)]
struct Segments {
    done: Vec<Segment>,
    ends_with_space: bool,
}

impl Segments {
    fn push(&mut self, text: &str, is_match: bool) {
        for c in text.chars() {
            let is_space = c.is_whitespace() || c.is_control();
            if is_space && self.ends_with_space {
                continue;
            }
            self.ends_with_space = is_space;
            let c = if is_space { ' ' } else { c };
            match self.done.last_mut() {
                Some(last) if last.is_match == is_match => last.text.push(c),
                _ => self.done.push(Segment { text: c.to_string(), is_match }),
            }
        }
    }
}
