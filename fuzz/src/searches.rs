//! What people look for.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use schemas::search::SearchKind;
use search::{Query, Term};

use crate::world::{block_on, world};

/// Messages that are there to be found.
const MESSAGES: [&str; 8] = [
    "The sky is blue because blue light is scattered more than red.",
    "Über die Straße nach İstanbul, wo der Wind NICHT weht; getUserName() und snake_case_name.",
    "今日は日本語を学ぶ。カラオケに行く ｶﾗｵｹ ㍿",
    "나는 한국어를 배운다 ฉันเรียนภาษาไทย שָׁלוֹם Σοφός ΣΟΦΟΣ ёж",
    "C++ && C# || 100% -- 'quoted' \"twice\" * ^ NEAR AND OR NOT (a OR b) :-) 😀👍🏽 ½",
    "e-mail: ada@example.org, https://example.org/?q=a%20b&x=1 10.0.0.1 2026-01-02T03:04:05Z",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

static STORED: LazyLock<()> = LazyLock::new(store);

/// A query, and behind a line feed a text to look in.
///
/// What a query finds in a text the index proposes, the places are ones of the text, and a search
/// in the database finds exactly the messages that the query finds.
pub(crate) fn query(input: &[u8]) {
    let Ok(input) = std::str::from_utf8(input) else { return };
    let (q, text) = input.split_once('\n').unwrap_or((input, ""));
    let kept: BTreeSet<String> = search::terms(text).into_iter().collect();
    assert!(kept.iter().all(|term| is_plain(term)), "{kept:?}");
    let Ok(query) = Query::parse(q) else { return };
    let terms = query.terms();
    for term in &terms {
        let (Term::Whole(text) | Term::Beginning(text)) = term;
        assert!(is_plain(text), "{text:?}");
    }
    if let Some(found) = query.find(text) {
        for term in &terms {
            let is_kept = match term {
                Term::Whole(term) => kept.contains(term),
                Term::Beginning(term) => kept.iter().any(|kept| kept.starts_with(term)),
            };
            assert!(is_kept, "{term:?} of {q:?} is not among {kept:?}, though it finds {text:?}");
        }
        let mut end = 0;
        for place in &found.places {
            assert!(place.start >= end && place.start < place.end, "{:?}", found.places);
            assert!(text.get(place.clone()).is_some(), "{place:?} of {text:?}");
            end = place.end;
        }
        assert!(found.places.is_empty() || found.best < found.places.len());
        for segments in [search::snippet(text, &found), search::marked(text, &found)] {
            let whole: String = segments.iter().map(|segment| segment.text.as_str()).collect();
            assert!(!whole.contains(char::is_control) && !whole.contains("  "), "{whole:?}");
            assert!(segments.iter().all(|segment| !segment.text.is_empty()));
        }
        assert!(search::snippet(text, &found).iter().any(|segment| segment.is_match));
    }
    in_the_database(q, &query);
}

/// Letters and digits, which have no meaning of their own to an index.
fn is_plain(term: &str) -> bool {
    !term.is_empty() && term.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn in_the_database(q: &str, query: &Query) {
    LazyLock::force(&STORED);
    let world = world();
    let page = block_on(world.services.searches.search(&world.actor, q, 100, None));
    let page = page.unwrap_or_else(|error| panic!("{q:?}: {error}"));
    let found = page.data.iter().filter(|result| result.kind == SearchKind::Message).count();
    let expected = MESSAGES.iter().filter(|text| query.find(text).is_some()).count();
    assert_eq!(found, expected, "{q:?}");
    for result in &page.data {
        let units = result.snippet.encode_utf16().count();
        assert!(result.highlights.iter().all(|mark| mark.start < mark.end && mark.end <= units));
    }
}

/// Stores the messages as a conversation of Claude.
fn store() {
    let messages = MESSAGES.iter().enumerate().map(|(number, text)| {
        serde_json::json!({ "uuid": format!("m{number}"), "sender": "human", "text": text })
    });
    let messages: Vec<_> = messages.collect();
    let file =
        serde_json::json!([{ "uuid": "c", "name": "To be found", "chat_messages": messages }]);
    let lines = crate::imports::import(file.to_string().as_bytes());
    assert_eq!(lines.len(), 2, "{lines:?}");
}
