//! Text without meaning, the same at every run.

use super::Step;

const WORDS: [&str; 64] = [
    "amber", "answer", "autumn", "basket", "between", "bridge", "candle", "careful", "circle",
    "cloud", "copper", "corner", "distant", "drift", "early", "echo", "engine", "evening",
    "feather", "field", "forest", "garden", "gentle", "glass", "harbour", "hollow", "island",
    "journey", "kettle", "ladder", "lantern", "letter", "linen", "marble", "market", "meadow",
    "mirror", "morning", "mountain", "narrow", "number", "orchard", "paper", "patient", "pebble",
    "pencil", "quiet", "rain", "river", "rooftop", "saddle", "shadow", "silver", "simple",
    "stream", "summer", "thread", "timber", "travel", "valley", "violet", "window", "winter",
    "wonder",
];

const THOUGHTS: [&str; 24] = [
    "The", " user", " wrote", " to", " me,", " so", " I", " look", " at", " the", " message",
    " first,", " then", " choose", " an", " example", " that", " fits,", " and", " keep", " the",
    " answer", " short", ".",
];

/// How many words a block of `words` has before the next kind of block begins.
const BLOCK: u32 = 40;

/// `count` words as Markdown: headings, paragraphs, lists, quotes and code, one token a word.
pub(super) fn words(count: u32) -> impl Iterator<Item = String> + Send {
    (0..count).map(move |n| {
        let (block, place) = (n / BLOCK, n % BLOCK);
        let word = pick(n);
        let last = place == BLOCK - 1 || n + 1 == count;
        match block % 5 {
            0 => heading(n, place, word, last),
            1 => line(place, 8, word, last, n, "- ", "", "\n"),
            2 => paragraph(n, place, word, last),
            3 => line(place, 8, word, last, n, "> ", "", "\n"),
            _ => line(place, 5, word, last, n, "", "```text\n", "\n```"),
        }
    })
}

/// `count` tokens of reasoning.
pub(super) fn reasoning(count: u32) -> impl Iterator<Item = String> + Send {
    (0..count).zip(THOUGHTS.iter().cycle()).map(|(n, thought)| {
        let again = n > 0 && !thought.starts_with([' ', '.']);
        if again { format!(" {thought}") } else { (*thought).to_owned() }
    })
}

/// The tool that is called, and its arguments, token by token.
const TOOL: &str = "get_weather";
const ARGUMENTS: [&str; 8] = ["{\"", "city", "\":\"", "Lisbon", "\",\"", "days", "\":", "3}"];

/// `count` calls of a tool.
pub(super) fn calls(count: u32) -> impl Iterator<Item = Step> + Send {
    (0..count).flat_map(|n| {
        let begin = Step::Call { id: format!("call_demo_{n}"), name: TOOL.to_owned() };
        let arguments = ARGUMENTS.map(|token| Step::Arguments(token.to_owned()));
        std::iter::once(begin).chain(arguments)
    })
}

/// A word that seems to be chosen at random: the place goes through an integer hash.
fn pick(n: u32) -> &'static str {
    let hash = n.wrapping_add(1).wrapping_mul(0x9E37_79B1);
    let index = usize::try_from((hash ^ (hash >> 15)) >> 16).unwrap_or(0) % WORDS.len();
    WORDS.get(index).copied().unwrap_or("word")
}

/// The blank line between two blocks.
fn gap(n: u32) -> &'static str {
    if n == 0 { "" } else { "\n\n" }
}

fn capital(word: &str) -> String {
    let (head, tail) = word.split_at(word.len().min(1));
    head.to_ascii_uppercase() + tail
}

/// A heading of three words over a paragraph.
fn heading(n: u32, place: u32, word: &str, last: bool) -> String {
    match place {
        0 => format!("{}## {}", gap(n), capital(word)),
        1 | 2 => format!(" {word}"),
        3 => format!("\n\n{}", capital(word)),
        _ => sentence(place, word, last),
    }
}

fn paragraph(n: u32, place: u32, word: &str, last: bool) -> String {
    if place == 0 { format!("{}{}", gap(n), capital(word)) } else { sentence(place, word, last) }
}

/// A word in a sentence of ten.
fn sentence(place: u32, word: &str, last: bool) -> String {
    let full_stop = last || place % 10 == 9;
    match place % 10 {
        0 => format!(" {}", capital(word)),
        5 if !last => format!(" **{word}**,"),
        _ if full_stop => format!(" {word}."),
        _ => format!(" {word}"),
    }
}

/// A word in a block made of lines of `length` words.
#[expect(clippy::too_many_arguments, reason = "three kinds of block differ in just these")]
fn line(
    place: u32,
    length: u32,
    word: &str,
    last: bool,
    n: u32,
    mark: &str,
    open: &str,
    close: &str,
) -> String {
    let before = match (place, place % length) {
        (0, _) => format!("{}{open}{mark}", gap(n)),
        (_, 0) => format!("\n{mark}"),
        _ => " ".to_owned(),
    };
    let after = if last { close.trim_end() } else { "" };
    let end = if after.is_empty() { "" } else { close };
    format!("{before}{word}{end}")
}
