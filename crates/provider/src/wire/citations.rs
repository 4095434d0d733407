//! The sources that an answer names, in the shapes in which services tell them.

use serde_json::Value;

use super::repair::Halves;
use crate::Citation;

/// The longest address and the longest title, in bytes.
const LONGEST_URL: usize = 4096;
const LONGEST_TITLE: usize = 1024;

/// Where lists of sources stand. The quick reader (`fast`) leaves every chunk to the tolerant one
/// that has one of these or of the holders.
const LISTS: [&str; 8] = [
    "citations",
    "annotations",
    "search_results",
    "sources",
    "references",
    "web_search",
    "url_citations",
    "executed_tools",
];
/// What else holds lists.
const HOLDERS: [&str; 6] = [
    "context",
    "search_info",
    "groundingMetadata",
    "grounding_metadata",
    "search_results",
    "web_search",
];
/// Further lists, in a holder only.
const INNER_LISTS: [&str; 4] = ["results", "documents", "groundingChunks", "grounding_chunks"];
/// What a source itself stands in.
const WRAPPERS: [&str; 6] =
    ["url_citation", "web", "source", "document", "retrievedContext", "metadata"];

/// The sources in any of these, each address with the first title that any of them gives it.
pub(super) fn read<'a>(values: impl IntoIterator<Item = &'a Value>) -> Vec<Citation> {
    let mut found = Vec::new();
    for value in values {
        lists(value, 0, &mut found);
    }
    let titles: Vec<(String, String)> = found
        .iter()
        .filter_map(|one: &Citation| Some((one.url.clone(), one.title.clone()?)))
        .collect();
    for citation in &mut found {
        if citation.title.is_none() {
            let title = titles.iter().find(|(url, _)| *url == citation.url);
            citation.title = title.map(|(_, title)| title.clone());
        }
    }
    found
}

/// Looks for lists of sources in an object, and in what may hold one.
fn lists(value: &Value, depth: u8, found: &mut Vec<Citation>) {
    if !value.is_object() || depth > 3 {
        return;
    }
    let inner = INNER_LISTS.into_iter().filter(|_| depth > 0);
    for name in LISTS.into_iter().chain(inner) {
        let items = value.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (number, item) in (1..).zip(items) {
            match source(item) {
                // One that comes alone may be the next of those that came before.
                Some(citation) => {
                    let number = Some(number).filter(|_| items.len() > 1);
                    found.push(Citation { number, ..citation });
                }
                // Groq tells what each tool found.
                None => lists(item, depth + 1, found),
            }
        }
    }
    for name in HOLDERS {
        if let Some(holder) = value.get(name) {
            lists(holder, depth + 1, found);
        }
    }
}

fn source(item: &Value) -> Option<Citation> {
    if let Value::String(url) = item {
        return citation(url, None, None);
    }
    let inner = WRAPPERS.into_iter().filter_map(|name| item.get(name)).filter(|v| v.is_object());
    let places: Vec<&Value> = std::iter::once(item).chain(inner).collect();
    let text = |names: &[&str]| {
        places.iter().find_map(|place| names.iter().find_map(|name| place.get(name)?.as_str()))
    };
    let number = |names: &[&str]| {
        let find = |place: &&Value| names.iter().find_map(|name| place.get(name)?.as_u64());
        places.iter().find_map(find).and_then(|n| u32::try_from(n).ok())
    };
    let range = number(&["start_index", "startIndex", "start"])
        .zip(number(&["end_index", "endIndex", "end"]))
        .filter(|(from, to)| from < to);
    let url = text(&["url", "uri", "link", "href", "source_url"])
        .or_else(|| places.iter().find_map(|place| place.get("source")?.as_str()))?;
    citation(url, text(&["title", "name"]), range)
}

/// A source with an address on the web; others lead nowhere.
fn citation(url: &str, title: Option<&str>, range: Option<(u32, u32)>) -> Option<Citation> {
    let url = url.trim();
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_web = matches!(scheme.as_deref(), Some("http" | "https"));
    if !is_web
        || url.len() > LONGEST_URL
        || url.chars().any(|c| c.is_control() || c.is_whitespace())
    {
        return None;
    }
    let title = title.map(|title| {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let end = title.floor_char_boundary(LONGEST_TITLE);
        Halves::whole(title.get(..end).unwrap_or_default().replace(char::is_control, ""))
    });
    Some(Citation {
        url: Halves::whole(url.to_owned()),
        title: title.filter(|t| !t.is_empty()),
        range,
        number: None,
    })
}
