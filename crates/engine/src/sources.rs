//! The sources that an answer names, and their places in its text.
//!
//! A provider says which part of the answer a source supports, or it numbers them: then the place
//! of source 2 is where the text first has `[2]`, and unknown (0 to 0) if it has not. One that goes
//! on with an answer speaks of what it says now, not of what was kept.

use provider::Citation;
use schemas::event::Annotation;

/// The most sources of one response.
const MAX_SOURCES: usize = 100;
/// The longest address, in bytes.
const MAX_URL_BYTES: usize = 2048;
/// The longest title, in characters.
const MAX_TITLE_CHARS: usize = 300;

/// A source that was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) url: String,
    pub(super) title: String,
    /// Its number among all that were named, from 1.
    number: u32,
    /// The part that it supports of what the provider has said, in characters.
    range: Option<(u32, u32)>,
}

/// The sources of a response.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    /// How many were named.
    named: u32,
    /// Those whose place in the text is not known.
    unplaced: Vec<Source>,
}

impl Sources {
    /// None yet, behind so many that were named before.
    pub(super) fn behind(named: usize) -> Self {
        Self { named: u32::try_from(named).unwrap_or(u32::MAX), unplaced: Vec::new() }
    }

    /// Takes note of a source, if it can be shown.
    pub(super) fn add(
        &mut self,
        Citation { url, title, range, number }: Citation,
    ) -> Option<Source> {
        // Also one that is left out has its number in the text.
        self.named = self.named.saturating_add(1);
        let number = number.unwrap_or(self.named);
        let is_fit = url.len() <= MAX_URL_BYTES && is_web(&url);
        if !is_fit || usize::try_from(self.named).is_ok_and(|named| named > MAX_SOURCES) {
            return None;
        }
        let title: String = title.unwrap_or_default().chars().take(MAX_TITLE_CHARS).collect();
        let title = if title.trim().is_empty() { url.clone() } else { title };
        let source = Source { url, title, number, range };
        self.unplaced.push(source.clone());
        Some(source)
    }

    /// Takes note that a source has its place.
    pub(super) fn placed(&mut self, annotation: &Annotation) {
        let is_it =
            |source: &Source| source.url == annotation.url && source.title == annotation.title;
        if let Some(place) = self.unplaced.iter().position(is_it) {
            self.unplaced.remove(place);
        }
    }

    pub(super) fn unplaced(&self) -> &[Source] {
        &self.unplaced
    }
}

impl Source {
    /// Its place in a part of the answer behind `before` other characters, as far as that is known.
    /// The first `kept` characters of the answer are not what the provider speaks of.
    pub(super) fn place(&self, text: &str, before: u32, kept: u32) -> Option<(u32, u32)> {
        if let Some((start, end)) = self.range {
            let here = |place: u32| place.saturating_add(kept).checked_sub(before);
            let (start, end) = (here(start)?, here(end)?);
            return (start <= end && end <= characters([text])).then_some((start, end));
        }
        let mark = format!("[{}]", self.number);
        let skipped = kept.saturating_sub(before);
        let (own, _) = text.char_indices().nth(usize::try_from(skipped).ok()?)?;
        let (head, _) = text.get(own..)?.split_once(&mark)?;
        let start = skipped.saturating_add(characters([head]));
        Some((start, start.saturating_add(characters([mark.as_str()]))))
    }
}

/// The sources of a text that somebody else has kept, as far as they can be shown.
pub fn known_sources(text: &str, sources: impl IntoIterator<Item = Annotation>) -> Vec<Annotation> {
    let (mut known, length) = (Sources::default(), characters([text]));
    let fit = sources.into_iter().filter_map(|Annotation { url, title, start, end }| {
        let citation = Citation { url, title: Some(title), range: None, number: None };
        let Source { url, title, .. } = known.add(citation)?;
        let (start, end) = if start <= end && end <= length { (start, end) } else { (0, 0) };
        Some(Annotation { url, title, start, end })
    });
    fit.collect()
}

/// Whether an address is one of the web, without anything that ends a line or a link.
fn is_web(url: &str) -> bool {
    let rest = ["https://", "http://"].iter().find_map(|scheme| {
        let (head, rest) = url.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    rest.is_some_and(|rest| !rest.is_empty())
        && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// How many characters texts have.
pub(super) fn characters<'a>(texts: impl IntoIterator<Item = &'a str>) -> u32 {
    let count: usize = texts.into_iter().map(|text| text.chars().count()).sum();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The sources of an answer that came in parts; their places become ones in the whole of it.
pub(super) fn whole_annotations<'a>(
    parts: impl IntoIterator<Item = (&'a str, &'a [Annotation])>,
) -> Vec<Annotation> {
    let (mut before, mut all) = (0u32, Vec::new());
    for (text, annotations) in parts {
        all.extend(annotations.iter().cloned().map(|annotation| match annotation {
            Annotation { start: 0, end: 0, .. } => annotation,
            Annotation { start, end, .. } => Annotation {
                start: start.saturating_add(before),
                end: end.saturating_add(before),
                ..annotation
            },
        }));
        before = before.saturating_add(characters([text]));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(sources: &mut Sources, url: &str, range: Option<(u32, u32)>) -> Option<Source> {
        sources.add(Citation { url: url.to_owned(), title: None, range, number: None })
    }

    #[test]
    fn p9_a_source_is_placed_by_its_range_or_by_its_number() {
        let mut sources = Sources::default();
        let first = add(&mut sources, "https://a.example/", None).unwrap();
        assert!(add(&mut sources, "javascript:alert(1)", None).is_none());
        let third = add(&mut sources, "HTTP://c.example/ü", None).unwrap();
        let ranged = add(&mut sources, "https://d.example/", Some((6, 9))).unwrap();
        assert_eq!(first.place("Blüe[1], red[3].", 0, 0), Some((4, 7)));
        assert_eq!(third.place("Blüe[1], red[3].", 0, 0), Some((12, 15)), "numbers count all");
        let url = "https://e.example/".to_owned();
        let numbered = Citation { url, title: None, range: None, number: Some(1) };
        let numbered = sources.add(numbered).unwrap();
        assert_eq!(
            numbered.place("Blüe[1]", 0, 0),
            Some((4, 7)),
            "the provider's own number counts"
        );
        assert_eq!(first.place("Blue", 0, 0), None);
        assert_eq!(ranged.place("more text", 4, 0), Some((2, 5)));
        for (text, before) in [("more text", 7), ("m", 4)] {
            assert_eq!(ranged.place(text, before, 0), None, "it is no part of this text");
        }
        assert_eq!(first.title, "https://a.example/");
    }

    #[test]
    fn p9_a_source_of_what_is_said_now_is_found_behind_what_was_kept() {
        let mut sources = Sources::behind(2);
        let third = add(&mut sources, "https://c.example/", None).unwrap();
        let ranged = add(&mut sources, "https://d.example/", Some((1, 4))).unwrap();
        let text = "Ö[3], [3] red";
        assert_eq!(third.place(text, 0, 6), Some((6, 9)), "numbers go on");
        assert_eq!(third.place("[3], [3] red", 1, 6), Some((5, 8)), "the part begins later");
        assert_eq!(third.place("[3] red", 6, 6), Some((0, 3)), "and behind it");
        assert_eq!(third.place(text, 0, 9), None, "only there before");
        assert_eq!(third.place(text, 0, 99), None, "nothing is said yet");
        assert_eq!(ranged.place(text, 0, 6), Some((7, 10)));
        assert_eq!(ranged.place("[3] red", 6, 6), Some((1, 4)));
        assert_eq!(ranged.place(text, 0, 12), None, "it is no part of this text");
    }

    #[test]
    fn p9_what_is_no_web_address_or_too_much_is_left_out() {
        let mut sources = Sources::default();
        let long = format!("https://a.example/{}", "x".repeat(MAX_URL_BYTES));
        for url in ["", "ftp://a.example", "https://", "https://a b", "https://a\nb", "//a", &long]
        {
            assert!(add(&mut sources, url, None).is_none(), "{url:?}");
        }
        let title = Some("t".repeat(1000));
        let source = sources
            .add(Citation { url: "https://a.example".to_owned(), title, range: None, number: None })
            .unwrap();
        assert_eq!(source.title.len(), MAX_TITLE_CHARS);
        let all = (0..200).filter(|n| add(&mut sources, &format!("https://{n}"), None).is_some());
        assert_eq!(all.count(), MAX_SOURCES - 8);
    }
}
